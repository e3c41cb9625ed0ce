// What happened and what was proved, for people and for programs.

import type { Circumstances } from '../report/circumstances.ts'
import { renderTable } from '../report/markdown.ts'
import type { LogTally } from '../report/server-log.ts'
import type { Chronicle, Seen } from './chronicle.ts'
import type { Plan } from './plan.ts'
import type { Check, Proof } from './proof.ts'
import type { TroublesSeen } from './troubles.ts'
import type { Mishap, Victim } from './victim.ts'

export type Report = Circumstances & {
  seed: string
  students: number
  seconds: { replay: number; proof: number }
  figures: { [what: string]: string }
  troubles: TroublesSeen
  mishaps: Mishap[]
  log: LogTally['said']
  answers: { asked: string; answer: string; times: number }[]
  checks: Check[]
  passed: number
  failed: number
  skipped: string[]
}

type Story = {
  circumstances: Circumstances
  plan: Plan
  chronicle: Chronicle
  victim: Victim
  log: LogTally
  troubles: TroublesSeen
  proof: Proof
  seconds: Report['seconds']
}

const SHOWN_FAULTS = 10
const SHOWN_MESSAGE = 120

export function makeReport({
  circumstances,
  plan,
  chronicle,
  victim,
  log,
  troubles,
  proof,
  seconds,
}: Story): Report {
  const { checks } = proof
  const failed = checks.filter(({ faults }) => faults.length > 0).length
  const skipped = checks.flatMap(check =>
    check.skipped === undefined ? [] : [`${check.claim}: ${check.skipped}`],
  )
  const outcomes = chronicle.attempts.map(({ outcome }) => outcome.kind)
  const times = (kind: string) => String(outcomes.filter(outcome => outcome === kind).length)
  const starts = victim.startsMs.toSorted((one, other) => one - other)
  return {
    ...circumstances,
    seed: plan.seed,
    students: plan.students.length,
    seconds,
    figures: {
      'submissions planned': String(plan.submissions),
      'times somebody pressed the button': String(chronicle.attempts.length),
      'told "submitted"': times('acknowledged'),
      'told "nothing was stored", or reached nobody': times('denied'),
      'the connection broke, or told "not confirmed"': times('open'),
      'stored in the end': `${proof.stored}, ${proof.unacknowledgedStored} of them unconfirmed`,
      'killed with SIGKILL': `${victim.kills}, ${victim.killsWhileStarting} of them while it started`,
      'from start to listening': `median ${ms(starts[starts.length >> 1])}, longest ${ms(starts.at(-1))}`,
      'starts refused on a full disk': String(victim.mishaps.length),
      'disk full': troubles.fills
        .map(({ seconds: s, refused }) => `${s.toFixed(1)} s (${refused} told)`)
        .join(', '),
      'hub stalled': troubles.stalls
        .map(({ stall, seconds: s, refused }) => `${stall} ${s.toFixed(1)} s (${refused} told)`)
        .join(', '),
      'the replay, and the proof': `${seconds.replay.toFixed(0)} s, ${seconds.proof.toFixed(0)} s`,
    },
    troubles,
    mishaps: victim.mishaps,
    log: log.said,
    answers: tally(chronicle.seen),
    checks,
    passed: checks.filter(({ faults, skipped: reason }) => faults.length === 0 && reason === undefined)
      .length,
    failed,
    skipped,
  }
}

export function renderChaosReport(report: Report): string {
  const { commit, date, node, processor, cores, loadBefore, quick, seed, students } = report
  const parts = [
    `# Chaos at the deadline of ${commit}`,
    `${date}, Node ${node}, ${cores} × ${processor}, load before the run ${loadBefore.toFixed(2)}, seed ${seed}`,
    `${students} students submit one to three times each while everything goes wrong.`,
    ...(quick ? ['A quick run: it shows that the harness works, and a little about the server.'] : []),
    renderTable(['what', ''], Object.entries(report.figures)),
    renderTable(
      ['asked', 'answered', 'times'],
      report.answers.map(({ asked, answer, times }) => [asked, answer, String(times)]),
    ),
    renderTable(
      ['in the log', '', 'times'],
      report.log.map(({ level, message, times }) => [level, message.slice(0, SHOWN_MESSAGE), String(times)]),
    ),
    renderTable(
      ['claim', 'looked at', 'holds'],
      report.checks.map(check => [check.claim, check.looked, verdictOf(check)]),
    ),
    ...faultsIn(report.checks),
    ...report.skipped.map(text => `SKIPPED: ${text}`),
    summaryLine(report),
  ]
  return `${parts.join('\n\n')}\n`
}

export function summaryLine({ passed, failed, skipped }: Report): string {
  const rest = skipped.length === 0 ? '' : `, ${skipped.length} skipped`
  return `${passed} passed, ${failed} failed${rest}`
}

function verdictOf({ faults, skipped }: Check): string {
  if (faults.length > 0) return `NO (${faults.length})`
  return skipped === undefined ? 'yes' : 'SKIPPED'
}

function faultsIn(checks: readonly Check[]): string[] {
  return checks.flatMap(({ claim, faults }) => {
    if (faults.length === 0) return []
    const shown = faults.slice(0, SHOWN_FAULTS).map(fault => `- ${fault.replaceAll('\n', '\n  ')}`)
    const more = faults.length > SHOWN_FAULTS ? [`- and ${faults.length - SHOWN_FAULTS} more`] : []
    return [[`Not true: ${claim}`, '', ...shown, ...more].join('\n')]
  })
}

/** What was asked without names, and what came, without moments. */
function tally(seen: readonly Seen[]): Report['answers'] {
  const counts = new Map<string, { asked: string; answer: string; times: number }>()
  for (const { what, status, text } of seen) {
    const asked = what.split('/')[0] ?? what
    const answer = status === 200 ? '200' : status === null ? `no answer: ${text}` : `${status} ${text}`
    const entry = counts.get(`${asked} ${answer}`) ?? { asked, answer, times: 0 }
    counts.set(`${asked} ${answer}`, { ...entry, times: entry.times + 1 })
  }
  return [...counts.values()].sort(
    (one, other) => one.asked.localeCompare(other.asked) || other.times - one.times,
  )
}

function ms(value: number | undefined): string {
  return value === undefined ? '' : `${value.toFixed(0)} ms`
}
