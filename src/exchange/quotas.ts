/** What may be stored: checked in the transaction of the act that stores it, so that no two acts share the same room. */
import type { Reader } from '../db/database.ts'
import { prepared } from '../db/prepared.ts'
import { QuotaExceeded } from '../domain/errors.ts'
import { noQuotas, type QuotaName } from '../domain/quotas.ts'
import { getMembersAssignment } from './access.ts'
import type { StagedTree } from './directory-trees.ts'
import type { AssignmentRef, Caller, Exchange } from './exchange.ts'

interface Place {
  readonly assignmentId: number
  readonly courseId: number
  /** Whose submission it is; null for what an instructor releases, which counts for the course alone. */
  readonly userId: number | null
}

/** @throws QuotaExceeded */
export async function requireRoom(
  db: Reader,
  { quotas = noQuotas }: Pick<Exchange, 'quotas'>,
  { tree, ...place }: Place & { tree: StagedTree },
): Promise<void> {
  const wantedBytes = tree.reduce((sum, file) => sum + file.blob.sizeBytes, 0)
  for (const quota of names) {
    const limitBytes = quotas[quota]
    if (limitBytes === null) continue
    const usedBytes = await usedOf[quota](db, place)
    if (usedBytes === null || usedBytes + wantedBytes <= limitBytes) continue
    throw new QuotaExceeded({ quota, limitBytes, usedBytes, wantedBytes })
  }
}

/** In bytes; null where nobody limits it, since counting takes its time, or where no assignment was asked about. */
export interface Use {
  readonly user: number | null
  readonly assignment: number | null
  readonly course: number | null
}

/**
 * What the caller has stored, and what the course has, for its members. @throws Refusal `course-not-found`,
 * `not-related`, `assignment-not-found`
 */
export async function getUse(
  exchange: Exchange,
  input: { caller: Caller; ref: AssignmentRef | null },
): Promise<Use> {
  const db = exchange.db.read
  const { caller, ref } = input
  const { assignmentBytes, userBytes, courseBytes } = exchange.quotas ?? noQuotas
  const user = await db.selectFrom('users').select('id').where('name', '=', caller.name).executeTakeFirst()
  const userId = user?.id ?? null
  const count = async (limit: number | null, used: (userId: number) => Promise<number>) => {
    if (limit === null) return null
    return userId === null ? 0 : used(userId)
  }
  const ofUser = await count(userBytes, id => submittedBytes(db, id))
  if (ref === null) return { user: ofUser, assignment: null, course: null }
  const { id, courseId } = await getMembersAssignment(db, caller, ref)
  return {
    user: ofUser,
    assignment: await count(assignmentBytes, user => attemptBytes(db, id, user)),
    course: courseBytes === null ? null : await storedBytes(db, courseId),
  }
}

const names: readonly QuotaName[] = ['assignmentBytes', 'userBytes', 'courseBytes']

/** Null where the quota does not count it. */
const usedOf: Record<QuotaName, (db: Reader, place: Place) => Promise<number | null>> = {
  assignmentBytes: async (db, { assignmentId, userId }) =>
    userId === null ? null : attemptBytes(db, assignmentId, userId),
  userBytes: async (db, { userId }) => (userId === null ? null : submittedBytes(db, userId)),
  courseBytes: (db, { courseId }) => storedBytes(db, courseId),
}

/** A student's submissions to one assignment are few: their sum is quick. */
async function attemptBytes(db: Reader, assignmentId: number, userId: number): Promise<number> {
  const [sum] = await sumAttempts(db, assignmentId, userId)
  return sum?.bytes ?? 0
}

const sumAttempts = prepared((db: Reader, assignmentId: number, userId: number) =>
  db
    .selectFrom('submissions')
    .innerJoin('trees', 'trees.id', 'submissions.tree_id')
    .select(eb => eb.fn.sum<number | null>('trees.size_bytes').as('bytes'))
    .where('submissions.assignment_id', '=', assignmentId)
    .where('submissions.user_id', '=', userId),
)

/** From running totals: adding up all that somebody ever submitted would take longer from term to term. */
async function submittedBytes(db: Reader, userId: number): Promise<number> {
  const [sum] = await sumTotalsOf(db, userId)
  return sum?.bytes ?? 0
}

const sumTotalsOf = prepared((db: Reader, userId: number) =>
  db
    .selectFrom('student_totals')
    .select(eb => eb.fn.sum<number | null>('submitted_bytes').as('bytes'))
    .where('user_id', '=', userId),
)

/** A course has few releases, and a running total for each student: one for all would be changed by the whole class. */
async function storedBytes(db: Reader, courseId: number): Promise<number> {
  const [releases] = await sumReleases(db, courseId)
  const [students] = await sumTotals(db, courseId)
  return (releases?.bytes ?? 0) + (students?.bytes ?? 0)
}

const sumReleases = prepared((db: Reader, courseId: number) =>
  db
    .selectFrom('assignments')
    .innerJoin('releases', 'releases.assignment_id', 'assignments.id')
    .innerJoin('trees', 'trees.id', 'releases.tree_id')
    .select(eb => eb.fn.sum<number | null>('trees.size_bytes').as('bytes'))
    .where('assignments.course_id', '=', courseId),
)

const sumTotals = prepared((db: Reader, courseId: number) =>
  db
    .selectFrom('student_totals')
    .select(eb => eb.fn.sum<number | null>(eb('submitted_bytes', '+', eb.ref('feedback_bytes'))).as('bytes'))
    .where('course_id', '=', courseId),
)
