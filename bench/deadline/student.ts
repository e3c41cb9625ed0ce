// One student on the day of the deadline.

import { Random } from '../random.ts'
import { differenceIn, expectedDownload } from './expected.ts'
import { type Fields, fieldsOf, Person, type Reply } from './person.ts'
import type { StudentPlan } from './plan.ts'
import type { Outcome } from './story.ts'
import { ASSIGNMENT, feedbackOn, formOf, submissionOf } from './work.ts'
import type { World } from './world.ts'

const SHARE_THAT_KEEPS_RECEIPTS = 0.3

type Released = readonly Buffer[]
type Submitted = { serial: number; timestamp: string; receipt: string }

/** Resolves when the student has what they came for, or the time is over. `released`: what a fetch must bring. */
export async function liveAsStudent(world: World, plan: StudentPlan, released: Released): Promise<void> {
  await world.until(plan.arrivesAt)
  const random = new Random(`${world.plan.seed} ${plan.name} lives`)
  const student = new Student(world, plan, random, released)
  try {
    await student.openTab()
    if (plan.fetches) await student.fetch()
    for (const { at, sizeBytes } of plan.submissions) {
      await world.until(at)
      await student.submit(sizeBytes)
    }
    if (plan.looksAgainAt === null) return
    await world.until(plan.looksAgainAt)
    if (!world.isOver) await student.lookForFeedback()
  } finally {
    student.leave()
  }
}

class Student {
  readonly #world: World
  readonly #plan: StudentPlan
  readonly #person: Person
  readonly #released: Released
  /** What their client remembers: the newest last. */
  readonly #submitted: Submitted[] = []
  #hasFetched = false

  constructor(world: World, plan: StudentPlan, random: Random, released: Released) {
    this.#world = world
    this.#plan = plan
    this.#released = released
    this.#person = new Person(world, { name: plan.name, client: plan.client, random })
    this.#hasFetched = !plan.fetches
  }

  leave(): void {
    this.#person.leave()
  }

  /** What JupyterLab's list of assignments asks for when it is opened: of all courses, and then of the first. */
  async openTab(): Promise<void> {
    if (this.#plan.client === 'old') {
      await this.#list('courses')
      await this.#listReleased()
      await this.#list('courses')
      await this.#listSubmitted()
    } else await this.#list('courses')
    await this.#refresh()
  }

  async fetch(): Promise<void> {
    const { course } = this.#plan
    for (let isDone = false; !isDone && !this.#world.isOver; ) {
      const reply = await this.#person.ask('fetch', {
        method: 'GET',
        path: `assignment/${course}/${ASSIGNMENT}`,
      })
      isDone = reply.kind === 'answer'
      if (reply.kind === 'answer') this.#mustBe(reply, this.#released, 'the fetched assignment')
      else await this.#person.pressAgain(reply.reason)
    }
    this.#hasFetched = true
    await this.#refresh()
  }

  /** Presses the button until it is in. */
  async submit(sizeBytes: number): Promise<void> {
    const { course, name, client } = this.#plan
    const world = this.#world
    const wishedAt = world.now
    let tries = 0
    let isDone = false
    while (!isDone && !world.isOver) {
      // Both clients look first at what was handed out, to tell of notebooks that are missing.
      await this.#list(`assignment/${course}/${ASSIGNMENT}?list_only=true`)
      const serial = world.newSerial()
      const form = formOf(submissionOf({ student: name, serial }, sizeBytes), world.pool)
      const outcomes: Outcome[] = []
      const reply = await this.#person.ask(
        'submit',
        { method: 'POST', path: `submission/${course}/${ASSIGNMENT}`, form },
        one => {
          const outcome = outcomeOf(one)
          outcomes.push(outcome)
          world.tell({ student: name, course, serial, sizeBytes, atMs: world.now, outcome })
        },
      )
      tries += outcomes.length
      const last = outcomes.at(-1)
      isDone = last?.kind === 'acknowledged'
      if (last?.kind === 'acknowledged') this.#submitted.push({ serial, ...last })
      else if (reply.kind !== 'answer') await this.#person.pressAgain(reply.reason)
    }
    const tookMs = world.now - wishedAt
    world.wishes.push({ student: name, client, sizeBytes, atMs: wishedAt, tookMs, tries, isDone })
    await this.#refresh()
    if (client === 'better' && isDone && this.#person.random.chance(SHARE_THAT_KEEPS_RECEIPTS))
      await this.#keepReceipt()
  }

  async lookForFeedback(): Promise<void> {
    for (const submitted of this.#submitted) {
      const found = await this.#lookFor(submitted)
      if ((found?.files as unknown[] | undefined)?.length) await this.#fetchFeedback(submitted)
    }
  }

  /** After each press of a button. */
  async #refresh(): Promise<void> {
    const { course, name, client } = this.#plan
    await this.#listReleased()
    if (client === 'old') return this.#listSubmitted()
    const before = this.#submitted.map(({ timestamp }) => timestamp)
    const fields = await this.#list(`submissions/${course}/${ASSIGNMENT}/${name}`)
    if (fields === null) return
    const listed = new Set((fields.submissions as { timestamp: string }[]).map(({ timestamp }) => timestamp))
    for (const timestamp of before)
      if (!listed.has(timestamp)) this.#world.faults.forgotten.push(`the list of ${name} lacks ${timestamp}`)
  }

  async #listReleased(): Promise<void> {
    const { course } = this.#plan
    await this.#list(`assignments/${course}`)
    if (!this.#hasFetched) await this.#list(`assignment/${course}/${ASSIGNMENT}?list_only=true`)
  }

  /** The old client asks for the assignments, does not use them, and asks for the feedback of each submission. */
  async #listSubmitted(): Promise<void> {
    await this.#list(`assignments/${this.#plan.course}`)
    for (const submitted of this.#submitted) await this.#lookFor(submitted)
  }

  #list(path: string): Promise<Fields | null> {
    return this.#person.read('list', path)
  }

  #lookFor({ timestamp }: Submitted): Promise<Fields | null> {
    return this.#person.read('look for feedback', this.#feedbackPath(timestamp, true))
  }

  async #fetchFeedback({ serial, timestamp }: Submitted): Promise<void> {
    const path = this.#feedbackPath(timestamp, false)
    const reply = await this.#person.ask('fetch feedback', { method: 'GET', path })
    if (reply.kind !== 'answer') return
    const feedback = feedbackOn({ student: this.#plan.name, serial })
    this.#mustBe(reply, expectedDownload(feedback, this.#world.pool, timestamp), 'feedback')
  }

  #feedbackPath(timestamp: string, listOnly: boolean): string {
    const { course, name } = this.#plan
    return `feedback/${course}/${ASSIGNMENT}/${name}?timestamp=${encodeURIComponent(timestamp)}&list_only=${listOnly}`
  }

  async #keepReceipt(): Promise<void> {
    const last = this.#submitted.at(-1)
    if (last === undefined) return
    const { course, name } = this.#plan
    const path = `receipt/${course}/${ASSIGNMENT}/${name}?timestamp=${encodeURIComponent(last.timestamp)}`
    const fields = await this.#person.read('receipt', path)
    const id = (fields?.receipt as { id?: string } | undefined)?.id
    if (fields !== null && id !== last.receipt)
      this.#world.faults.wrong.push(`${name}: was told the receipt ${last.receipt}, and got ${id}`)
  }

  #mustBe({ answer }: Extract<Reply, { kind: 'answer' }>, expected: readonly Buffer[], what: string): void {
    const difference = differenceIn(answer.body, expected)
    if (difference !== null) this.#world.faults.wrong.push(`${this.#plan.name}: ${what} ${difference}`)
  }
}

/** What the person may conclude. A client that tried again tells of each time. */
function outcomeOf(reply: Reply): Outcome {
  if (reply.kind === 'none')
    return { kind: reply.why === 'unreachable' ? 'denied' : 'open', reason: reply.reason }
  if (reply.kind === 'refused') {
    const isSure = reply.answer.status !== 503 || /nothing was stored/i.test(reply.reason)
    return { kind: isSure ? 'denied' : 'open', reason: reply.reason }
  }
  const { timestamp, receipt } = fieldsOf(reply.answer)
  if (typeof timestamp === 'string' && typeof receipt === 'string')
    return { kind: 'acknowledged', timestamp, receipt }
  return { kind: 'open', reason: 'success without a moment or a receipt' }
}
