/** Events: what is remembered of each act, and for good. */
import type { Writer } from '../db/database.ts'
import { prepared } from '../db/prepared.ts'
import type { NewEventRow } from '../db/schema.ts'
import { digestActor, digestEvent, digestSubject, newSalt } from './event-digests.ts'
import type { Caller } from './exchange.ts'

export interface NewEvent {
  readonly at: number
  readonly caller: Caller
  readonly action: EventAction
  readonly course?: string | undefined
  readonly assignment?: string | undefined
  /** The user whom it was done to. */
  readonly subject?: string | undefined
  /** The code of the refusal, where it was refused. */
  readonly result?: string
}

/** Remembers an act, in the transaction that does it. */
export async function recordEvent(trx: Writer, event: NewEvent): Promise<void> {
  await insertEvent(trx, ...valuesOf(rowOf(event)))
}

/** Remembers many, in their order. */
export async function recordEvents(trx: Writer, events: readonly NewEvent[]): Promise<void> {
  const rows = events.map(rowOf)
  const together = rows.length - (rows.length % eventsAtOnce)
  for (let from = 0; from < together; from += eventsAtOnce) {
    await insertEvents(trx, ...rows.slice(from, from + eventsAtOnce).flatMap(valuesOf))
  }
  for (const row of rows.slice(together)) await insertEvent(trx, ...valuesOf(row))
}

const eventsAtOnce = 32

function rowOf(event: NewEvent): NewEventRow {
  const { at, caller, action, course = null, assignment = null, subject = null, result = 'done' } = event
  const { name, kind, address } = caller
  const actorSalt = newSalt()
  const actorDigest = digestActor(actorSalt, name, address)
  const subjectSalt = subject === null ? null : newSalt()
  const subjectDigest = subject === null || subjectSalt === null ? null : digestSubject(subjectSalt, subject)
  const facts = {
    ...{ at, action, result, course, assignment },
    ...{ actor_kind: kind, actor_digest: actorDigest, subject_digest: subjectDigest },
  }
  return {
    ...facts,
    ...{ actor: name, address, actor_salt: actorSalt },
    ...{ subject, subject_salt: subjectSalt },
    digest: digestEvent(facts),
  }
}

const columns = [
  ...(['at', 'action', 'result', 'course', 'assignment'] as const),
  ...(['actor', 'actor_kind', 'address', 'actor_salt', 'actor_digest'] as const),
  ...(['subject', 'subject_salt', 'subject_digest', 'digest'] as const),
]

type Value = string | number | null

function valuesOf(row: NewEventRow): Value[] {
  return columns.map(column => row[column] ?? null)
}

/** So many rows by one statement, whose text is the same each time. */
const insertRows = (count: number) =>
  prepared((trx: Writer, ...values: Value[]) => {
    const row = (n: number) => columns.map((column, i) => [column, values[n * columns.length + i]])
    const rows = Array.from({ length: count }, (_, n) => Object.fromEntries(row(n)) as NewEventRow)
    return trx.insertInto('events').values(rows)
  })

const insertEvent = insertRows(1)
const insertEvents = insertRows(eventsAtOnce)

export type EventAction =
  | 'create-course'
  | 'hide-course'
  | 'set-instructor'
  | 'remove-instructor'
  | 'set-student'
  | 'remove-student'
  | 'join-by-group'
  | 'leave-by-group'
  | 'release-assignment'
  | 'hide-assignment'
  | 'fetch-assignment'
  | 'submit-assignment'
  | 'collect-submission'
  | 'release-feedback'
  | 'fetch-feedback'
  | 'rotate-key'
  | 'rename-user'
  | 'rename-user-to'
  | 'merge-user'
  | 'merge-user-into'
  | 'erase-user'
  | 'import-course'
  | 'finish-import'
  | 'restore-course'
  | 'restore-course-as'
  | 'restore-assignment'
  | 'purge-course'
  | 'purge-assignment'
  | 'sweep'
  | 'repair'
  | 'refused'
