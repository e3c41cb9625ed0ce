/** Submissions: students submit, instructors collect, everyone finds their own. Never changed, never overwritten. */
import type { Reader, Writer } from '../db/database.ts'
import { prepared } from '../db/prepared.ts'
import { Refusal } from '../domain/errors.ts'
import { receiptId } from '../domain/receipt.ts'
import type { Micros } from '../domain/timestamp.ts'
import {
  ensureUser,
  getMembersAssignment,
  getSubmitterId,
  getTaughtAssignment,
  getUsersAssignment,
} from './access.ts'
import { type FetchedTree, readTree, type StagedTree, treeDigest, writeWithTree } from './directory-trees.ts'
import { type AssignmentRef, type Caller, type Exchange, recordEvent } from './exchange.ts'
import { requireRoom } from './quotas.ts'
import { lastRenaming } from './users.ts'

export interface SubmissionSummary {
  readonly student: string
  readonly receivedAt: Micros
}

interface StudentInput extends AssignmentRef {
  readonly caller: Caller
  readonly student: string
}

/** Refuses what `submitAssignment` would refuse before it looks at the files. */
export async function maySubmit(
  exchange: Exchange,
  input: { caller: Caller } & AssignmentRef,
): Promise<void> {
  await getMembersAssignment(exchange.db.read, input.caller, input)
}

/**
 * Stores a submission of the caller's and returns its receipt's id and the moment it carries from now on: `receivedAt`,
 * or the next free microsecond of that student and assignment.
 * @throws Refusal `course-not-found`, `not-related`, `assignment-not-found`, `quota-exceeded`
 */
export async function submitAssignment(
  exchange: Exchange,
  input: { caller: Caller; receivedAt: Micros; tree: StagedTree } & AssignmentRef,
): Promise<{ receivedAt: Micros; receiptId: string }> {
  const { caller, course, assignment } = input
  return writeWithTree(exchange, input.tree, async (trx, insertTree) => {
    const { id: assignmentId, courseId, callerId } = await getMembersAssignment(trx, caller, input)
    const userId = callerId ?? (await ensureUser(trx, caller.name, input.receivedAt))
    await requireRoom(trx, exchange, { assignmentId, courseId, userId, tree: input.tree })
    const { id, receivedAt } = await insertSubmission(trx, {
      assignmentId,
      userId,
      receivedAt: input.receivedAt,
      treeId: await insertTree(),
    })
    await recordEvent(trx, { at: receivedAt, caller, action: 'submit-assignment', course, assignment })
    return { receivedAt, receiptId: receiptId({ id, digest: treeDigest(input.tree) }) }
  })
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
  const submitter = await getSubmitter(db, input)
  const submission = await getSubmission(db, { ...submitter, receivedAt: input.receivedAt })
  const at = exchange.clock()
  const event = { at, caller, action: 'collect-submission', course, assignment, subject: student } as const
  const tree = await readTree(db, submission.tree_id)
  return {
    receivedAt: submission.received_at,
    tree: { ...tree, delivered: () => exchange.later?.(event) },
  }
}

/** The assignment and the student, for the student and for instructors. */
export async function getSubmitter(
  db: Reader,
  input: StudentInput,
): Promise<{ assignmentId: number; userId: number }> {
  const assignment = await getUsersAssignment(db, input.caller, input, input.student)
  return { assignmentId: assignment.id, userId: await getSubmitterId(db, assignment, input.student) }
}

/** @throws Refusal `submission-not-found` */
export async function getSubmission(
  db: Reader,
  input: { assignmentId: number; userId: number; receivedAt: Micros | null | undefined },
): Promise<{ id: number; received_at: Micros; tree_id: number }> {
  if (input.receivedAt === null) throw new Refusal('submission-not-found')
  const { assignmentId, userId, receivedAt } = input
  const [submission] = await (receivedAt === undefined
    ? findNewestSubmission(db, assignmentId, userId)
    : findSubmission(db, assignmentId, userId, receivedAt))
  if (submission === undefined) throw new Refusal('submission-not-found')
  return submission
}

const findNewestSubmission = prepared((db: Reader, assignmentId: number, userId: number) =>
  db
    .selectFrom('submissions')
    .select(['id', 'received_at', 'tree_id'])
    .where('assignment_id', '=', assignmentId)
    .where('user_id', '=', userId)
    .orderBy('received_at', 'desc')
    .limit(1),
)

const findSubmission = prepared((db: Reader, assignmentId: number, userId: number, receivedAt: number) =>
  db
    .selectFrom('submissions')
    .select(['id', 'received_at', 'tree_id'])
    .where('assignment_id', '=', assignmentId)
    .where('user_id', '=', userId)
    .where('received_at', '=', receivedAt),
)

async function insertSubmission(
  trx: Writer,
  row: { assignmentId: number; userId: number; receivedAt: Micros; treeId: number },
): Promise<{ id: number; receivedAt: Micros }> {
  for (let receivedAt = row.receivedAt; ; receivedAt++) {
    const [inserted] = await tryInsertSubmission(trx, row.assignmentId, row.userId, receivedAt, row.treeId)
    if (inserted !== undefined) return { id: inserted.id, receivedAt }
  }
}

/** No row where that moment is taken. */
const tryInsertSubmission = prepared(
  (trx: Writer, assignment_id: number, user_id: number, received_at: number, tree_id: number) =>
    trx
      .insertInto('submissions')
      .values({ assignment_id, user_id, received_at, tree_id })
      .onConflict(conflict => conflict.columns(['assignment_id', 'user_id', 'received_at']).doNothing())
      .returning('id'),
)
