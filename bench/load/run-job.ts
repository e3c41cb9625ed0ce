// Sends the requests of one job and times them.

import { setTimeout as sleep } from 'node:timers/promises'
import { Connection } from './connection.ts'
import type { LoadJob, LoadResult } from './job.ts'
import { type PreparedRequest, prepareRequests } from './prepare.ts'

/** A request still open so long after the job's time is given up as an error. */
const PATIENCE_MS = 60_000
const SAMPLES = 5

export async function runJob(job: LoadJob, stop: AbortSignal): Promise<LoadResult> {
  const idle = prepareRequests(job)
  const { ports } = job.target
  const connections = Array.from(
    { length: job.connections },
    (_, index) => new Connection(ports[index % ports.length] ?? 0),
  )
  const result: LoadResult = {
    completed: 0,
    seconds: 0,
    latenciesMs: [],
    errors: 0,
    errorSamples: [],
    loadBusy: 0,
    answers: [],
  }
  let begun = 0
  const startedAt = performance.now()
  const cpuBefore = process.cpuUsage()
  const endsAt = startedAt + job.limit.seconds * 1000

  function beginNext(): number | null {
    const isOver = begun >= job.limit.requests || performance.now() >= endsAt || stop.aborted
    return isOver ? null : begun++
  }

  /** The moment from which the request's latency counts: when it was due, though the server kept every connection busy. */
  async function waitUntilDue(index: number): Promise<number> {
    const now = performance.now()
    if (job.everyMs === undefined) return now
    const dueAt = startedAt + index * job.everyMs
    if (dueAt <= now) return dueAt
    await sleep(dueAt - now)
    return performance.now()
  }

  async function send(request: PreparedRequest, connection: Connection, index: number): Promise<void> {
    if (job.firstStamp !== undefined) request.stamp(job.firstStamp + index)
    if (job.keepAnswers) result.answers[index] = null
    const from = await waitUntilDue(index)
    try {
      const answer = await connection.exchange(request.head, request.body)
      result.latenciesMs.push(performance.now() - from)
      const fault = request.findFault(answer)
      if (fault) throw new Error(fault)
      result.completed++
      if (job.keepAnswers) result.answers[index] = answer.body.toString('utf8')
    } catch (error) {
      result.errors++
      if (result.errorSamples.length < SAMPLES) result.errorSamples.push(String(error))
      // A server that refuses connections would else be asked as fast as this loop turns.
      await sleep(10)
    }
  }

  async function work(connection: Connection): Promise<void> {
    for (let index = beginNext(); index !== null; index = beginNext()) {
      // A body is stamped in place, so a request serves one connection at a time.
      const request = idle.shift()
      if (!request) throw new Error('a job needs at least as many requests as connections')
      await send(request, connection, index)
      idle.push(request)
    }
  }

  const giveUp = setTimeout(() => closeAll(connections), job.limit.seconds * 1000 + PATIENCE_MS)
  await Promise.all(connections.map(work))
  clearTimeout(giveUp)
  closeAll(connections)

  const elapsedMs = performance.now() - startedAt
  const cpu = process.cpuUsage(cpuBefore)
  result.seconds = elapsedMs / 1000
  result.loadBusy = (cpu.user + cpu.system) / 1000 / elapsedMs
  return result
}

function closeAll(connections: Connection[]): void {
  for (const connection of connections) connection.close()
}
