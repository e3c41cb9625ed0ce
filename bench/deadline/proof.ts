// What must be true afterwards: of everything that anybody was told, and of everything that is stored.

import { createPublicKey, type KeyObject } from 'node:crypto'
import { Pool as HttpPool } from 'undici'
import { isGenuine, type Receipt } from '../../src/domain/receipt.ts'
import { forEach } from '../../test/faults/eventually.ts'
import { Comparison, differenceIn, expectedDownload } from './expected.ts'
import { coursesOf, type Plan, teacherName } from './plan.ts'
import type { Pool } from './pool.ts'
import type { Told } from './story.ts'
import { ASSIGNMENT, attemptIn, type Digests, digestsOf, submissionOf, type Work } from './work.ts'
import { nameOf } from './world.ts'

export type Proof = {
  stored: number
  storedUnconfirmed: number
  /** Acknowledged, and not there byte for byte. */
  lost: string[]
  /** Receipts that are not genuine, or say something else. */
  receipts: string[]
  /** There, though somebody was told that it is not, or nobody sent it. */
  toldWrongly: string[]
  sameMoment: string[]
}

type Acknowledged = Told & { outcome: { kind: 'acknowledged' } }
type Submission = { course: string; student: string; timestamp: string }
type Keys = ReadonlyMap<string, KeyObject>

const AT_ONCE = 8
const TRIES = 20
const AGAIN_MS = 500

export async function prove(options: {
  plan: Plan
  pool: Pool
  told: readonly Told[]
  ports: readonly number[]
}): Promise<Proof> {
  const { plan, pool, told, ports } = options
  const asking = new Asking(ports)
  const proof: Proof = {
    ...{ stored: 0, storedUnconfirmed: 0 },
    ...{ lost: [], receipts: [], toldWrongly: [], sameMoment: [] },
  }
  const stored = new Map<string, Submission>()
  for (const course of coursesOf(plan)) {
    for (const submission of await asking.listAll(course)) {
      const name = nameOf(submission.student, submission.timestamp)
      if (stored.has(name)) proof.sameMoment.push(name)
      stored.set(name, submission)
    }
  }
  proof.stored = stored.size
  const keys = await asking.publicKeys(coursesOf(plan)[0] ?? '')
  const acknowledged = told.filter(one => one.outcome.kind === 'acknowledged') as Acknowledged[]
  await forEach(acknowledged, AT_ONCE, async one => {
    const name = nameOf(one.student, one.outcome.timestamp)
    const submission = stored.get(name)
    if (submission === undefined) {
      proof.lost.push(`${name}: is not there`)
      return
    }
    stored.delete(name)
    const work = submissionOf(one, one.sizeBytes)
    const digests = digestsOf(work, pool)
    const expected = expectedDownload(work, pool, one.outcome.timestamp, digests.md5)
    const difference = await asking.compare(submission, expected)
    if (difference !== null) proof.lost.push(`${name}: ${difference}`)
    const wrong = await asking.receiptOf(submission).then(
      receipt => wrongIn(receipt, keys, one, digests),
      (error: unknown) => `cannot be had: ${error}`,
    )
    if (wrong !== null) proof.receipts.push(`${name}: ${wrong}`)
  })
  proof.storedUnconfirmed = stored.size
  await judgeUnconfirmed(asking, [...stored.values()], options, proof)
  await asking.close()
  return proof
}

/** What is there without a word to anybody must be what somebody tried to hand in, and was not told is not there. */
async function judgeUnconfirmed(
  asking: Asking,
  submissions: readonly Submission[],
  { pool, told }: { pool: Pool; told: readonly Told[] },
  { toldWrongly }: Proof,
): Promise<void> {
  const open = new Map<number, Told[]>()
  for (const one of told)
    if (one.outcome.kind === 'open') open.set(one.serial, [...(open.get(one.serial) ?? []), one])
  for (const submission of submissions) {
    const name = nameOf(submission.student, submission.timestamp)
    const body = await asking.download(submission)
    const attempt = attemptIn(JSON.parse(body.toString('utf8')).files)
    const attempts = attempt?.student === submission.student ? open.get(attempt.serial) : undefined
    // Each broken connection may have left one submission, and no more.
    const one = attempts?.shift()
    if (one === undefined) {
      toldWrongly.push(`${name}: is there, though nobody was left in doubt about it`)
      continue
    }
    const work: Work = submissionOf(one, one.sizeBytes)
    const difference = differenceIn(body, expectedDownload(work, pool, submission.timestamp))
    if (difference !== null) toldWrongly.push(`${name}: nobody confirmed it, and it ${difference}`)
  }
}

/** Null: genuine, and it says what it should. */
function wrongIn(receipt: Receipt, keys: Keys, one: Acknowledged, digests: Digests): string | null {
  const key = keys.get(receipt.key)
  if (key === undefined) return `signed by ${receipt.key}, which is no key of this service`
  if (!isGenuine(receipt, key)) return 'is not genuine'
  if (receipt.id !== one.outcome.receipt)
    return `the student was told ${one.outcome.receipt}, and this is ${receipt.id}`
  const { course, assignment, student, receivedAt, digest } = receipt
  const said = [course, assignment, student, receivedAt, digest].join(' ')
  const wanted = [one.course, ASSIGNMENT, one.student, one.outcome.timestamp, digests.manifest].join(' ')
  if (said !== wanted) return `speaks of ${said}, not of ${wanted}`
  return JSON.stringify(receipt.files) === JSON.stringify(digests.files) ? null : 'lists other files'
}

/** The teacher's questions. A busy server is asked again. */
class Asking {
  readonly #pools: HttpPool[]
  #turn = 0

  constructor(ports: readonly number[]) {
    this.#pools = ports.map(port => new HttpPool(`http://127.0.0.1:${port}`, { connections: AT_ONCE }))
  }

  async close(): Promise<void> {
    await Promise.all(this.#pools.map(pool => pool.close()))
  }

  async listAll(course: string): Promise<Submission[]> {
    const { submissions } = await this.#json(course, `submissions/${course}/${ASSIGNMENT}`)
    return (submissions as { student_id: string; timestamp: string }[]).map(({ student_id, timestamp }) => ({
      ...{ course, timestamp },
      student: student_id,
    }))
  }

  async publicKeys(course: string): Promise<Keys> {
    const { keys } = await this.#json(course, 'receipt-keys')
    return new Map(
      (keys as { id: string; publicKey: string }[]).map(({ id, publicKey }) => [
        id,
        createPublicKey(publicKey),
      ]),
    )
  }

  async receiptOf({ course, student, timestamp }: Submission): Promise<Receipt> {
    const path = `receipt/${course}/${ASSIGNMENT}/${student}?timestamp=${encodeURIComponent(timestamp)}`
    const { receipt } = await this.#json(course, path)
    return receipt as Receipt
  }

  /** Null: it is that, byte for byte. */
  async compare(submission: Submission, expected: readonly Buffer[]): Promise<string | null> {
    try {
      const comparison = new Comparison(expected)
      for await (const bytes of await this.#ask(submission.course, pathOf(submission))) comparison.push(bytes)
      return comparison.findDifference()
    } catch (error) {
      return `cannot be collected: ${error}`
    }
  }

  async download(submission: Submission): Promise<Buffer> {
    return Buffer.concat(await Array.fromAsync(await this.#ask(submission.course, pathOf(submission))))
  }

  async #json(course: string, path: string): Promise<{ [name: string]: unknown }> {
    const pieces = await Array.fromAsync(await this.#ask(course, path))
    return JSON.parse(Buffer.concat(pieces).toString('utf8'))
  }

  /** @throws when there is no good answer, however often it is asked */
  async #ask(course: string, path: string): Promise<AsyncIterable<Buffer>> {
    for (let tries = 1; ; tries++) {
      const pool = this.#pools[this.#turn++ % this.#pools.length] as HttpPool
      const { statusCode, body } = await pool.request({
        path: `/api/${path}`,
        method: 'GET',
        headers: { authorization: `token ${teacherName(course, 0)}` },
      })
      if (statusCode === 200) return body
      const text = await body.text()
      const isBusy = statusCode === 429 || statusCode === 503
      if (!isBusy || tries === TRIES) throw new Error(`${path}: ${statusCode} ${text.slice(0, 200)}`)
      await new Promise(resolve => setTimeout(resolve, AGAIN_MS))
    }
  }
}

function pathOf({ course, student, timestamp }: Submission): string {
  return `submission/${course}/${ASSIGNMENT}/${student}?timestamp=${encodeURIComponent(timestamp)}`
}
