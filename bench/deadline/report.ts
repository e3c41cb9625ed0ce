// What happened and what was proved, for people and for programs.

import { describeProcesses, type Setting } from '../options.ts'
import type { Circumstances } from '../report/circumstances.ts'
import { quantile } from '../report/figures.ts'
import { renderTable } from '../report/markdown.ts'
import type { LogTally } from '../report/server-log.ts'
import type { Claim, Happened } from './claims.ts'
import { coursesOf, deadlineOf, type Plan, SIZES_IN_WORDS } from './plan.ts'
import type { Story, Wish } from './story.ts'
import { KINDS, mergeTallies, type Tally } from './tally.ts'
import type { Poll, Watching } from './watch-process.ts'

export type Played = Setting & {
  /** Processes that play the class. */
  crowds: number
  place: string
  plannedBytes: number
}

type Spread = { count: number; p50Ms: number; p95Ms: number; p99Ms: number; maxMs: number }
type Period = {
  fromS: number
  submitted: number
  submit: Spread
  refused: number
  waiting: number
  cores: number
  residentMb: number
  loopMs: number
}
type Use = {
  name: string
  processes: number
  residentMb: number
  largestMb: number
  cores: number
  mostCores: number
}

export type Report = Circumstances &
  Played & {
    plan: Plan
    seconds: { replay: number; proof: number }
    figures: { [what: string]: string }
    requests: { kind: string; spread: Spread; refused: number; unanswered: number }[]
    wishes: { who: string; spread: Spread; again: number }[]
    refusals: { kind: string; outcome: string; times: number }[]
    retries: { reason: string; times: number }[]
    periods: Period[]
    uses: Use[]
    polls: { path: string; spread: Spread; faults: number }[]
    log: LogTally['said']
    checks: Claim[]
    passed: number
    failed: number
  }

const PERIODS = 10
const SHOWN_FAULTS = 10
const SHOWN_MESSAGE = 120

export function makeReport(input: {
  circumstances: Circumstances
  played: Played
  happened: Happened
  checks: Claim[]
  seconds: Report['seconds']
}): Report {
  const { circumstances, played, happened, checks, seconds } = input
  const { plan, stories, watched, proof, log } = happened
  const tally = mergeTallies(stories.map(story => story.tally))
  const wishes = stories.flatMap(story => story.wishes)
  const told = stories.flatMap(story => story.told)
  const having = (kind: string) => String(told.filter(({ outcome }) => outcome.kind === kind).length)
  const crowdSeconds = sum(stories.map(story => story.cpuSeconds))
  const acknowledgedBytes = sum(
    told.map(({ outcome, sizeBytes }) => (outcome.kind === 'acknowledged' ? sizeBytes : 0)),
  )
  const failed = checks.filter(({ faults }) => faults.length > 0).length
  return {
    ...circumstances,
    ...played,
    ...{ plan, seconds, checks, failed, log: log.said },
    passed: checks.length - failed,
    figures: {
      'told "submitted"': `${having('acknowledged')}, ${(acknowledgedBytes / 1e9).toFixed(2)} GB`,
      'told "nothing was stored", or reached nobody': having('denied'),
      'the connection broke, or told "not confirmed"': having('open'),
      'stored in the end': `${proof.stored}, ${proof.storedUnconfirmed} of them unconfirmed`,
      'the last word "submitted", after the deadline': lastWord(wishes, plan),
      'people who waited for an answer at one moment': `at most ${Math.max(0, ...waitingOf(stories))}`,
      'connections dropped because the queue was full':
        watched.turnedAway === null ? 'unknown' : String(watched.turnedAway),
      'processor time of the class itself': `${crowdSeconds.toFixed(0)} s, ${(crowdSeconds / seconds.replay).toFixed(2)} cores`,
      'the class itself was late (p99.9)': `${Math.max(...stories.map(({ ownDelayMs }) => ownDelayMs)).toFixed(0)} ms`,
      'the replay, and the proof': `${seconds.replay.toFixed(0)} s, ${seconds.proof.toFixed(0)} s`,
    },
    requests: KINDS.map(kind => ({
      kind,
      spread: spreadOf(tally[kind].tookMs),
      refused: countWhere(tally, kind, outcome => /^(?!200)\d/.test(outcome)),
      unanswered: countWhere(tally, kind, outcome => outcome.startsWith('no answer')),
    })),
    wishes: groupsOf(wishes).map(([who, some]) => ({
      who,
      spread: spreadOf(some.filter(({ isDone }) => isDone).map(({ tookMs }) => tookMs)),
      again: some.filter(({ tries }) => tries > 1).length,
    })),
    refusals: refusalsIn(tally),
    retries: retriesIn(stories),
    periods: periodsOf(plan, tally, stories, watched),
    uses: usesOf(watched),
    polls: ['/healthz', '/readyz'].map(path => pollsOf(path, watched.polls)),
  }
}

export function renderDeadlineReport(report: Report): string {
  const { commit, date, node, processor, cores, loadBefore, quick, plan } = report
  const parts = [
    `# Deadline day of ${commit}: ${plan.students} students, ${report.shape} shape`,
    `${date}, Node ${node}, ${cores} × ${processor}, load before the run ${loadBefore.toFixed(2)}, seed ${plan.seed}`,
    describeReplay(report),
    ...(quick ? ['A quick run: it shows that the harness works, and a little about the server.'] : []),
    renderTable(['what', ''], Object.entries(report.figures)),
    renderTable(
      ['request', ...SPREAD, 'refused', 'no answer'],
      report.requests.map(({ kind, spread, refused, unanswered }) => [
        ...[kind, ...spreadCells(spread)],
        ...[String(refused), String(unanswered)],
      ]),
    ),
    'From pressing "submit" to the word "submitted", all tries and pauses included:',
    renderTable(
      ['who', ...SPREAD, 'more than one try'],
      report.wishes.map(({ who, spread, again }) => [who, ...spreadCells(spread), String(again)]),
    ),
    renderTable(
      [
        'from s',
        'submitted',
        'p50 ms',
        'p99 ms',
        'refused',
        'waiting',
        'cores',
        'resident MB',
        'loop late ms',
      ],
      report.periods.map(periodCells),
    ),
    renderTable(
      ['processes', 'how many', 'resident MB', 'largest MB', 'cores', 'most cores'],
      report.uses.map(({ name, processes, residentMb, largestMb, cores: mean, mostCores }) => [
        ...[name, String(processes), residentMb.toFixed(0), largestMb.toFixed(0)],
        ...[mean.toFixed(2), mostCores.toFixed(2)],
      ]),
    ),
    renderTable(
      ['asked', ...SPREAD, 'not well'],
      report.polls.map(({ path, spread, faults }) => [path, ...spreadCells(spread), String(faults)]),
    ),
    ...tableUnlessEmpty(['request', 'refused', 'times'], refusalRows(report)),
    ...tableUnlessEmpty(
      ['tried again because of', 'times'],
      report.retries.map(({ reason, times }) => [reason, String(times)]),
    ),
    ...tableUnlessEmpty(
      ['in the log', '', 'times'],
      report.log.map(({ level, message, times }) => [level, message.slice(0, SHOWN_MESSAGE), String(times)]),
    ),
    renderTable(
      ['claim', 'looked at', 'holds'],
      report.checks.map(({ claim, looked, faults }) => [
        claim,
        looked,
        faults.length > 0 ? `NO (${faults.length})` : 'yes',
      ]),
    ),
    ...faultsIn(report.checks),
    summaryLine(report),
  ]
  return `${parts.join('\n\n')}\n`
}

export function summaryLine({ passed, failed }: Report): string {
  return `${passed} passed, ${failed} failed`
}

function describeReplay(report: Report): string {
  const { plan, place, plannedBytes, crowds } = report
  const compressed =
    plan.minutes === 10
      ? 'Ten minutes up to the deadline, and what comes after.'
      : `Ten minutes up to the deadline, compressed into ${plan.minutes}: people come, and think, ${(10 / plan.minutes).toFixed(1)} times as fast as in life.`
  return [
    `${place}; ${describeProcesses(report)}; service mode, the hub takes 5 ms. ${compressed}`,
    `${coursesOf(plan).length} courses; ${(plannedBytes / 1e9).toFixed(2)} GB planned: ${SIZES_IN_WORDS}.`,
    `The class is played by ${crowds} process${crowds === 1 ? '' : 'es'} on the same machine.`,
  ].join(' ')
}

const SPREAD = ['answered', 'p50 ms', 'p95 ms', 'p99 ms', 'max ms']

function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((one, other) => one - other)
  return {
    count: sorted.length,
    p50Ms: quantile(sorted, 0.5),
    p95Ms: quantile(sorted, 0.95),
    p99Ms: quantile(sorted, 0.99),
    maxMs: sorted.at(-1) ?? Number.NaN,
  }
}

function spreadCells({ count, p50Ms, p95Ms, p99Ms, maxMs }: Spread): string[] {
  return [String(count), ...[p50Ms, p95Ms, p99Ms, maxMs].map(ms)]
}

function ms(value: number): string {
  if (!Number.isFinite(value)) return ''
  return value >= 10 ? value.toFixed(0) : value.toPrecision(2)
}

function groupsOf(wishes: readonly Wish[]): [string, Wish[]][] {
  const large = 1e6
  return (['old', 'better'] as const).flatMap(client => {
    const some = wishes.filter(wish => wish.client === client)
    return [
      [`${client} client, up to 1 MB`, some.filter(({ sizeBytes }) => sizeBytes <= large)],
      [`${client} client, more`, some.filter(({ sizeBytes }) => sizeBytes > large)],
    ] as [string, Wish[]][]
  })
}

function lastWord(wishes: readonly Wish[], plan: Plan): string {
  const last = Math.max(0, ...wishes.flatMap(({ atMs, tookMs, isDone }) => (isDone ? [atMs + tookMs] : [])))
  return `${((last - deadlineOf(plan)) / 1000).toFixed(1)} s`
}

function waitingOf(stories: readonly Story[]): number[] {
  const longest = Math.max(0, ...stories.map(({ waiting }) => waiting.length))
  return Array.from({ length: longest }, (_, second) =>
    sum(stories.map(({ waiting }) => waiting[second] ?? 0)),
  )
}

function countWhere(tally: Tally, kind: (typeof KINDS)[number], is: (outcome: string) => boolean): number {
  return sum([...tally[kind].outcomes].flatMap(([outcome, times]) => (is(outcome) ? [times] : [])))
}

function refusalsIn(tally: Tally): Report['refusals'] {
  return KINDS.flatMap(kind =>
    [...tally[kind].outcomes].flatMap(([outcome, times]) =>
      outcome === '200' ? [] : [{ kind, outcome, times }],
    ),
  )
}

function refusalRows({ refusals }: Report): string[][] {
  return refusals.map(({ kind, outcome, times }) => [kind, outcome.slice(0, SHOWN_MESSAGE), String(times)])
}

function retriesIn(stories: readonly Story[]): Report['retries'] {
  const counts = new Map<string, number>()
  for (const { retries } of stories)
    for (const [reason, times] of retries) counts.set(reason, (counts.get(reason) ?? 0) + times)
  return [...counts]
    .map(([reason, times]) => ({ reason: reason.slice(0, SHOWN_MESSAGE), times }))
    .sort((one, other) => other.times - one.times)
}

/** Tenths of the time up to the deadline, and what comes after it. */
function periodsOf(plan: Plan, tally: Tally, stories: readonly Story[], watched: Watching): Period[] {
  const length = deadlineOf(plan) / PERIODS
  // The watch begins before the class does.
  const early = Math.max(0, (watched.uses.at(-1)?.atMs ?? 0) - 1000 * waitingOf(stories).length)
  return Array.from({ length: PERIODS + 1 }, (_, index) => {
    const from = index * length
    const to = index === PERIODS ? Number.POSITIVE_INFINITY : from + length
    const isIn = (atMs: number) => atMs >= from && atMs < to
    const { atMs, tookMs } = tally.submit
    const uses = watched.uses.filter(use => isIn(use.atMs - early)).map(({ groups }) => groups.ngshare)
    return {
      fromS: from / 1000,
      submitted: atMs.filter(isIn).length,
      submit: spreadOf(tookMs.filter((_took, position) => isIn(atMs[position] ?? 0))),
      refused: stories
        .flatMap(({ told }) => told)
        .filter(({ outcome, atMs: at }) => outcome.kind !== 'acknowledged' && isIn(at)).length,
      waiting: Math.max(0, ...waitingOf(stories).filter((_waiting, second) => isIn(1000 * (second + 1)))),
      cores: mean(uses.map(use => use?.cores ?? 0)),
      residentMb: Math.max(0, ...uses.map(use => use?.residentBytes ?? 0)) / 1e6,
      loopMs: Math.max(
        0,
        ...watched.delays.filter(delay => isIn(delay.atMs - early)).map(({ maxMs }) => maxMs),
      ),
    }
  })
}

function periodCells(period: Period): string[] {
  const { fromS, submitted, submit, refused, waiting, cores, residentMb, loopMs } = period
  return [
    ...[fromS.toFixed(0), String(submitted), ms(submit.p50Ms), ms(submit.p99Ms), String(refused)],
    ...[String(waiting), cores.toFixed(2), residentMb.toFixed(0), loopMs.toFixed(0)],
  ]
}

function usesOf({ uses }: Watching): Use[] {
  return Object.keys(uses[0]?.groups ?? {}).map(name => {
    const samples = uses.flatMap(({ groups }) => groups[name] ?? [])
    return {
      name,
      processes: Math.max(...samples.map(({ processes }) => processes)),
      residentMb: Math.max(...samples.map(({ residentBytes }) => residentBytes)) / 1e6,
      largestMb: Math.max(...samples.map(({ largestBytes }) => largestBytes)) / 1e6,
      cores: mean(samples.map(({ cores }) => cores)),
      mostCores: Math.max(...samples.map(({ cores }) => cores)),
    }
  })
}

function pollsOf(path: string, polls: readonly Poll[]): Report['polls'][number] {
  const own = polls.filter(poll => poll.path === path)
  const well = own.filter(({ fault }) => fault === null)
  return { path, spread: spreadOf(well.map(({ tookMs }) => tookMs)), faults: own.length - well.length }
}

function tableUnlessEmpty(header: string[], rows: string[][]): string[] {
  return rows.length === 0 ? [] : [renderTable(header, rows)]
}

function faultsIn(checks: readonly Claim[]): string[] {
  return checks.flatMap(({ claim, faults }) => {
    if (faults.length === 0) return []
    const shown = faults.slice(0, SHOWN_FAULTS).map(fault => `- ${fault.replaceAll('\n', '\n  ')}`)
    const more = faults.length > SHOWN_FAULTS ? [`- and ${faults.length - SHOWN_FAULTS} more`] : []
    return [[`Not true: ${claim}`, '', ...shown, ...more].join('\n')]
  })
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : sum(values) / values.length
}
