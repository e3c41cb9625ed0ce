// Stands beside the server as an orchestrator does: asks whether it lives and is ready, and looks at what it uses.

import { readFileSync } from 'node:fs'
import { Pool } from 'undici'
import { processTree, useOf } from '../peers/process-tree.ts'

export type Watched = {
  ports: readonly number[]
  /** Groups of processes, by their first ones; what these start belongs to them. */
  groups: { name: string; pids: number[] }[]
}

export type Poll = { port: number; path: string; atMs: number; tookMs: number; fault: string | null }

export type UseSample = {
  atMs: number
  /** By group. `residentBytes`: of all its processes; `largestBytes`: of one. `cores`: busy since the last sample. */
  groups: {
    [name: string]: { residentBytes: number; largestBytes: number; cores: number; processes: number }
  }
}

/** `maxMs`: the longest that a request waited for the event loop since it was asked last; of whichever process answers. */
export type DelaySample = { port: number; atMs: number; maxMs: number; p99Ms: number }

/**
 * `turnedAway`: how often this machine dropped a connection because the queue of a listening socket was full; who was
 * dropped tries again after 1, 3, 7 … seconds. Null where the system does not tell.
 */
export type Watching = {
  polls: Poll[]
  uses: UseSample[]
  delays: DelaySample[]
  turnedAway: number | null
}

const POLL_MS = 500
const SAMPLE_MS = 500
const METRICS_MS = 2000
/** What orchestrators are patient for is one second; what is later is told, what is later than this counts as no answer. */
const TIMEOUT_MS = 10_000

const watching: Watching = { polls: [], uses: [], delays: [], turnedAway: null }
const overflowsBefore = listenOverflows()
const startedAt = performance.now()
const timers: NodeJS.Timeout[] = []
const underWay = new Set<Promise<unknown>>()

process.on('message', async (message: Watched | 'stop') => {
  if (message === 'stop') {
    for (const timer of timers) clearInterval(timer)
    await Promise.all(underWay)
    const overflows = listenOverflows()
    if (overflows !== null && overflowsBefore !== null) watching.turnedAway = overflows - overflowsBefore
    process.send?.(watching, () => process.disconnect())
    return
  }
  for (const port of message.ports) watchPort(port)
  watchUse(message.groups)
  process.send?.('ready')
})
process.on('disconnect', () => process.exit())

function watchPort(port: number): void {
  // A connection for each question: one that is kept would go to one worker only.
  const pool = new Pool(`http://127.0.0.1:${port}`, {
    pipelining: 0,
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
  })
  const ask = async (path: string) => {
    const { statusCode, body } = await pool.request({ path, method: 'GET', reset: true })
    return { status: statusCode, text: await body.text() }
  }
  for (const path of ['/healthz', '/readyz']) every(POLL_MS, () => poll(port, path, ask))
  every(METRICS_MS, async () => {
    const atMs = performance.now() - startedAt
    const { text } = await ask('/metrics').catch(() => ({ text: '' })) // the polls tell of trouble
    const seconds = (name: string) =>
      Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN)
    const maxMs = seconds('nodejs_eventloop_lag_max_seconds') * 1000
    const p99Ms = seconds('nodejs_eventloop_lag_p99_seconds') * 1000
    if (Number.isFinite(maxMs)) watching.delays.push({ port, atMs, maxMs, p99Ms })
  })
}

async function poll(
  port: number,
  path: string,
  ask: (path: string) => Promise<{ status: number; text: string }>,
): Promise<void> {
  const askedAt = performance.now()
  let fault: string | null = null
  try {
    const { status, text } = await ask(path)
    if (status !== 200 || !text.includes('"success": true')) fault = `${status} ${text}`
  } catch (error) {
    fault = String(error)
  }
  const tookMs = performance.now() - askedAt
  watching.polls.push({ port, path, atMs: askedAt - startedAt, tookMs, fault })
}

function watchUse(groups: Watched['groups']): void {
  const cpuBefore = new Map<number, number>()
  let before = performance.now()
  every(SAMPLE_MS, async () => {
    const now = performance.now()
    const seconds = (now - before) / 1000
    before = now
    const sample: UseSample = { atMs: now - startedAt, groups: {} }
    for (const { name, pids } of groups) {
      const all = pids.flatMap(processTree).flatMap(pid => {
        const use = useOf(pid)
        if (use === null) return []
        const spent = use.cpuSeconds - (cpuBefore.get(pid) ?? use.cpuSeconds)
        cpuBefore.set(pid, use.cpuSeconds)
        return [{ resident: use.residentBytes, spent }]
      })
      sample.groups[name] = {
        residentBytes: all.reduce((sum, { resident }) => sum + resident, 0),
        largestBytes: Math.max(0, ...all.map(({ resident }) => resident)),
        cores: all.reduce((sum, { spent }) => sum + spent, 0) / seconds,
        processes: all.length,
      }
    }
    watching.uses.push(sample)
  })
}

/** At that interval, however long it takes. */
function every(ms: number, act: () => Promise<void>): void {
  const timer = setInterval(() => {
    const acting = act()
    underWay.add(acting)
    acting.finally(() => underWay.delete(acting))
  }, ms)
  timers.push(timer)
}

/** Of the whole machine, since it was started: netstat(8), `ListenOverflows`. */
function listenOverflows(): number | null {
  try {
    const [names, values] = readFileSync('/proc/net/netstat', 'utf8')
      .split('\n')
      .filter(line => line.startsWith('TcpExt:'))
      .map(line => line.split(' '))
    return Number(values?.[names?.indexOf('ListenOverflows') ?? -1] ?? Number.NaN)
  } catch {
    return null // no Linux
  }
}
