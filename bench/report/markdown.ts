// The result as a table that reads well on a terminal and as Markdown.

import { describeProcesses, type Setting } from '../options.ts'
import type { Circumstances } from './circumstances.ts'
import {
  compareWorkers,
  type Figures,
  judge,
  type ScenarioFigures,
  type ServerFigures,
  type Verdict,
  WANTED_OF_TWO,
} from './figures.ts'

const LOAD_BUSY_LIMIT = 0.9

export type Measured = {
  settings: readonly Setting[]
  /** Whether wrk did what it can do. */
  isLight: boolean
  /** What so many processes that share nothing do together, in times of one; null where nothing is compared with it. */
  independent: { count: number; times: number } | null
  results: ScenarioFigures[]
}

export function renderReport(
  circumstances: Circumstances,
  { settings, isLight, independent, results }: Measured,
): string {
  const { commit, date, node, processor, cores, loadBefore, quick } = circumstances
  const parts = [
    `# Benchmark of ${commit}`,
    `${date}, Node ${node}, ${cores} × ${processor}, load before the run ${loadBefore.toFixed(2)}`,
    `Ours: ${settings[0]?.shape} shape, ${settings.map(describeProcesses).join(' and ')}`,
    ...(isLight ? ['The load of `courses` and `courses-hub` comes from wrk.'] : []),
    ...(quick ? ['A quick run: too short and too small to judge speed by.'] : []),
    renderTable(
      ['scenario', 'server', 'rate/s', 'p50 ms', 'p99 ms', 'peak MB', 'cores', 'load', 'errors', 'lost'],
      results.flatMap(rowsOf),
    ),
    renderTable(
      ['scenario', 'wanted of ours', 'ours/python', 'ours/bare', 'met'],
      results.map(result => verdictRow(result.title, judge(result))),
    ),
    ...comparisonIn(results, cores),
    ...(independent === null
      ? []
      : [
          `${independent.count} processes that share nothing, with no load process beside them, do ${readable(independent.times)} × what one does on this machine: no server can gain more.`,
        ]),
    ...remarksOn(results),
  ]
  return `${parts.join('\n\n')}\n`
}

function rowsOf({ title, servers }: ScenarioFigures): string[][] {
  return servers.flatMap((server, index) => {
    const rows = [serverRow(index === 0 ? title : '', server)]
    if (server.meanwhile) rows.push(meanwhileRow(server.meanwhile))
    return rows
  })
}

function serverRow(title: string, server: ServerFigures): string[] {
  return [
    title,
    server.workers === null
      ? server.peer
      : `${server.peer}, ${server.workers} worker${server.workers === 1 ? '' : 's'}`,
    ...figureCells(server),
    server.peakMb === null ? '' : server.peakMb.toFixed(0),
    server.cores.toFixed(2),
    server.loadBusy.toFixed(2),
    String(server.errors),
    server.lost === null ? '' : String(server.lost),
  ]
}

function meanwhileRow(figures: Figures): string[] {
  return ['', '… GET courses meanwhile', ...figureCells(figures), '', '', '', String(figures.errors), '']
}

function comparisonIn(results: readonly ScenarioFigures[], allCores: number): string[] {
  const compared = results.flatMap(compareWorkers)
  if (compared.length === 0) return []
  return [
    renderTable(
      ['scenario', 'workers', 'rate', 'cores', 'load', 'room for', `at least ${WANTED_OF_TWO} ×`],
      compared.map(({ title, one, more, times, isCpuBound, met }) => [
        title,
        `${one.workers} → ${more.workers}`,
        `${readable(times)} ×`,
        `${one.cores.toFixed(2)} → ${more.cores.toFixed(2)}`,
        `${one.loadBusy.toFixed(2)} → ${more.loadBusy.toFixed(2)}`,
        `${readable(allCores / (one.cores + one.loadBusy))} ×`,
        isCpuBound ? (met ? 'yes' : 'NO') : 'not bound by the processor',
      ]),
    ),
    'cores: processors that the server used; load: that the load process used, on the same machine; room for: what all its cores would do, were both to use them fully at what an answer costs with one worker.',
  ]
}

function figureCells({ perSecond, p50Ms, p99Ms }: Figures): string[] {
  return [readable(perSecond), readable(p50Ms), readable(p99Ms)]
}

function verdictRow(title: string, { wanted, timesPython, timesBare, met }: Verdict): string[] {
  const times = (value: number | null) => (value === null ? '' : `${readable(value)} ×`)
  return [
    title,
    wanted,
    times(timesPython),
    times(timesBare),
    met === null ? 'not judged' : met ? 'yes' : 'NO',
  ]
}

function remarksOn(results: ScenarioFigures[]): string[] {
  const remarks = results.flatMap(({ title, servers }) =>
    servers.flatMap(server => {
      const where = `- ${title}, ${server.peer}: `
      const samples = [...server.errorSamples, ...(server.meanwhile?.errorSamples ?? [])]
      const lines = samples.map(sample => where + sample)
      if (server.loadBusy > LOAD_BUSY_LIMIT) {
        lines.push(`${where}the load process was busy all the time, the server may be faster than this`)
      }
      return lines
    }),
  )
  return remarks.length > 0 ? [remarks.join('\n')] : []
}

/** Three digits that count. */
function readable(value: number): string {
  if (!Number.isFinite(value)) return ''
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}

export function renderTable(header: string[], rows: string[][]): string {
  const widths = header.map((name, column) =>
    Math.max(name.length, ...rows.map(row => row[column]?.length ?? 0)),
  )
  const line = (cells: string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`
  return [line(header), line(widths.map(width => '-'.repeat(width))), ...rows.map(line)].join('\n')
}
