/** What every rule works with, and who is asking. */
import type { ContentStore } from '../content/content-store.ts'
import type { Database, Writer } from '../db/database.ts'
import { prepared } from '../db/prepared.ts'
import type { Clock } from '../domain/timestamp.ts'

export interface Exchange {
  readonly db: Database
  readonly content: ContentStore
  readonly clock: Clock
}

/** An identified caller. Whether they teach or take a course is asked of the course. */
export interface Caller {
  readonly name: string
  /** Services of a hub are as users of that name; the record tells them apart. */
  readonly kind: 'user' | 'service'
  /** Admin of the whole service. */
  readonly isAdmin: boolean
  /** Network address, for the record. */
  readonly address: string | null
}

export interface CourseRef {
  readonly course: string
}

export interface AssignmentRef extends CourseRef {
  readonly assignment: string
}

/** Remembers an act, in the transaction that does it. `subject`: the user whom it was done to. */
export async function recordEvent(
  trx: Writer,
  event: { at: number; caller: Caller; action: EventAction } & Partial<AssignmentRef> & { subject?: string },
): Promise<void> {
  const { at, caller, action, course = null, assignment = null, subject = null } = event
  await insertEvent(trx, at, caller.name, caller.kind, caller.address, action, course, assignment, subject)
}

const insertEvent = prepared(
  (
    trx: Writer,
    at: number,
    actor: string,
    actor_kind: 'user' | 'service',
    address: string | null,
    action: string,
    course: string | null,
    assignment: string | null,
    subject: string | null,
  ) =>
    trx.insertInto('events').values({ at, actor, actor_kind, address, action, course, assignment, subject }),
)

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
  | 'submit-assignment'
  | 'release-feedback'
