/** The durable facts, one interface a table, as the driver returns them. Moments are microseconds (UTC). */
import type { Generated, Insertable } from 'kysely'
import type { Role } from '../domain/membership.ts'

export interface Schema {
  users: UserTable
  courses: CourseTable
  members: MemberTable
  assignments: AssignmentTable
  releases: ReleaseTable
  submissions: SubmissionTable
  feedback: FeedbackTable
  trees: TreeTable
  tree_files: TreeFileTable
  blobs: BlobTable
  heartbeat: HeartbeatTable
  events: EventTable
  event_seals: EventSealTable
  event_chain: EventChainTable
  former_names: FormerNameTable
  student_totals: StudentTotalTable
  signing_keys: SigningKeyTable
  leases: LeaseTable
  uploads: UploadTable
  announcements: AnnouncementTable
}

interface UserTable {
  id: Generated<number>
  name: string
  created_at: number
}

/** Names are unique among the living: a course created after a deletion is another course. */
interface CourseTable {
  id: Generated<number>
  name: string
  created_at: number
  hidden_at: number | null
}

/**
 * One role per person and course: the stronger of what the roster says, and what a group of the hub said when it was
 * last asked. One of the two may be null.
 */
interface MemberTable {
  id: Generated<number>
  course_id: number
  user_id: number
  role: Role
  first_name: string | null
  last_name: string | null
  email: string | null
  roster_role: Role | null
  group_role: Role | null
}

/** Hidden by DELETE, never gone; released again, the same row goes on. `listed_at` gives the order of lists. */
interface AssignmentTable {
  id: Generated<number>
  course_id: number
  name: string
  listed_at: number
  hidden_at: number | null
}

/** What students fetch is the newest version. Immutable. */
interface ReleaseTable {
  id: Generated<number>
  assignment_id: number
  version: number
  tree_id: number
  released_by: number
  released_at: number
}

/**
 * Immutable. `received_at` is when the request arrived, or its announcement; a microsecond later where that was taken. `client_key`: what the
 * client called this submission, so that repeating the request does not submit again.
 */
interface SubmissionTable {
  id: Generated<number>
  assignment_id: number
  user_id: number
  received_at: number
  tree_id: number
  client_key: Generated<string | null>
}

/** The one row of a submission without `replaced_at` is served. */
interface FeedbackTable {
  id: Generated<number>
  submission_id: number
  tree_id: number
  released_by: number
  released_at: number
  replaced_at: number | null
}

/** `digest`: SHA-256, in hex, over the tree's manifest; see `exchange/directory-trees.ts`. */
interface TreeTable {
  id: Generated<number>
  digest: string
  file_count: number
  size_bytes: number
}

interface TreeFileTable {
  tree_id: number
  position: number
  path: string
  is_executable: 0 | 1
  blob_id: number
}

/** Bytes are here (`bytes`) or in the content store (`location`): exactly one of the two is set. */
interface BlobTable {
  id: Generated<number>
  sha256: string
  md5: string
  size_bytes: number
  stored_at: number
  location: string | null
  bytes: Buffer | null
}

/** One row, written to see whether writing works. */
interface HeartbeatTable {
  id: number
  at: number
}

/**
 * Who did what to what, when, from where, and with what result: `done`, or the code of the refusal. Append-only; names
 * are kept as they were then. What is salted (`actor` with its address, `subject`) is null once it was forgotten; the
 * digests stay. See `exchange/event-digests.ts`.
 */
interface EventTable {
  id: Generated<number>
  at: number
  action: string
  result: string
  course: string | null
  assignment: string | null
  actor: string | null
  actor_kind: 'user' | 'service'
  address: string | null
  actor_salt: string | null
  actor_digest: string
  subject: string | null
  subject_salt: string | null
  subject_digest: string | null
  digest: string
}

/** The links of the chain over the events: each over the one before it and the events up to `last_event_id`. */
interface EventSealTable {
  id: Generated<number>
  last_event_id: number
  event_count: number
  hash: string
  sealed_at: number
}

/** One row: the newest link that was ever made, also if it is no longer there. */
interface EventChainTable {
  id: number
  last_seal_id: number
}

/** What people were called before they were renamed or merged, so that erasing them finds those names, too. */
interface FormerNameTable {
  user_id: number
  name: string
  until: number
}

/**
 * What a student's submissions to a course amount to, and all the feedback to them: kept by triggers on the tables that
 * it is about, and read where quotas are set.
 */
interface StudentTotalTable {
  course_id: number
  user_id: number
  submitted_bytes: number
  feedback_bytes: number
}

/** Ed25519, in PEM. The newest that is not retired signs; retired ones still verify. `id`: of the public key. */
interface SigningKeyTable {
  id: string
  public_key: string
  private_key: string
  created_at: number
  retired_at: number | null
}

/** Who does what only one may do at a time; nobody where `holder` is null. See `exchange/leases.ts`. */
interface LeaseTable {
  name: string
  holder: string | null
  beat: number
}

/** A file that waits for the tree it belongs to. */
interface UploadTable {
  user_id: number
  blob_id: number
  uploaded_at: number
}

/** A submission of `user_id`'s whose files `caller_id` is about to send. Goes with the users, and with the assignment. */
interface AnnouncementTable {
  user_id: number
  caller_id: number
  client_key: string
  assignment_id: number
  digest: string
  announced_at: number
}

export type TreeFileRow = Insertable<TreeFileTable>

export type NewEventRow = Insertable<EventTable>
