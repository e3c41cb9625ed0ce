// What it came to, in Markdown.

import type { Circumstances } from '../report/circumstances.ts'
import { renderTable } from '../report/markdown.ts'

export type Started = { name: string; submissions: number; startMs: number; peakMb: number | null }
/** `latenciesMs`: of the small past, of another one just as small, and of the large one. */
export type KindFigures = { title: string; latenciesMs: number[][]; errors: string[] }

export function renderReport(input: {
  circumstances: Circumstances
  engine: string
  started: Started[]
  kinds: KindFigures[]
}): string {
  const { circumstances, engine, started, kinds } = input
  const { commit, date, node, processor, cores, loadBefore } = circumstances
  const amounts = started.map(({ submissions }) => submissions.toLocaleString('en'))
  const [small, again, large] = amounts
  const parts = [
    `# Cost and history, ${commit}`,
    `${date}, ${engine}, Node ${node}, ${cores} × ${processor}, load before the run ${loadBefore.toFixed(2)}`,
    `Median of each request in ms, one connection, in turns; ${small} stored submissions, ${again} in another database, and ${large}.`,
    renderTable(
      ['request', `${small}`, `${again} again`, `${large}`, 'again/small', 'large/small', 'p95 large/small'],
      kinds.map(rowOf),
    ),
    renderTable(
      ['', ...started.map(({ name }, i) => `${amounts[i]} (${name})`)],
      [
        ['start to answer, ms', ...started.map(({ startMs }) => startMs.toFixed(0))],
        ['peak memory, MB', ...started.map(({ peakMb }) => peakMb?.toFixed(0) ?? '')],
      ],
    ),
    ...kinds.filter(({ errors }) => errors.length > 0).map(({ title, errors }) => `- ${title}: ${errors[0]}`),
  ]
  return `${parts.join('\n\n')}\n`
}

function rowOf({ title, latenciesMs }: KindFigures): string[] {
  const sorted = latenciesMs.map(some => some.toSorted((a, b) => a - b))
  const at = (share: number) => sorted.map(some => some[Math.floor(share * (some.length - 1))] ?? Number.NaN)
  const [small = 0, again = 0, large = 0] = at(0.5)
  const [smallTail = 0, , largeTail = 0] = at(0.95)
  const times = (value: number) => value.toFixed(2)
  return [
    ...[title, times(small), times(again), times(large)],
    ...[times(again / small), times(large / small), times(largeTail / smallTail)],
  ]
}
