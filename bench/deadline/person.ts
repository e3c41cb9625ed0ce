// Someone with a client, and how the two deal with a server that does not answer, or asks to come again.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../random.ts'
import type { ClientKind } from './plan.ts'
import { count, type Kind } from './tally.ts'
import { type Answer, Line, NoAnswer, type Question } from './wire.ts'
import type { World } from './world.ts'

export type Fields = { readonly [name: string]: unknown }

/** An answer that one can use, or why there is none. `isSettled`: trying again would not help. */
export type Reply =
  | { kind: 'answer'; answer: Answer }
  | { kind: 'refused'; reason: string; afterMs: number | null; isSettled: boolean; answer: Answer }
  | { kind: 'none'; reason: string; why: NoAnswer['kind'] }

const MOST_TRIES = 8
const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 20_000
const SHOWN_STRANGE = 200

export class Person {
  readonly name: string
  readonly client: ClientKind
  readonly random: Random
  readonly #world: World
  readonly #line: Line

  constructor(world: World, options: { name: string; client: ClientKind; random: Random }) {
    this.name = options.name
    this.client = options.client
    this.random = options.random
    this.#world = world
    this.#line = new Line({
      port: world.ports[this.random.whole(0, world.ports.length - 1)] ?? 0,
      token: this.name,
      keepsConnection: this.client === 'better',
    })
  }

  leave(): void {
    this.#line.close()
  }

  /** As the client does it: the better one comes again by itself, when it is told to, or later each time. */
  async ask(kind: Kind, question: Question, tell?: (reply: Reply) => void): Promise<Reply> {
    for (let tries = 1; ; tries++) {
      const reply = await this.#askOnce(kind, question)
      tell?.(reply)
      const isLast = this.client === 'old' || tries === MOST_TRIES || this.#world.isOver
      if (reply.kind === 'answer' || (reply.kind === 'refused' && reply.isSettled) || isLast) return reply
      this.#world.retried(`client: ${reply.reason}`)
      await sleep(this.#waitMs(reply, tries))
    }
  }

  /** The fields of a small answer; null: there is none. */
  async read(kind: Kind, path: string): Promise<Fields | null> {
    const reply = await this.ask(kind, { method: 'GET', path })
    return reply.kind === 'answer' ? fieldsOf(reply.answer) : null
  }

  /** What a person does whose client says that it failed: waits, and presses the button again. */
  async pressAgain(reason: string): Promise<void> {
    this.#world.retried(`person: ${reason}`)
    await Promise.all([this.#world.think(this.random.between(5000, 20_000)), sleep(1000)])
  }

  #waitMs(reply: Exclude<Reply, { kind: 'answer' }>, tries: number): number {
    const told = reply.kind === 'refused' ? reply.afterMs : null
    // Spread, so that not all who were sent away come back at the same moment.
    if (told !== null) return told * this.random.between(1, 1.25)
    return this.random.between(0.5, 1) * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (tries - 1))
  }

  async #askOnce(kind: Kind, question: Question): Promise<Reply> {
    const world = this.#world
    const { atMs, tookMs, outcomes } = world.tally[kind]
    const askedAt = world.now
    world.waitingNow++
    try {
      const reply = replyOf(await this.#line.ask(question))
      if (reply.kind === 'answer') {
        atMs.push(askedAt)
        tookMs.push(world.now - askedAt)
        count(outcomes, '200')
        return reply
      }
      count(outcomes, reply.reason)
      this.#judge(reply, question)
      return reply
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error
      const reason = `no answer: ${error.kind}`
      count(outcomes, reason)
      return { kind: 'none', reason, why: error.kind }
    } finally {
      world.waitingNow--
    }
  }

  #judge(reply: Extract<Reply, { kind: 'refused' }>, { method, path }: Question): void {
    const { faults } = this.#world
    const what = `${this.name}, ${method} ${path}: ${reply.answer.status}`
    if (isBusy(reply.answer) && reply.afterMs === null) faults.withoutRetryAfter.push(what)
    if (isBusy(reply.answer)) return
    faults.strange.push(`${what} ${reply.answer.body.toString('utf8', 0, SHOWN_STRANGE)}`)
  }
}

/** What a server says that has too much to do, or nothing to put it on. */
function isBusy({ status }: Answer): boolean {
  return status === 429 || status === 503 || status === 507
}

function replyOf(answer: Answer): Exclude<Reply, { kind: 'none' }> {
  const beginning = answer.body.toString('latin1', 0, 20)
  if (answer.status === 200 && beginning.includes('"success": true')) return { kind: 'answer', answer }
  const seconds = /\r\nretry-after: *(\d+)/i.exec(answer.head)?.[1]
  return {
    kind: 'refused',
    reason: `${answer.status} ${messageOf(answer)}`,
    afterMs: seconds === undefined ? null : Number(seconds) * 1000,
    isSettled: !isBusy(answer),
    answer,
  }
}

function messageOf(answer: Answer): string {
  return String(fieldsOf(answer).message ?? '')
}

/** Without any where the answer is no JSON. */
export function fieldsOf({ body }: Answer): Fields {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return {}
  }
}
