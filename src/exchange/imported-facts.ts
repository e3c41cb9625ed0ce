/** What an import is given, what it tells, and how it counts. */
import type { Role } from '../domain/membership.ts'
import type { Micros } from '../domain/timestamp.ts'
import type { Caller, Exchange } from './exchange.ts'
import type { FileToImport } from './imported-trees.ts'
import type { Member } from './rosters.ts'

export interface CourseToImport {
  readonly course: string
  /** Each user once, in the order in which they joined. */
  readonly members: readonly (Member & { readonly role: Role })[]
  /** Each name once, in the order of release. */
  readonly assignments: readonly AssignmentToImport[]
}

export interface AssignmentToImport {
  readonly assignment: string
  /** Oldest first. */
  readonly releases: readonly (readonly FileToImport[])[]
  /** In the order in which they came in; a student has no two of one moment. */
  readonly submissions: readonly SubmissionToImport[]
}

export interface SubmissionToImport {
  readonly student: string
  readonly receivedAt: Micros
  readonly files: readonly FileToImport[]
  /** None where there is no feedback. */
  readonly feedback: readonly FileToImport[]
}

/** Something that did not come over as it was, or that somebody should know of. */
export interface Oddity {
  readonly kind: OddityKind
  readonly course?: string | undefined
  readonly assignment?: string | undefined
  readonly student?: string | undefined
  /** Of the submission, as on the wire. */
  readonly timestamp?: string | undefined
  readonly path?: string | undefined
  readonly detail: string
  /** Whether this itself is here all the same. */
  readonly imported: boolean
}

export type OddityKind =
  | 'checksum-mismatch'
  | 'deleted-here'
  | 'different-here'
  | 'due-date'
  | 'duplicate-assignment'
  | 'duplicate-member'
  | 'duplicate-timestamp'
  | 'feedback-of-nobody'
  | 'file-missing'
  | 'file-without-row'
  | 'impossible-name'
  | 'no-instructor'
  | 'odd-name'
  | 'orphan-row'
  | 'path-renamed'
  | 'skipped-file'
  | 'timestamp-differs'
  | 'timestamp-unreadable'
  | 'timestamp-zone'
  | 'unknown-revision'
  | 'unknown-user'

export interface ImportCounts {
  courses: number
  members: number
  assignments: number
  releases: number
  submissions: number
  feedback: number
  /** Of submissions that lacked files until now. */
  completed: number
  files: number
  bytes: number
}

export interface ImportedCourse {
  readonly added: ImportCounts
  /** Was here before; files and bytes are not counted. */
  readonly present: ImportCounts
}
export interface ImportOptions {
  /** Null where there is nothing yet, for a dry run. */
  readonly exchange: Exchange | null
  readonly caller: Caller
  /** Reads and compares all, and writes nothing. */
  readonly dryRun: boolean
  odd(oddity: Oddity): void
}
/** For adding up, over courses. */
export function noCounts(): ImportCounts {
  return {
    ...{ courses: 0, members: 0, assignments: 0, releases: 0, submissions: 0, feedback: 0, completed: 0 },
    ...{ files: 0, bytes: 0 },
  }
}
