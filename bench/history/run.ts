// Whether requests take longer the more is stored: the same ones over a small past and over a large one. See ../README.md.

import { rmSync } from 'node:fs'
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { LoadProcess } from '../load/load-process.ts'
import { readPeakMemoryMb } from '../peers/memory.ts'
import type { ServerProcess } from '../peers/server-process.ts'
import { describeCircumstances } from '../report/circumstances.ts'
import { submissionsPerCourse } from './past.ts'
import { type KindFigures, renderReport, type Started } from './report.ts'
import { kindsFor } from './requests.ts'
import { ENGINES, fill, openGround, serve } from './stored.ts'

const RESULTS = new URL('../results/', import.meta.url)
const SMALL = 1000
const ROUNDS = 5

const { values: options } = parseArgs({
  options: {
    stored: { type: 'string', default: '1000000' },
    database: { type: 'string', default: 'sqlite' },
    quick: { type: 'boolean', default: false },
    folder: { type: 'string', default: tmpdir() },
  },
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

const engine = ENGINES.find(name => name === options.database)
if (engine === undefined)
  throw new Error(`--database ${options.database}: expected one of ${ENGINES.join(', ')}`)
const large = options.quick ? 20 * SMALL : Number(options.stored)
if (!(large > 0 && large % submissionsPerCourse === 0))
  throw new Error(`--stored ${options.stored}: expected a multiple of ${submissionsPerCourse}`)

const circumstances = describeCircumstances({ quick: options.quick })
const folder = await mkdtemp(join(options.folder, 'ngshare-history-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
const ground = await openGround(engine, folder)
const load = new LoadProcess()
const servers: ServerProcess[] = []
try {
  // The second small one shows how much two servers of the same past differ.
  const pasts = [
    { name: 'small', submissions: SMALL },
    { name: 'again', submissions: SMALL },
    { name: 'large', submissions: large },
  ]
  const started: Started[] = []
  for (const { name, submissions } of pasts) {
    const filledFrom = performance.now()
    await fill(ground, name, submissions)
    tell(`${submissions} submissions written in ${((performance.now() - filledFrom) / 1000).toFixed(0)} s`)
    const server = await serve(ground, name, folder)
    const startMs: number[] = []
    for (let times = 0; times < 3; times++) {
      if (times > 0) await server.stop()
      const startedAt = performance.now()
      await server.start()
      startMs.push(performance.now() - startedAt)
    }
    servers.push(server)
    started.push({ name, submissions, startMs: Math.min(...startMs), peakMb: null })
  }
  const kinds = await timeAll(pasts.map(({ submissions }) => submissions / submissionsPerCourse))
  for (const [i, server] of servers.entries()) {
    const one = started[i]
    if (one !== undefined) one.peakMb = await readPeakMemoryMb(server.pid)
  }
  const report = renderReport({ circumstances, engine, started, kinds })
  console.log(report)
  await mkdir(RESULTS, { recursive: true })
  const suffix = `${engine === 'sqlite' ? '' : `-${engine}`}${options.quick ? '-quick' : ''}`
  await writeFile(new URL(`${circumstances.commit}-history${suffix}.md`, RESULTS), report)
  if (kinds.some(({ errors }) => errors.length > 0)) process.exitCode = 1
} finally {
  await load.close()
  for (const server of servers) await server.stop()
  await ground.close()
}

/** In short turns, one server after the other: what else the machine does hits all of them alike. */
async function timeAll(courses: readonly number[]): Promise<KindFigures[]> {
  const plans = courses.map(kindsFor)
  const figures: KindFigures[] = []
  let stamp = 1
  for (const [index, { title }] of (plans[0] ?? []).entries()) {
    const kind: KindFigures = { title, latenciesMs: plans.map(() => []), errors: [] }
    for (let round = 0; round <= ROUNDS; round++) {
      for (const [i, server] of servers.entries()) {
        const requests = plans[i]?.[index]?.requests ?? []
        const limit = { requests: requests.length, seconds: 1 }
        const result = await load.run({
          target: { ports: [server.port], identity: 'argument' },
          ...{ requests, connections: 1, limit, firstStamp: stamp },
        })
        stamp += requests.length
        kind.errors.push(...result.errorSamples)
        // The first time everybody is new to the server.
        if (round > 0) kind.latenciesMs[i]?.push(...result.latenciesMs)
      }
    }
    figures.push(kind)
    tell(title)
  }
  return figures
}

function tell(text: string): void {
  process.stderr.write(`${text}\n`)
}
