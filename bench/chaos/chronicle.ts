// Every answer that anybody saw, and what it promised.

import type { Receipt } from '../../src/domain/receipt.ts'
import type { Answer } from './wire.ts'

/**
 * What a student knows after pressing the button: it is in (`acknowledged`); it is not (`denied`: nobody listened, or
 * the server said so); or neither, because the connection broke or the server said that it does not know (`open`).
 */
export type Outcome =
  | { kind: 'acknowledged'; timestamp: string; receipt: string | null }
  | { kind: 'denied' | 'open' }

export type Attempt = {
  /** Unique: it is in the files, too. */
  serial: number
  student: string
  outcome: Outcome
}

/** An answer, or how there was none. */
export type Seen = { what: string; who: string; status: number | null; text: string; ms: number }

/** What someone was given during the replay and shows afterwards. */
export type KeptReceipt = { student: string; timestamp: string; receipt: Receipt }

/** What is wrong as soon as it is seen; each list is judged in the end. */
export type Faults = {
  /** Answers that no trouble explains. */
  strange: string[]
  /** Lists and downloads without something that had been acknowledged before they were asked for. */
  forgotten: string[]
  /** A fetched assignment that is not what was released. */
  wrongRelease: string[]
}

export class Chronicle {
  readonly attempts: Attempt[] = []
  readonly seen: Seen[] = []
  readonly receipts: KeptReceipt[] = []
  readonly faults: Faults = { strange: [], forgotten: [], wrongRelease: [] }
  readonly #waiting: { count: number; go: () => void }[] = []
  #acknowledged = 0
  #isOver = false
  #serial = 0

  newSerial(): number {
    return this.#serial++
  }

  /** Submissions that were acknowledged. */
  get acknowledged(): number {
    return this.#acknowledged
  }

  /** Answers like that so far. */
  count(matches: (seen: Seen) => boolean): number {
    return this.seen.filter(matches).length
  }

  /** Resolves when as many submissions were acknowledged. */
  reach(count: number): Promise<void> {
    if (this.#isOver || this.#acknowledged >= count) return Promise.resolve()
    return new Promise(go => this.#waiting.push({ count, go }))
  }

  attempted(attempt: Attempt): void {
    this.attempts.push(attempt)
    if (attempt.outcome.kind !== 'acknowledged') return
    this.#acknowledged++
    this.#release(this.#acknowledged)
  }

  /** Nobody waits any more. */
  end(): void {
    this.#isOver = true
    this.#release(Number.POSITIVE_INFINITY)
  }

  #release(reached: number): void {
    for (const { go } of this.#waiting.filter(({ count }) => count <= reached)) go()
    this.#waiting.splice(0, this.#waiting.length, ...this.#waiting.filter(({ count }) => count > reached))
  }

  acknowledgedOf(student: string): string[] {
    return this.attempts.flatMap(attempt =>
      attempt.student === student && attempt.outcome.kind === 'acknowledged'
        ? [attempt.outcome.timestamp]
        : [],
    )
  }
}

/** `unreachable`: nobody listened, so that nothing was sent. `broken`: the end came before the answer. */
export type NoAnswer = 'unreachable' | 'broken'

export function isAnswer(answer: Answer | string): answer is Answer {
  return typeof answer !== 'string'
}

/** Null: nothing that goes wrong here explains such an answer. */
export function outcomeOf(answer: Answer | NoAnswer): Outcome | null {
  if (!isAnswer(answer)) return { kind: answer === 'unreachable' ? 'denied' : 'open' }
  const { status, fields } = answer
  const { success, timestamp, receipt, message } = fields
  if (status === 200 && success === true && typeof timestamp === 'string') {
    return { kind: 'acknowledged', timestamp, receipt: typeof receipt === 'string' ? receipt : null }
  }
  if (!isTrouble({ status, fields })) return null
  return { kind: /nothing was stored/i.test(String(message)) ? 'denied' : 'open' }
}

/** What a server may say whose disk is full or whose hub does not answer. */
export function isTrouble({ status, fields }: Pick<Answer, 'status' | 'fields'>): boolean {
  return (status === 503 || status === 507) && fields.success === false && typeof fields.message === 'string'
}

export function isHubTrouble({ status, text }: Seen): boolean {
  return status === 503 && text.includes('JupyterHub')
}

export function isDiskFull({ status }: Seen): boolean {
  return status === 507
}
