// What one crowd process tells of its part of the deadline.

import type { ClientKind } from './plan.ts'
import type { Tally } from './tally.ts'
import type { Attempt } from './work.ts'

/**
 * What a student knows after pressing the button: it is in (`acknowledged`); it is not (`denied`: nobody listened, or
 * the server said so); or neither, because the connection broke or the server said that it does not know (`open`).
 */
export type Outcome =
  | { kind: 'acknowledged'; timestamp: string; receipt: string }
  | { kind: 'denied' | 'open'; reason: string }

/** `atMs`: when it was told. */
export type Told = Attempt & { course: string; sizeBytes: number; atMs: number; outcome: Outcome }

/** From the first press of the button to the word "submitted", or to giving up. */
export type Wish = {
  student: string
  client: ClientKind
  sizeBytes: number
  atMs: number
  tookMs: number
  tries: number
  isDone: boolean
}

/** What is wrong as soon as it is seen. */
export type Faults = {
  /** Answers that nothing explains. */
  strange: string[]
  /** Refusals that do not say when to come again. */
  withoutRetryAfter: string[]
  /** Lists and downloads without something that had been acknowledged before. */
  forgotten: string[]
  /** Downloads with other files. */
  wrong: string[]
}

export type Story = {
  told: Told[]
  wishes: Wish[]
  tally: Tally
  faults: Faults
  /** How often somebody's client, or somebody, tried again; by reason. */
  retries: Map<string, number>
  /** People who waited for an answer at the same moment, looked at every second. */
  waiting: number[]
  /** In seconds of processor time. */
  cpuSeconds: number
  /** The most that this process was late itself: greater than what it measured, it measured itself. */
  ownDelayMs: number
}
