/** Whether we live, and whether we could serve now. Open to everyone; tells nothing about anyone. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { Exchange } from '../exchange/exchange.ts'
import { pythonJson } from './compat/python-json.ts'

/**
 * `healthz` answers whatever else is in trouble, and to the last; `readyz` asks the database and the content store, and
 * says no from the moment on when the server is told to stop.
 */
export function registerHealth(app: FastifyInstance, options: { exchange: Exchange; prefix: string }): void {
  const { exchange, prefix } = options
  const open = { config: { access: 'anyone' } } as const
  const readiness = new Readiness(exchange)
  for (const base of new Set(['/', prefix])) {
    app.get(`${base}healthz`, open, (_request, reply) =>
      reply.type('application/json').send(pythonJson({ success: true })),
    )
    app.get(`${base}readyz`, open, async (request, reply) => {
      if (app.stopping.hasBegun) {
        return reply
          .code(503)
          .type('application/json')
          .send(pythonJson({ success: false, stopping: true }))
      }
      const troubles = await readiness.look()
      const [database, content] = troubles.map(trouble => (trouble === null ? 'ok' : 'failed'))
      for (const err of troubles) if (err !== null) request.log.error({ err }, 'not ready')
      const success = troubles.every(trouble => trouble === null)
      return reply
        .code(success ? 200 : 503)
        .type('application/json')
        .send(pythonJson({ success, database, content }))
    })
  }
}

/** What is in trouble: of the database, and of the content store; null where nothing is. */
type Troubles = readonly [unknown, unknown]

/** Who asks waits so long for a new look; then the last one counts, if it is not older than that. */
const patienceMs = 500
const lastWordMs = 15_000

/**
 * Each look writes a row and a file, and everybody may ask: however many ask at once, there is one look. On a busy day
 * it waits behind other work, which is no trouble: who asks is told at once what the last one said.
 */
class Readiness {
  readonly #exchange: Exchange
  #looking: Promise<Troubles> | null = null
  #last: { readonly troubles: Troubles; readonly at: number } | null = null

  constructor(exchange: Exchange) {
    this.#exchange = exchange
  }

  async look(): Promise<Troubles> {
    this.#looking ??= this.#newLook()
    const patience = new AbortController()
    try {
      return await Promise.race([this.#looking, this.#lastWord(patience.signal)])
    } finally {
      patience.abort()
    }
  }

  async #newLook(): Promise<Troubles> {
    const { db, content } = this.#exchange
    const troubles = await Promise.all([troubleIn(db.check()), troubleIn(content.check())])
    this.#last = { troubles, at: performance.now() }
    this.#looking = null
    return troubles
  }

  /** Never, where there is none that counts. */
  async #lastWord(signal: AbortSignal): Promise<Troubles> {
    const isOver = await sleep(patienceMs, false, { signal, ref: false }).catch(() => true)
    const last = this.#last
    if (!isOver && last !== null && performance.now() - last.at < lastWordMs) return last.troubles
    return new Promise(() => undefined)
  }
}

async function troubleIn(check: Promise<void>): Promise<unknown> {
  try {
    await check
    return null
  } catch (error) {
    return error
  }
}
