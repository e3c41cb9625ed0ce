// What a scenario is.

import type { LoadResult } from '../load/job.ts'
import type { Load } from '../load/load-process.ts'
import type { Peer } from '../peers/peers.ts'

/** What the figures of our server must reach; see README.md for where the numbers come from. */
export type Wanted = {
  timesPython?: number
  /** At least the bare server's rate. */
  bareRate?: true
  perSecond?: number
  p99Ms?: number
  peakMb?: number
}

export type Bench = {
  peer: Peer
  load: Load
  /** A second load process, for a client that does something else meanwhile. */
  otherLoad: Load
  /** Everything shorter: it proves that the scenario runs, and measures little. */
  quick: boolean
}

export type Round = { main: LoadResult; meanwhile?: LoadResult }

export type Scenario = {
  name: string
  title: string
  wanted: Wanted
  /** Runs ours in service mode too: the time that the hub takes to say whose a token is. Leaves the bare server out. */
  hubDelayMs?: number
  /** Interleaved with the other servers. */
  rounds: number
  prepare(bench: Bench): Promise<void>
  run(bench: Bench, round: number): Promise<Round>
  /** Counts acknowledged submissions that are not there, or not complete. Outside the clock. */
  countLost?(bench: Bench, round: number, result: Round): Promise<number>
}

/** Every round uploads content that no earlier one has sent; 0 is for what comes before the first. */
export function firstStampOf(round: number): number {
  return (round + 1) * 1e9
}
