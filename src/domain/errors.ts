/** The one table of what the exchange can refuse. Status and wording are attached at the HTTP edge. */
import type { QuotaFacts } from './quotas.ts'

export const refusalCodes = [
  'course-not-found',
  'course-exists',
  'assignment-not-found',
  'assignment-exists',
  'instructor-not-found',
  'student-not-found',
  'submission-not-found',
  'not-admin',
  'not-instructor',
  'not-related',
  'cannot-modify-instructors',
  'cannot-modify-other-instructors',
  'instructor-is-no-student',
  'illegal-name',
  'illegal-path',
  'checksum-mismatch',
  'content-not-base64',
  'quota-exceeded',
  'release-not-found',
  'feedback-not-found',
  'file-not-found',
  'files-missing',
  'too-many-uploads',
  'key-reused',
] as const

export type RefusalCode = (typeof refusalCodes)[number]

/** A rule says no. Nothing has been changed; asking again gives the same answer until the data changes. */
export class Refusal extends Error {
  readonly code: RefusalCode

  constructor(code: RefusalCode) {
    super(code)
    this.name = 'Refusal'
    this.code = code
  }
}

/** There is no room for what would be stored. */
export class QuotaExceeded extends Refusal {
  readonly facts: QuotaFacts

  constructor(facts: QuotaFacts) {
    super('quota-exceeded')
    this.facts = facts
  }
}

/** A limit was passed: `limit` is what is allowed, `what` what was counted, in words for people. */
export class TooLarge extends Error {
  readonly what: string
  readonly limit: number

  constructor(what: string, limit: number) {
    super(`${what}: at most ${limit}`)
    this.name = 'TooLarge'
    this.what = what
    this.limit = limit
  }
}

/** What of ours, or beneath us, is in trouble. The caller did nothing wrong and may try again later. */
export type TroubleKind =
  | 'storage-full'
  | 'storage'
  | 'database'
  | 'database-busy'
  /** The database is being moved, or was, and takes no changes. */
  | 'frozen'
  | 'blob-missing'
  | 'blob-damaged'
  /** The hub does not say who is asking. */
  | 'hub'
  /** The hub does not accept this service. */
  | 'hub-secret'

/** The other side broke (disk, database, hub): translated once, in the adapter, with its `cause`. */
export class Trouble extends Error {
  readonly kind: TroubleKind

  constructor(kind: TroubleKind, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'Trouble'
    this.kind = kind
  }
}

/** The `code` of a Node or SQLite error (`ENOSPC`, `SQLITE_BUSY`); undefined for anything else. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
