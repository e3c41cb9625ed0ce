// Figures of a scenario, and what they mean against what was wanted.

import type { LoadResult } from '../load/job.ts'
import type { PeerName } from '../peers/server-process.ts'
import type { Wanted } from '../scenarios/scenario.ts'

export type Figures = {
  /** The median of the rounds. */
  perSecond: number
  perSecondByRound: number[]
  p50Ms: number
  p99Ms: number
  errors: number
  errorSamples: string[]
  /** Share of a core that the load process used; above 0.9 it, and not the server, was measured. */
  loadBusy: number
}

export type ServerFigures = Figures & {
  peer: PeerName
  workers: number | null
  /** How much of how many processors the server used. */
  cores: number
  peakMb: number | null
  /** Acknowledged submissions that were not there or not complete afterwards; null where that is not asked. */
  lost: number | null
  /** What another client got at the same time. */
  meanwhile: Figures | null
}

export type ScenarioFigures = { name: string; title: string; wanted: Wanted; servers: ServerFigures[] }

export type Verdict = {
  wanted: string
  timesPython: number | null
  timesBare: number | null
  met: boolean | null
}

export type Comparison = {
  title: string
  /** One worker, and more. */
  one: ServerFigures
  more: ServerFigures
  times: number
  /** One worker had as much to do as one process can: else more of them have nothing to gain. */
  isCpuBound: boolean
  met: boolean | null
}

/** A process whose one thread for JavaScript never rests uses about so much of a processor. */
const BUSY_CORES = 0.85
export const WANTED_OF_TWO = 1.6

/** Ours with one worker against ours with more, where both were measured. */
export function compareWorkers({ title, servers }: ScenarioFigures): Comparison[] {
  const ours = servers.filter(({ peer }) => peer === 'ours')
  const one = ours.find(({ workers }) => workers === 1)
  if (one === undefined) return []
  return ours.flatMap(more => {
    if (more === one) return []
    const times = more.perSecond / one.perSecond
    const isCpuBound = one.cores >= BUSY_CORES
    return [{ title, one, more, times, isCpuBound, met: isCpuBound ? times >= WANTED_OF_TWO : null }]
  })
}

/** Two runs of one server differ by as much: within it, rates count as the same. */
const NOISE = 0.05

export function figuresOf(rounds: LoadResult[]): Figures {
  const perSecondByRound = rounds.map(({ completed, seconds }) => completed / seconds)
  const latencies = rounds.flatMap(round => round.latenciesMs).sort((a, b) => a - b)
  return {
    perSecond: median(perSecondByRound),
    perSecondByRound,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    errors: rounds.reduce((sum, round) => sum + round.errors, 0),
    errorSamples: rounds.flatMap(round => round.errorSamples).slice(0, 5),
    loadBusy: Math.max(...rounds.map(round => round.loadBusy)),
  }
}

export function judge({ wanted, servers }: ScenarioFigures): Verdict {
  const find = (name: PeerName) => servers.find(server => server.peer === name)
  const ours = find('ours')
  const timesPython = ratio(ours, find('python'))
  const timesBare = ratio(ours, find('bare'))

  const texts: string[] = []
  const marks: (boolean | null)[] = []
  function want(text: string, isMet: boolean | null): void {
    texts.push(text)
    marks.push(isMet)
  }
  const { timesPython: factor, bareRate, perSecond, p99Ms, peakMb } = wanted
  if (factor) want(`${factor} × Python`, timesPython === null ? null : timesPython >= factor)
  if (bareRate) want('the bare rate', timesBare === null ? null : timesBare >= 1 - NOISE)
  if (perSecond) want(`${perSecond}/s`, ours ? ours.perSecond >= perSecond : null)
  if (p99Ms) want(`p99 ≤ ${p99Ms} ms`, ours ? ours.p99Ms <= p99Ms : null)
  if (peakMb) want(`≤ ${peakMb} MB`, ours && ours.peakMb !== null ? ours.peakMb <= peakMb : null)
  if (ours?.lost !== null && ours?.lost !== undefined) want('nothing lost', ours.lost === 0)

  const met = marks.includes(false) ? false : marks.includes(null) ? null : true
  return { wanted: texts.join(', '), timesPython, timesBare, met }
}

function ratio(ours: Figures | undefined, other: Figures | undefined): number | null {
  return ours && other && other.perSecond > 0 ? ours.perSecond / other.perSecond : null
}

function median(values: number[]): number {
  return quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  )
}

/** Of sorted values, the one that the share `q` of them does not exceed. */
export function quantile(sorted: number[], q: number): number {
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN
}
