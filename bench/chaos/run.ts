// A deadline while everything goes wrong, and the proof that nothing was lost. See ../README.md.

import { randomInt } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { wholeNumber } from '../options.ts'
import { describeCircumstances } from '../report/circumstances.ts'
import { tallyLog } from '../report/server-log.ts'
import { Chronicle } from './chronicle.ts'
import { liveThroughDeadline } from './people.ts'
import { makePlan, type Plan } from './plan.ts'
import { prove } from './proof.ts'
import { makeReport, type Report, renderChaosReport, summaryLine } from './report.ts'
import { openCourse, openScene, type Scene } from './scene.ts'
import { makeTrouble } from './troubles.ts'

const RESULTS = new URL('../results/', import.meta.url)
const MOST_MINUTES = { whole: 20, quick: 2 }

const { values: given } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    students: { type: 'string' },
    kills: { type: 'string' },
    seed: { type: 'string', default: String(randomInt(1e9)) },
  },
})
const { quick, seed } = given
const students = wholeNumber('--students', given.students, quick ? 100 : 1000)
const kills = wholeNumber('--kills', given.kills, quick ? 5 : 50)
const isPartial = given.students !== undefined || given.kills !== undefined

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

const circumstances = describeCircumstances({ quick })
console.error(`seed ${seed}`)
const scene = await openScene({ diskMegabytes: 60 + Math.ceil(0.5 * students) })
let report: Report | null = null
try {
  const plan = makePlan({ seed, students, kills, stalls: quick ? 3 : 8, fillsDisk: scene.disk !== null })
  report = await replay(scene, plan)
  await writeReport(report)
} finally {
  const keep = report === null || report.failed > 0
  if (keep) console.error(`What was stored, the log and every answer are in ${scene.folder}`)
  await scene.close({ keep })
}
// 2: nothing was wrong, but not everything could be tried.
process.exitCode = report.failed > 0 ? 1 : scene.disk === null ? 2 : 0

async function replay(scene: Scene, plan: Plan): Promise<Report> {
  const { victim } = scene
  const chronicle = new Chronicle()
  await victim.start()
  await openCourse(scene, plan.students)
  const startedAt = performance.now()
  const signal = AbortSignal.timeout(60_000 * (quick ? MOST_MINUTES.quick : MOST_MINUTES.whole))
  signal.addEventListener('abort', () => chronicle.end())
  const progress = setInterval(() => tellProgress(chronicle, scene, plan), 2000)
  const trouble = makeTrouble({ plan, chronicle, scene, signal })
  const [troubles] = await Promise.all([
    trouble,
    liveThroughDeadline({ plan, chronicle, port: victim.port, signal }, trouble),
  ])
  clearInterval(progress)
  const replayedAt = performance.now()
  console.error('\nnow the proof …')
  await writeAnswers(scene, chronicle)
  await victim.untilWell()
  const proof = await prove({ plan, chronicle, scene, troubles, isTimeUp: signal.aborted })
  const seconds = { replay: (replayedAt - startedAt) / 1000, proof: (performance.now() - replayedAt) / 1000 }
  return makeReport({
    circumstances,
    plan,
    chronicle,
    victim,
    log: tallyLog(scene.logFile),
    troubles,
    proof,
    seconds,
  })
}

function tellProgress(chronicle: Chronicle, { victim }: Scene, plan: Plan): void {
  const end = process.stderr.isTTY ? '\r' : '\n'
  process.stderr.write(
    `${chronicle.acknowledged} of ${plan.submissions} submitted, killed ${victim.kills} times${end}`,
  )
}

/** One a line, as they came. */
function writeAnswers({ folder }: Scene, chronicle: Chronicle): Promise<void> {
  return writeFile(
    join(folder, 'answers.jsonl'),
    chronicle.seen.map(seen => `${JSON.stringify(seen)}\n`).join(''),
  )
}

async function writeReport(report: Report): Promise<void> {
  const text = renderChaosReport(report)
  console.log(`\n${text}`)
  await mkdir(RESULTS, { recursive: true })
  // A shortened run must not replace the file of a whole one.
  const extent = (quick ? '-quick' : '') + (isPartial ? '-partial' : '')
  const name = `${report.commit}-chaos${extent}`
  await writeFile(new URL(`${name}.md`, RESULTS), text)
  await writeFile(new URL(`${name}.json`, RESULTS), `${JSON.stringify(report, null, 2)}\n`)
  console.error(summaryLine(report))
}
