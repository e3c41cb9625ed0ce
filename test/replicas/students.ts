/** Students who submit all the time, and try again when they are told that it did not work. */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { isGenuine, type Receipt } from '../../src/domain/receipt.ts'
import { Classroom, type Listed, teacher } from '../faults/classroom.ts'
import { type Answer, formType } from '../faults/client.ts'
import { forEach } from '../faults/eventually.ts'
import { aNotebook, formOf, summaryOf, type Work } from '../faults/student-work.ts'

/** What a student saw: of one attempt to submit, or to look. */
export interface Seen {
  readonly what: 'submit' | 'list' | 'fetch'
  /** Null: no answer at all. */
  readonly status: number | null
  readonly text: string
  readonly retryAfter: string | null
  readonly startedAt: number
  readonly ms: number
}

const most = 60
const timeoutMs = 90_000

export class Students {
  readonly seen: Seen[] = []
  /** `student timestamp` → what was submitted. */
  readonly acknowledged = new Map<string, string>()
  readonly #home: URL
  readonly #lanes: Promise<void>[]
  #isOver = false

  /** They begin at once. `large`: every so manieth submission has a file for the store. */
  constructor(home: URL, options: { students: readonly string[]; atOnce: number; large?: number }) {
    this.#home = home
    this.#lanes = Array.from({ length: options.atOnce }, (_, lane) => this.#live(lane, options))
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#lanes)
  }

  /** What was seen of requests that began since then (by `performance.now()`). */
  since(moment: number, until = Number.POSITIVE_INFINITY): Seen[] {
    return this.seen.filter(({ startedAt }) => startedAt >= moment && startedAt < until)
  }

  async #live(lane: number, options: { students: readonly string[]; large?: number }): Promise<void> {
    const { students, large = 3 } = options
    for (let number = 0; !this.#isOver; number++) {
      const student = students[(number * 7 + lane) % students.length] ?? ''
      const size = number % large === 0 ? 90_000 + (number % most) : 3000
      await this.#submit(student, aNotebook(`${lane} ${number}`, size))
      await this.#look('list', `submissions/course/homework/${student}`, student)
      await this.#look('fetch', 'assignment/course/homework', student)
    }
  }

  async #submit(student: string, work: Work): Promise<void> {
    const answer = await this.#ask('submit', 'submission/course/homework', student, formOf(work))
    if (answer?.status === 200) {
      this.acknowledged.set(`${student} ${answer.fields.timestamp as string}`, summaryOf(work))
    } else await sleep(100 + 200 * Math.random())
  }

  async #look(what: 'list' | 'fetch', path: string, student: string): Promise<void> {
    const answer = await this.#ask(what, path, student)
    if (answer?.status !== 200) await sleep(100 + 200 * Math.random())
  }

  async #ask(what: Seen['what'], path: string, student: string, form?: Buffer): Promise<Answer | null> {
    const startedAt = performance.now()
    const tell = (status: number | null, text: string, retryAfter: string | null) =>
      this.seen.push({
        what,
        status,
        text,
        retryAfter,
        startedAt,
        ms: Math.round(performance.now() - startedAt),
      })
    try {
      const { answer, retryAfter } = await asked(new URL(path, this.#home), student, form)
      tell(answer.status, String(answer.fields.message ?? ''), retryAfter)
      return answer
    } catch (error) {
      tell(null, String(error), null)
      return null
    }
  }
}

async function asked(
  url: URL,
  student: string,
  form?: Buffer,
): Promise<{ answer: Answer; retryAfter: string | null }> {
  url.searchParams.set('user', student)
  const headers =
    form === undefined ? {} : { 'content-type': formType, 'content-length': Buffer.byteLength(form) }
  // As nbgrader's plugin does it: a connection for each request.
  const sent = request(url, {
    ...{ method: form === undefined ? 'GET' : 'POST', headers, agent: false },
    signal: AbortSignal.timeout(timeoutMs),
  })
  sent.end(form)
  const [message] = (await once(sent, 'response')) as [IncomingMessage]
  const text = (await message.toArray()).join('')
  const contentType = message.headers['content-type'] ?? ''
  const fields = contentType.includes('json') ? JSON.parse(text) : { message: text.slice(0, 200) }
  const answer = { status: message.statusCode ?? 0, contentType, fields }
  const retryAfter = message.headers['retry-after'] ?? null
  return { answer, retryAfter }
}

/** Everything that was acknowledged is there, byte for byte, with a genuine receipt: what is not, in words. */
export async function missing(home: URL, students: Students): Promise<string[]> {
  const classroom = new Classroom({ home })
  const listed = new Map((await classroom.list()).map(each => [`${each.student_id} ${each.timestamp}`, each]))
  const keys = await publicKeys(home)
  const faults: string[] = []
  await forEach(students.acknowledged, 8, async ([key, summary]) => {
    const submission = listed.get(key)
    if (submission === undefined) {
      faults.push(`${key} is not there`)
      return
    }
    if ((await classroom.summary(submission).catch(String)) !== summary) faults.push(`${key} has other files`)
    if (!(await hasReceipt(home, submission, keys))) faults.push(`${key} has no genuine receipt`)
  })
  classroom.client.close()
  return faults
}

async function publicKeys(home: URL): Promise<Map<string, KeyObject>> {
  const { answer } = await asked(new URL('receipt-keys', home), teacher)
  const keys = answer.fields.keys as { id: string; publicKey: string }[]
  return new Map(keys.map(({ id, publicKey }) => [id, createPublicKey(publicKey)]))
}

async function hasReceipt(
  home: URL,
  { student_id, timestamp }: Listed,
  keys: ReadonlyMap<string, KeyObject>,
): Promise<boolean> {
  const path = `receipt/course/homework/${student_id}?timestamp=${encodeURIComponent(timestamp)}`
  const { answer } = await asked(new URL(path, home), teacher)
  const receipt = answer.fields.receipt as Receipt | undefined
  const key = keys.get(receipt?.key ?? '')
  return receipt !== undefined && key !== undefined && isGenuine(receipt, key)
}
