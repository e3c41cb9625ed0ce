// A class on the day of the deadline, and the proof that everybody was told the truth. See ../README.md.

import { randomInt } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'
import { SETTING_OPTIONS, settingIn, settingSuffix, wholeNumber } from '../options.ts'
import { describeCircumstances } from '../report/circumstances.ts'
import { tallyLogs } from '../report/server-log.ts'
import { judge } from './claims.ts'
import { liveThroughDeadline } from './crowd.ts'
import type { Plan } from './plan.ts'
import { Pool } from './pool.ts'
import { prove } from './proof.ts'
import { makeReport, type Report, renderDeadlineReport, summaryLine } from './report.ts'
import { mustHaveRoom, openCourses, openScene, plannedBytes, type Scene } from './scene.ts'
import { watch } from './watch.ts'

const RESULTS = new URL('../results/', import.meta.url)
const QUICK = { students: 150, minutes: 0.25 }

const { values: given } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    students: { type: 'string' },
    minutes: { type: 'string' },
    ...SETTING_OPTIONS,
    database: { type: 'string' },
    storage: { type: 'string' },
    crowds: { type: 'string' },
    seed: { type: 'string', default: String(randomInt(1e9)) },
    folder: { type: 'string', default: tmpdir() },
  },
})
const { quick, seed } = given
const plan: Plan = {
  seed,
  students: wholeNumber('--students', given.students, quick ? QUICK.students : 1000),
  minutes: minutesIn(given.minutes, quick ? QUICK.minutes : 10),
}
const setting = settingIn(given)
const crowds = wholeNumber('--crowds', given.crowds, 1)

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

const circumstances = describeCircumstances({ quick })
console.error(`seed ${seed}`)
await mustHaveRoom(plan, given.folder)
const own = { database: given.database, storage: given.storage }
const scene = await openScene({ ...setting, own }, given.folder)
let report: Report | null = null
try {
  report = await replay(scene)
  await writeReport(report)
} finally {
  const keep = report === null || report.failed > 0
  if (keep) console.error(`What was stored and the log are in ${scene.folder}`)
  await scene.close({ keep })
}
process.exitCode = report.failed > 0 ? 1 : 0

async function replay({ folder, ours }: Scene): Promise<Report> {
  const pool = new Pool(seed)
  await openCourses({ folder, ours, close: scene.close }, plan, pool)
  const watching = await watch({
    ports: ours.target.ports,
    groups: [
      { name: 'ngshare', pids: ours.servers.map(({ pid }) => pid) },
      ...(ours.hub === null ? [] : [{ name: 'hub', pids: [ours.hub.pid] }]),
      ...ours.place.processes.map(({ name, pid }) => ({ name, pids: [pid] })),
    ],
  })
  const startedAt = performance.now()
  const stories = await liveThroughDeadline(
    { plan, ports: ours.target.ports, processes: crowds },
    ({ submitted, waiting }) => {
      const end = process.stderr.isTTY ? '\r' : '\n'
      process.stderr.write(`${submitted} wishes fulfilled, ${waiting} people wait for an answer${end}`)
    },
  )
  const replayedAt = performance.now()
  const watched = await watching.stop()
  console.error('\nnow the proof …')
  const told = stories.flatMap(story => story.told)
  const proof = await prove({ plan, pool, told, ports: ours.target.ports })
  const exits = await ours.stopServers()
  const verified = [await ours.command(['verify']), await ours.command(['audit', 'verify'])]
  const provedAt = performance.now()
  const log = tallyLogs(ours.logFiles)
  const seconds = { replay: (replayedAt - startedAt) / 1000, proof: (provedAt - replayedAt) / 1000 }
  const happened = { plan, stories, watched, proof, exits, verified, log }
  return makeReport({
    ...{ circumstances, happened, seconds, checks: judge(happened) },
    played: {
      ...{ ...setting, crowds },
      place: ours.place.described,
      plannedBytes: plannedBytes(plan),
    },
  })
}

async function writeReport(report: Report): Promise<void> {
  const text = renderDeadlineReport(report)
  console.log(`\n${text}`)
  await mkdir(RESULTS, { recursive: true })
  const size = quick ? '-quick' : `-${plan.students}`
  const name = `${report.commit}-deadline${size}${settingSuffix(setting)}`
  await writeFile(new URL(`${name}.md`, RESULTS), text)
  await writeFile(new URL(`${name}.json`, RESULTS), `${JSON.stringify(report, null, 2)}\n`)
  console.error(summaryLine(report))
}

function minutesIn(text: string | undefined, fallback: number): number {
  const minutes = text === undefined ? fallback : Number(text)
  if (!(minutes > 0 && minutes <= 60))
    throw new Error(`--minutes ${text}: expected a number above 0, up to 60`)
  return minutes
}
