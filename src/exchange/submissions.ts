/** Submissions: students submit, instructors collect, everyone finds their own. Never changed, never overwritten. */
import type { Later, Reader, Writer } from '../db/database.ts'
import { prepared } from '../db/prepared.ts'
import { bytesOfSmallTree, treeColumns } from '../db/tree-rows.ts'
import { Refusal } from '../domain/errors.ts'
import { receiptId } from '../domain/receipt.ts'
import type { Micros } from '../domain/timestamp.ts'
import {
  type Assignment,
  assignmentFor,
  ensureUser,
  findRole,
  getMembersAssignment,
  getSubmitterId,
  getTaughtAssignment,
  getUsersAssignment,
  usersAssignmentOf,
} from './access.ts'
import { takeAnnouncement } from './announcements.ts'
import {
  type FetchedTree,
  type InsertTree,
  type StagedTree,
  treeOf,
  writeWithTree,
} from './directory-trees.ts'
import { recordEvent } from './events.ts'
import type { AssignmentRef, Caller, Exchange } from './exchange.ts'
import { requireRoom } from './quotas.ts'
import { together } from './side-by-side.ts'
import { lastRenaming } from './users.ts'

export interface SubmissionSummary {
  readonly student: string
  readonly receivedAt: Micros
}

interface StudentInput extends AssignmentRef {
  readonly caller: Caller
  readonly student: string
}

export interface SubmitInput extends AssignmentRef {
  readonly caller: Caller
  /** Whose submission it is: the caller's, unless an instructor submits for a student. */
  readonly student?: string
}

/** Refuses what `submitAssignment` would refuse before it looks at the files. */
export async function maySubmit(exchange: Exchange, input: SubmitInput): Promise<void> {
  await getSubmitTarget(exchange.db.read, input)
}

/** The assignment, and whose submission it will be. @throws Refusal as `submitAssignment` */
export async function getSubmitTarget(
  db: Reader,
  input: SubmitInput,
): Promise<Assignment & { student: string }> {
  const { caller, student = caller.name } = input
  if (student === caller.name) return { ...(await getMembersAssignment(db, caller, input)), student }
  const assignment = await getTaughtAssignment(db, caller, input)
  if ((await findRole(db, assignment.courseId, student)) === null) throw new Refusal('student-not-found')
  return { ...assignment, student }
}

/** What the student holds of a submission that is stored. */
export interface Submitted {
  readonly receivedAt: Micros
  readonly receiptId: string
}

/**
 * Stores a submission and returns its receipt's id and the moment it carries from now on: `receivedAt`, or that of its
 * announcement, or the next free microsecond of that student and assignment. `key`: what the client calls this
 * submission; who comes with the same key and the same files again gets the answer of the first time.
 * @throws Refusal `course-not-found`, `not-related`, `assignment-not-found`, `quota-exceeded`, `key-reused`; for another
 * `not-instructor`, `student-not-found`
 */
export async function submitAssignment(
  exchange: Exchange,
  input: SubmitInput & { receivedAt: Micros; tree: StagedTree; key?: string },
): Promise<Submitted> {
  const { caller, course, assignment, key = null } = input
  const submit = async (
    trx: Writer,
    insertTree: InsertTree,
    { digest, later }: { digest: string; later: Later },
  ): Promise<Submitted> => {
    const target = getSubmitTarget(trx, input)
    // Without a key it is surely new: its files go out with the first question.
    const early = key === null ? insertTree() : null
    await together([target, early])
    const { id: assignmentId, courseId, callerId, student } = await target
    const isOwn = student === caller.name && callerId !== null
    const userId = isOwn ? callerId : await ensureUser(trx, student, input.receivedAt)
    const known = key === null ? null : await findSubmitted(trx, { student, key, assignmentId, digest })
    if (known !== null) return known
    const announcedAt =
      key === null || callerId === null
        ? null
        : await takeAnnouncement(trx, {
            ...{ callerId, userId, assignmentId, key, digest },
            at: input.receivedAt,
          })
    await requireRoom(trx, exchange, { assignmentId, courseId, userId, tree: input.tree })
    const { id, receivedAt } = await insertSubmission(trx, {
      ...{ assignmentId, userId, key },
      receivedAt: announcedAt ?? input.receivedAt,
      treeId: await (early ?? insertTree()),
    })
    const subject = student === caller.name ? undefined : student
    const at = Math.max(receivedAt, input.receivedAt)
    later(recordEvent(trx, { at, caller, action: 'submit-assignment', course, assignment, subject }))
    return { receivedAt, receiptId: receiptId({ id, digest }) }
  }
  return writeWithTree(exchange, input.tree, submit, { sharedBy: input.student ?? caller.name })
}

/** Null where the key is new. @throws Refusal `key-reused`: it was used for another assignment, or other files */
export async function findSubmitted(
  db: Reader,
  wanted: { student: string; key: string; assignmentId: number; digest: string },
): Promise<Submitted | null> {
  const known = await db
    .selectFrom('submissions')
    .innerJoin('users', 'users.id', 'submissions.user_id')
    .innerJoin('trees', 'trees.id', 'submissions.tree_id')
    .select(['submissions.id', 'assignment_id', 'received_at as receivedAt', 'digest'])
    .where('users.name', '=', wanted.student)
    .where('client_key', '=', wanted.key)
    .executeTakeFirst()
  if (known === undefined) return null
  if (known.assignment_id !== wanted.assignmentId || known.digest !== wanted.digest) {
    throw new Refusal('key-reused')
  }
  return { receivedAt: known.receivedAt, receiptId: receiptId(known) }
}

/**
 * What tells one listing of an assignment from another. Submissions are added with ever higher ids, or go for good; who
 * is renamed or merged leaves a later moment behind, and takes it along, when erased, together with the submissions.
 */
export interface SubmissionState {
  readonly assignmentId: number
  readonly count: number
  /** 0 where there are none. */
  readonly lastId: number
  /** When the name of any student was last changed; null: never. */
  readonly renamedAt: Micros | null
}

/** @throws Refusal as `listSubmissions` */
export async function getSubmissionState(
  exchange: Exchange,
  input: { caller: Caller } & AssignmentRef,
): Promise<SubmissionState> {
  const db = exchange.db.read
  const assignment = await getTaughtAssignment(db, input.caller, input)
  const { count, lastId, renamedAt } = await db
    .selectFrom('submissions')
    .select(eb => [eb.fn.countAll<number>().as('count'), eb.fn.max('id').as('lastId')])
    .select(lastRenaming(db).as('renamedAt'))
    .where('assignment_id', '=', assignment.id)
    .executeTakeFirstOrThrow()
  return { assignmentId: assignment.id, count, lastId: lastId ?? 0, renamedAt }
}

/** Everybody's, in the order in which they came in. @throws Refusal `course-not-found`, `not-instructor`, `assignment-not-found` */
export async function listSubmissions(
  exchange: Exchange,
  input: { caller: Caller } & AssignmentRef,
): Promise<SubmissionSummary[]> {
  const db = exchange.db.read
  const assignment = await getTaughtAssignment(db, input.caller, input)
  return db
    .selectFrom('submissions')
    .innerJoin('users', 'users.id', 'submissions.user_id')
    .select(['users.name as student', 'submissions.received_at as receivedAt'])
    .where('submissions.assignment_id', '=', assignment.id)
    .orderBy('submissions.id')
    .execute()
}

/** One student's, in the order in which they came in. @throws Refusal as `getSubmission` */
export async function listSubmissionsOf(
  exchange: Exchange,
  input: StudentInput,
): Promise<SubmissionSummary[]> {
  const db = exchange.db.read
  const { assignmentId, userId } = await getSubmitter(db, input)
  // Sorted here: to spare itself that, the database would go through everybody's submissions in the order of their ids.
  const rows = await db
    .selectFrom('submissions')
    .select(['id', 'received_at as receivedAt'])
    .where('assignment_id', '=', assignmentId)
    .where('user_id', '=', userId)
    .execute()
  const inOrder = rows.toSorted((one, other) => one.id - other.id)
  return inOrder.map(row => ({ student: input.student, receivedAt: row.receivedAt }))
}

/**
 * One submission with its files; without `receivedAt` the newest, with null (a moment that cannot be) none.
 * For instructors and the student.
 * @throws Refusal `course-not-found`, `not-instructor`, `assignment-not-found`, `student-not-found`,
 * `submission-not-found`
 */
export async function collectSubmission(
  exchange: Exchange,
  input: StudentInput & { receivedAt: Micros | null | undefined },
): Promise<{ receivedAt: Micros; tree: FetchedTree }> {
  const db = exchange.db.read
  const { caller, course, assignment, student } = input
  const rows = await (input.receivedAt === undefined
    ? findNewestWithFiles(db, course, assignment, caller.name, student)
    : findWithFiles(db, course, assignment, caller.name, student, input.receivedAt))
  const place = usersAssignmentOf(rows, caller, student)
  const receivedAt = rows[0]?.receivedAt ?? null
  const treeId = rows[0]?.treeId ?? null
  if (receivedAt === null || treeId === null) {
    await getSubmitterId(db, place, student)
    throw new Refusal('submission-not-found')
  }
  const at = exchange.clock()
  const event = { at, caller, action: 'collect-submission', course, assignment, subject: student } as const
  return { receivedAt, tree: { ...treeOf(treeId, rows), delivered: () => exchange.later?.(event) } }
}

const findNewestWithFiles = prepared(
  (db: Reader, course: string, assignment: string, caller: string, student: string) =>
    submissionWithFiles(db, [course, assignment, caller], student, undefined),
)

const findWithFiles = prepared(
  (
    db: Reader,
    course: string,
    assignment: string,
    caller: string,
    student: string,
    receivedAt: Micros | null,
  ) => submissionWithFiles(db, [course, assignment, caller], student, receivedAt),
)

/** One query for the whole of it: instructors collect hundreds, one after the other. Without `receivedAt` the newest. */
function submissionWithFiles(
  db: Reader,
  [course, assignment, caller]: readonly [string, string, string],
  student: string,
  receivedAt: Micros | null | undefined,
) {
  return assignmentFor(db, course, assignment, caller)
    .leftJoin('users as students', join => join.on('students.name', '=', student))
    .leftJoin('submissions', join =>
      receivedAt === undefined
        ? join.on('submissions.id', '=', eb =>
            eb
              .selectFrom('submissions as own')
              .select('own.id')
              .whereRef('own.assignment_id', '=', 'assignments.id')
              .whereRef('own.user_id', '=', 'students.id')
              .orderBy('own.received_at', 'desc')
              .limit(1),
          )
        : join
            .onRef('submissions.assignment_id', '=', 'assignments.id')
            .onRef('submissions.user_id', '=', 'students.id')
            .on('submissions.received_at', '=', receivedAt),
    )
    .leftJoin('trees', 'trees.id', 'submissions.tree_id')
    .leftJoin('tree_files', 'tree_files.tree_id', 'trees.id')
    .leftJoin('blobs', 'blobs.id', 'tree_files.blob_id')
    .select(['submissions.received_at as receivedAt', 'submissions.tree_id as treeId', ...treeColumns])
    .select(bytesOfSmallTree)
    .orderBy('tree_files.position')
}

/** The assignment and the student, for the student and for instructors. */
export async function getSubmitter(
  db: Reader,
  input: StudentInput,
): Promise<{ assignmentId: number; userId: number }> {
  const assignment = await getUsersAssignment(db, input.caller, input, input.student)
  return { assignmentId: assignment.id, userId: await getSubmitterId(db, assignment, input.student) }
}

/**
 * One submission; without `receivedAt` the student's newest, with null (a moment that cannot be) none.
 * @throws Refusal `student-not-found`, `submission-not-found`
 */
export async function getSubmission(
  db: Reader,
  assignment: Assignment,
  { student, receivedAt }: { student: string; receivedAt: Micros | null | undefined },
): Promise<{ id: number; received_at: Micros; tree_id: number }> {
  const [submission] =
    receivedAt === undefined
      ? await findNewestSubmission(db, assignment.id, student)
      : await findSubmission(db, assignment.id, student, receivedAt)
  if (submission !== undefined) return submission
  await getSubmitterId(db, assignment, student)
  throw new Refusal('submission-not-found')
}

const findNewestSubmission = prepared((db: Reader, assignmentId: number, student: string) =>
  submissionsOf(db, assignmentId, student).orderBy('received_at', 'desc').limit(1),
)

const findSubmission = prepared(
  (db: Reader, assignmentId: number, student: string, receivedAt: Micros | null) =>
    submissionsOf(db, assignmentId, student).where('received_at', '=', receivedAt),
)

function submissionsOf(db: Reader, assignmentId: number, student: string) {
  return db
    .selectFrom('users')
    .innerJoin('submissions', 'submissions.user_id', 'users.id')
    .select(['submissions.id', 'received_at', 'tree_id'])
    .where('users.name', '=', student)
    .where('assignment_id', '=', assignmentId)
}

async function insertSubmission(
  trx: Writer,
  row: { assignmentId: number; userId: number; receivedAt: Micros; treeId: number; key: string | null },
): Promise<{ id: number; receivedAt: Micros }> {
  const { assignmentId, userId, treeId, key } = row
  for (let receivedAt = row.receivedAt; ; receivedAt++) {
    const [inserted] = await tryInsertSubmission(trx, assignmentId, userId, receivedAt, treeId, key)
    if (inserted !== undefined) return { id: inserted.id, receivedAt }
  }
}

/** No row where that moment is taken. */
const tryInsertSubmission = prepared(
  (
    trx: Writer,
    assignment_id: number,
    user_id: number,
    received_at: number,
    tree_id: number,
    client_key: string | null,
  ) =>
    trx
      .insertInto('submissions')
      .values({ assignment_id, user_id, received_at, tree_id, client_key })
      .onConflict(conflict => conflict.columns(['assignment_id', 'user_id', 'received_at']).doNothing())
      .returning('id'),
)
