// What all people of one crowd process share: the clock, the server, and what is written down.

import { setTimeout as sleep } from 'node:timers/promises'
import { compression, deadlineOf, type Plan } from './plan.ts'
import type { Pool } from './pool.ts'
import type { Faults, Told, Wish } from './story.ts'
import { count, newTally } from './tally.ts'

/** For so long after the deadline people go on trying to get in what they had begun before. */
const LIFE_GRACE_MS = 5 * 60_000
const LEAST_GRACE_MS = 60_000

export class World {
  readonly plan: Plan
  readonly pool: Pool
  readonly ports: readonly number[]
  readonly tally = newTally()
  readonly faults: Faults = { strange: [], withoutRetryAfter: [], forgotten: [], wrong: [] }
  readonly retries = new Map<string, number>()
  readonly told: Told[] = []
  readonly wishes: Wish[] = []
  readonly waiting: number[] = []
  /** By course: what was acknowledged there, by `nameOf`. */
  readonly acknowledged = new Map<string, Map<string, Told>>()
  waitingNow = 0
  readonly #startedAt: number
  #serial: number
  readonly #serialStep: number

  /** `startsAt`: by the clock that all processes share, `Date.now`. `process`, of so many: serials are everybody's own. */
  constructor(options: {
    plan: Plan
    pool: Pool
    ports: readonly number[]
    startsAt: number
    process: number
    processes: number
  }) {
    this.plan = options.plan
    this.pool = options.pool
    this.ports = options.ports
    this.#startedAt = performance.now() + options.startsAt - Date.now()
    this.#serial = options.process
    this.#serialStep = options.processes
  }

  /** In milliseconds from the beginning. */
  get now(): number {
    return performance.now() - this.#startedAt
  }

  get isAfterDeadline(): boolean {
    return this.now >= deadlineOf(this.plan)
  }

  /** Nobody tries any more. */
  get isOver(): boolean {
    const grace = Math.max(LEAST_GRACE_MS, LIFE_GRACE_MS * compression(this.plan))
    return this.now >= deadlineOf(this.plan) + grace
  }

  async until(momentMs: number): Promise<void> {
    const left = momentMs - this.now
    if (left > 0) await sleep(left)
  }

  /** People think as fast as time is compressed. */
  async think(lifeMs: number): Promise<void> {
    await sleep(lifeMs * compression(this.plan))
  }

  newSerial(): number {
    const serial = this.#serial
    this.#serial += this.#serialStep
    return serial
  }

  retried(reason: string): void {
    count(this.retries, reason)
  }

  tell(told: Told): void {
    this.told.push(told)
    if (told.outcome.kind !== 'acknowledged') return
    this.acknowledgedIn(told.course).set(nameOf(told.student, told.outcome.timestamp), told)
  }

  acknowledgedIn(course: string): Map<string, Told> {
    const known = this.acknowledged.get(course) ?? new Map<string, Told>()
    this.acknowledged.set(course, known)
    return known
  }
}

/** Of a submission, unique in its assignment. */
export function nameOf(student: string, timestamp: string): string {
  return `${student} ${timestamp}`
}
