/** What every rule works with, and who is asking. */
import type { ContentStore } from '../content/content-store.ts'
import type { Database } from '../db/database.ts'
import type { Quotas } from '../domain/quotas.ts'
import type { Clock } from '../domain/timestamp.ts'
import type { NewEvent } from './events.ts'

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

/** Who does what nobody asked for, for the record. */
export const housekeeper: Caller = {
  name: 'housekeeping',
  kind: 'service',
  isAdmin: true,
  address: null,
}

export interface CourseRef {
  readonly course: string
}

export interface AssignmentRef extends CourseRef {
  readonly assignment: string
}
