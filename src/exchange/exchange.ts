/** What every rule works with, and who is asking. */
import type { ContentStore } from '../content/content-store.ts'
import type { Database, Writer } from '../db/database.ts'
import type { Clock } from '../domain/timestamp.ts'

export interface Exchange {
  readonly db: Database
  readonly content: ContentStore
  readonly clock: Clock
}

/** An identified caller. Whether they teach or take a course is asked of the course. */
export interface Caller {
  readonly name: string
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
  await trx
    .insertInto('events')
    .values({
      at: event.at,
      actor: event.caller.name,
      address: event.caller.address,
      action: event.action,
      course: event.course ?? null,
      assignment: event.assignment ?? null,
      subject: event.subject ?? null,
    })
    .execute()
}

export type EventAction =
  | 'create-course'
  | 'hide-course'
  | 'set-instructor'
  | 'remove-instructor'
  | 'set-student'
  | 'remove-student'
  | 'release-assignment'
  | 'hide-assignment'
  | 'submit-assignment'
  | 'release-feedback'
