// A thousand students and their instructor at the deadline: they ask again until they get what they came for.

import { setTimeout as sleep } from 'node:timers/promises'
import { errorCode } from '../../src/domain/errors.ts'
import type { Receipt } from '../../src/domain/receipt.ts'
import { formOf, summaryOf, workIn } from '../../test/faults/student-work.ts'
import { Random } from '../random.ts'
import { type Chronicle, isAnswer, isTrouble, type NoAnswer, outcomeOf } from './chronicle.ts'
import type { Errand, Plan } from './plan.ts'
import { type Answer, ask } from './wire.ts'
import { ASSIGNMENT, COURSE, INSTRUCTOR, RELEASED, workOf } from './work.ts'

const AT_ONCE = 64
const PAUSE_MS = 100
const RETRY_MS = 800
const MOST_STRANGE = 5

export type People = {
  plan: Plan
  chronicle: Chronicle
  port: number
  /** The time is up: nobody begins anything any more. */
  signal: AbortSignal
}

/** Resolves when everybody got what they came for and `trouble` is over, or the time is up. */
export async function liveThroughDeadline(people: People, trouble: Promise<unknown>): Promise<void> {
  const { plan, signal } = people
  let isCalm = false
  const calm = () => {
    isCalm = true
  }
  trouble.then(calm, calm)
  const errands = untilCalm(plan, () => isCalm)
  const over = new AbortController()
  const teaching = teach(people, AbortSignal.any([signal, over.signal]))
  const lanes = Math.min(AT_ONCE, Math.ceil(plan.students.length / 2))
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      for (const { errand, random } of errands) {
        await sleep(random.between(0, PAUSE_MS))
        await runErrand(people, errand, random)
        if (signal.aborted) return
      }
    }),
  )
  over.abort()
  await teaching
}

/** What was planned; then some submit once more, so that no trouble comes when nobody is there to feel it. */
function* untilCalm(plan: Plan, isCalm: () => boolean): Generator<{ errand: Errand; random: Random }> {
  for (let number = 0; number < plan.errands.length || !isCalm(); number++) {
    const random = new Random(`${plan.seed} errand ${number}`)
    const student = plan.students[random.whole(0, plan.students.length - 1)] ?? ''
    yield { errand: plan.errands[number] ?? { kind: 'submit', student }, random }
  }
}

/** `strange`: an answer that no trouble explains. */
type Try = 'done' | 'again' | 'strange'

async function runErrand(people: People, { kind, student }: Errand, random: Random): Promise<void> {
  const again = { random, signal: people.signal }
  if (kind === 'submit') await untilDone(again, () => submit(people, student))
  if (kind === 'fetch') await untilDone(again, () => fetchAssignment(people, student))
  if (kind === 'list') await untilDone(again, () => listOwn(people, student))
  if (kind === 'receipt') await untilDone(again, () => keepReceipt(people, student, random))
}

/** As people do with clients that do not do it by themselves. Who is told nonsense gives up some day. */
async function untilDone(
  { random, signal }: { random: Random; signal: AbortSignal },
  attempt: () => Promise<Try>,
): Promise<void> {
  for (let strange = 0; strange < MOST_STRANGE && !signal.aborted; ) {
    const came = await attempt()
    if (came === 'done') return
    if (came === 'strange') strange++
    await sleep(random.between(100, RETRY_MS))
  }
}

async function submit(people: People, student: string): Promise<Try> {
  const { plan, chronicle } = people
  const serial = chronicle.newSerial()
  const form = formOf(workOf(plan.seed, { student, serial }))
  const answer = await see(people, student, `submission/${COURSE}/${ASSIGNMENT}`, form)
  const outcome = outcomeOf(answer)
  chronicle.attempted({ serial, student, outcome: outcome ?? { kind: 'open' } })
  if (outcome === null && isAnswer(answer)) return tellStrange(chronicle, student, 'submit', answer)
  return outcome?.kind === 'acknowledged' ? 'done' : 'again'
}

async function fetchAssignment(people: People, student: string): Promise<Try> {
  const answer = await read(people, student, `assignment/${COURSE}/${ASSIGNMENT}`)
  if (!isAnswer(answer)) return answer
  if (summaryIn(answer) !== summaryOf(RELEASED)) {
    people.chronicle.faults.wrongRelease.push(`${student} fetched something else`)
  }
  return 'done'
}

/** What was acknowledged before one asks must be in the list. */
async function listOwn(people: People, student: string): Promise<Try> {
  const before = people.chronicle.acknowledgedOf(student)
  const answer = await read(people, student, `submissions/${COURSE}/${ASSIGNMENT}/${student}`)
  if (!isAnswer(answer)) return answer
  const listed = new Set(
    (answer.fields.submissions as { timestamp: string }[]).map(({ timestamp }) => timestamp),
  )
  for (const timestamp of before) {
    if (!listed.has(timestamp))
      people.chronicle.faults.forgotten.push(`the list of ${student} lacks ${timestamp}`)
  }
  return 'done'
}

async function keepReceipt(people: People, student: string, random: Random): Promise<Try> {
  const timestamp = random.shuffle(people.chronicle.acknowledgedOf(student))[0]
  if (timestamp === undefined) return 'done' // came too early
  const answer = await read(people, student, receiptPath({ student, timestamp }))
  if (!isAnswer(answer)) return answer
  people.chronicle.receipts.push({ student, timestamp, receipt: answer.fields.receipt as Receipt })
  return 'done'
}

/** Lists and collects while they still submit. */
async function teach(people: People, signal: AbortSignal): Promise<void> {
  const { plan, chronicle } = people
  const random = new Random(`${plan.seed} instructor`)
  while (!signal.aborted) {
    await sleep(random.between(200, 800))
    const before = chronicle.attempts.filter(({ outcome }) => outcome.kind === 'acknowledged')
    const list = await read(people, INSTRUCTOR, `submissions/${COURSE}/${ASSIGNMENT}`)
    const listed = !isAnswer(list) ? null : new Set((list.fields.submissions as Submission[]).map(nameOf))
    for (const { student, outcome } of before) {
      if (listed === null || outcome.kind !== 'acknowledged') continue
      const { timestamp } = outcome
      const name = nameOf({ student_id: student, timestamp })
      if (!listed.has(name)) chronicle.faults.forgotten.push(`the instructor's list lacks ${name}`)
    }
    for (const { student, serial, outcome } of random.shuffle(before).slice(0, 3)) {
      if (outcome.kind !== 'acknowledged') continue
      const answer = await read(people, INSTRUCTOR, submissionPath({ student, timestamp: outcome.timestamp }))
      if (!isAnswer(answer)) continue
      if (summaryIn(answer) !== summaryOf(workOf(plan.seed, { student, serial })))
        chronicle.faults.forgotten.push(`${student} ${outcome.timestamp} was collected with other files`)
    }
  }
}

export type Submission = { student_id: string; timestamp: string }

export function nameOf({ student_id, timestamp }: Submission): string {
  return `${student_id} ${timestamp}`
}

export function submissionPath({ student, timestamp }: { student: string; timestamp: string }): string {
  return `submission/${COURSE}/${ASSIGNMENT}/${student}?timestamp=${encodeURIComponent(timestamp)}`
}

export function receiptPath({ student, timestamp }: { student: string; timestamp: string }): string {
  return `receipt/${COURSE}/${ASSIGNMENT}/${student}?timestamp=${encodeURIComponent(timestamp)}`
}

/** Not an answer: why there is none that one could use. */
async function read(people: People, who: string, path: string): Promise<Answer | Exclude<Try, 'done'>> {
  const answer = await see(people, who, path)
  if (!isAnswer(answer)) return 'again'
  if (answer.status === 200 && answer.fields.success === true) return answer
  return isTrouble(answer) ? 'again' : tellStrange(people.chronicle, who, path, answer)
}

/** Asks, and writes down what came of it. */
async function see(
  { port, chronicle }: People,
  who: string,
  path: string,
  form?: Buffer,
): Promise<Answer | NoAnswer> {
  const what = `${form === undefined ? 'GET' : 'POST'} ${path}`
  const startedAt = performance.now()
  const tell = (status: number | null, text: string) =>
    chronicle.seen.push({ what, who, status, text, ms: Math.round(performance.now() - startedAt) })
  try {
    const answer = await ask(port, who, path, form)
    const { timestamp, message } = answer.fields
    tell(answer.status, String(message ?? timestamp ?? ''))
    return answer
  } catch (error) {
    const code = errorCode(error) ?? String(error)
    tell(null, code)
    if (error instanceof SyntaxError)
      chronicle.faults.strange.push(`${who}, ${what}: an answer that is no JSON`)
    return code === 'ECONNREFUSED' ? 'unreachable' : 'broken'
  }
}

/** What `summaryOf` says of the files, or what is wrong with them. */
function summaryIn({ fields }: Answer): string {
  try {
    return summaryOf(workIn(fields))
  } catch (error) {
    return String(error)
  }
}

function tellStrange(chronicle: Chronicle, who: string, what: string, { status, fields }: Answer): 'strange' {
  chronicle.faults.strange.push(`${who}, ${what}: ${status} ${JSON.stringify(fields)}`)
  return 'strange'
}
