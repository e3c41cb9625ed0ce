// What was asked, what came, and how long it took; small enough to be kept for every request of twenty thousand students.

/** What somebody wanted of the server with one request. */
export const KINDS = [
  'list',
  'fetch',
  'submit',
  'look for feedback',
  'fetch feedback',
  'receipt',
  'teacher lists',
  'teacher collects',
  'teacher returns feedback',
] as const
export type Kind = (typeof KINDS)[number]

/** One kind of request. `atMs`, `tookMs`: of those that were answered well. */
export type KindTally = { atMs: number[]; tookMs: number[]; outcomes: Map<string, number> }

export type Tally = { [kind in Kind]: KindTally }

export function newTally(): Tally {
  const entries = KINDS.map(kind => [kind, { atMs: [], tookMs: [], outcomes: new Map() }])
  return Object.fromEntries(entries) as Tally
}

export function count(counts: Map<string, number>, name: string, times = 1): void {
  counts.set(name, (counts.get(name) ?? 0) + times)
}

export function mergeTallies(tallies: readonly Tally[]): Tally {
  const all = newTally()
  for (const tally of tallies) {
    for (const kind of KINDS) {
      const into = all[kind]
      for (const [index, atMs] of tally[kind].atMs.entries()) {
        into.atMs.push(atMs)
        into.tookMs.push(tally[kind].tookMs[index] ?? 0)
      }
      for (const [outcome, times] of tally[kind].outcomes) count(into.outcomes, outcome, times)
    }
  }
  return all
}
