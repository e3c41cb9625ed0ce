/** The metrics of all workers as one: whichever of them is asked. The process that watches them adds them up. */
import cluster, { type Worker } from 'node:cluster'
import { AggregatorRegistry, type Registry } from 'prom-client'

interface Question {
  readonly kind: 'metrics?'
  readonly id: number
}

interface Reply {
  readonly kind: 'metrics!'
  readonly id: number
  /** Null: a worker did not say its part in time. */
  readonly text: string | null
}

/** In the process that watches: answers what `metricsOfAll` asks, for as long as there are workers. */
export function addUpMetrics(): void {
  const registry = new AggregatorRegistry()
  cluster.on('message', async (worker: Worker, message: Question | undefined) => {
    if (message?.kind !== 'metrics?') return
    const text = await registry.clusterMetrics().catch(() => null)
    const reply: Reply = { kind: 'metrics!', id: message.id, text }
    if (worker.isConnected()) worker.send(reply)
  })
}

/** In a worker: gives its own part when asked, and asks for the whole. */
export function metricsOfAll(own: Registry): () => Promise<string> {
  AggregatorRegistry.setRegistries([own])
  new AggregatorRegistry()
  const waiting = new Map<number, (text: string | null) => void>()
  let lastId = 0
  process.on('message', (message: Reply | undefined) => {
    if (message?.kind !== 'metrics!') return
    waiting.get(message.id)?.(message.text)
    waiting.delete(message.id)
  })
  return async () => {
    const id = ++lastId
    const text = await new Promise<string | null>(resolve => {
      waiting.set(id, resolve)
      process.send?.({ kind: 'metrics?', id } satisfies Question)
    })
    if (text === null) throw new Error('a worker did not tell its metrics in time')
    return text
  }
}
