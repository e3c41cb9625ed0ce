/** What every rule works with, and who is asking. */
import type { ContentStore } from '../content/content-store.ts'
import type { Database, Writer } from '../db/database.ts'
import { prepared } from '../db/prepared.ts'
import type { Quotas } from '../domain/quotas.ts'
import type { Clock } from '../domain/timestamp.ts'
import { digestActor, digestEvent, digestSubject, newSalt } from './event-digests.ts'

export interface Exchange {
  readonly db: Database
  readonly content: ContentStore
  readonly clock: Clock
  /** Without: none. */
  readonly quotas?: Quotas
  /** Remembers what changed nothing, soon; see `event-buffer.ts`. */
  readonly later?: (event: NewEvent) => void
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
  const { at, caller, action, course = null, assignment = null, subject = null, result = 'done' } = event
  const { name, kind, address } = caller
  const actorSalt = newSalt()
  const actorDigest = digestActor(actorSalt, name, address)
  const subjectSalt = subject === null ? null : newSalt()
  const subjectDigest = subject === null || subjectSalt === null ? null : digestSubject(subjectSalt, subject)
  const digest = digestEvent({
    ...{ at, action, result, course, assignment },
    actor_kind: kind,
    actor_digest: actorDigest,
    subject_digest: subjectDigest,
  })
  await insertEvent(
    trx,
    ...([at, action, result, course, assignment] as const),
    ...([name, kind, address, actorSalt, actorDigest] as const),
    ...([subject, subjectSalt, subjectDigest, digest] as const),
  )
}

const insertEvent = prepared(
  (
    trx: Writer,
    at: number,
    action: string,
    result: string,
    course: string | null,
    assignment: string | null,
    actor: string,
    actor_kind: 'user' | 'service',
    address: string | null,
    actor_salt: string,
    actor_digest: string,
    subject: string | null,
    subject_salt: string | null,
    subject_digest: string | null,
    digest: string,
  ) =>
    trx.insertInto('events').values({
      ...{ at, action, result, course, assignment },
      ...{ actor, actor_kind, address, actor_salt, actor_digest },
      ...{ subject, subject_salt, subject_digest, digest },
    }),
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
