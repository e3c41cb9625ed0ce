/** The list of submissions, with their notebooks and the feedback to them. */
import type { Reader } from '../../db/database.ts'
import { receiptId } from '../../domain/receipt.ts'
import type { Micros } from '../../domain/timestamp.ts'
import { getCourseId, requireInstructor, requireMember } from '../access.ts'
import type { Caller, Exchange } from '../exchange.ts'
import { type FeedbackEntry, feedbackOf } from './feedback.ts'
import { type Page, type PageInput, pageOf } from './pages.ts'
import { noTree, summarize, type TreeSummary, treeColumns } from './tree-summaries.ts'
import { visibleCourses } from './visible-courses.ts'

export interface SubmissionEntry {
  /** The receipt's id, too. */
  readonly id: string
  readonly course: string
  readonly assignment: string
  readonly student: string
  readonly receivedAt: Micros
  readonly tree: TreeSummary
  /** The feedback that is served; null: none yet. */
  readonly feedback: FeedbackEntry | null
}

export interface SubmissionFilter {
  readonly course?: string
  readonly assignment?: string
  readonly student?: string
  /** The caller's own only. */
  readonly own?: boolean
  /** The newest of each student and assignment only. */
  readonly newestOnly?: boolean
}

/**
 * Submissions to assignments that are out, in the order in which they came in: all of the courses that the caller
 * teaches, and the caller's own.
 * @throws Refusal `course-not-found`, `not-related`, of the course that is named; `not-instructor`: another student's
 */
export async function listSubmissionEntries(
  exchange: Exchange,
  input: { caller: Caller; id?: number } & SubmissionFilter & PageInput<number>,
): Promise<Page<SubmissionEntry, number>> {
  const db = exchange.db.read
  const { caller, course, student, own = false, after, limit } = input
  if (course !== undefined) {
    const courseId = await getCourseId(db, course)
    if (student !== undefined && student !== caller.name) await requireInstructor(db, courseId, caller)
    else await requireMember(db, courseId, caller)
  }
  const assignments = await visibleAssignments(db, input)
  const ids = (all: boolean) => assignments.filter(row => (row.teaches && !own) === all).map(row => row.id)
  const [everybodys, ownOnly] = [ids(true), ids(false)]
  // Of one assignment they are kept in the order of their ids; of several, each is looked for by itself.
  const isOne = assignments.length === 1
  let query = db
    .selectFrom('submissions')
    .innerJoin('assignments', 'assignments.id', 'submissions.assignment_id')
    .innerJoin('courses', 'courses.id', 'assignments.course_id')
    .innerJoin('users as student', 'student.id', 'submissions.user_id')
    .innerJoin('trees', 'trees.id', 'submissions.tree_id')
    .select(['submissions.id', 'courses.name as course', 'assignments.name as assignment'])
    .select(['student.name as student', 'submissions.received_at as receivedAt'])
    .select(treeColumns)
    .where(eb => eb(isOne ? eb.ref('submissions.id') : eb('submissions.id', '+', 0), '>', after ?? 0))
    .where(eb =>
      eb.or([
        ...(everybodys.length > 0 ? [eb('submissions.assignment_id', 'in', everybodys)] : []),
        ...(ownOnly.length > 0
          ? [
              eb.and([
                eb('submissions.assignment_id', 'in', ownOnly),
                eb(
                  'submissions.user_id',
                  'in',
                  eb.selectFrom('users').select('id').where('name', '=', caller.name),
                ),
              ]),
            ]
          : []),
      ]),
    )
    .orderBy(eb => (isOne ? eb.ref('submissions.id') : eb('submissions.id', '+', 0)))
    .limit(limit + 1)
  if (student !== undefined) query = query.where('student.name', '=', student)
  if (input.id !== undefined) query = query.where('submissions.id', '=', input.id)
  if (input.newestOnly) {
    query = query.where(eb =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('submissions as later')
            .select('later.id')
            .whereRef('later.assignment_id', '=', 'submissions.assignment_id')
            .whereRef('later.user_id', '=', 'submissions.user_id')
            .whereRef('later.received_at', '>', 'submissions.received_at'),
        ),
      ),
    )
  }
  const { items, next } = pageOf(await query.execute(), limit, row => row.id)
  const trees = await summarize(db, items)
  const feedback = await feedbackOf(
    db,
    items.map(row => row.id),
  )
  return {
    items: items.map((row, i) => ({
      ...row,
      id: receiptId(row),
      tree: trees[i] ?? noTree,
      feedback: feedback.get(row.id) ?? null,
    })),
    next,
  }
}

/** Those that are out, of one course or one name where that is said; and whether the caller teaches them. */
async function visibleAssignments(
  db: Reader,
  { caller, course, assignment }: { caller: Caller } & SubmissionFilter,
): Promise<{ id: number; teaches: boolean }[]> {
  let query = visibleCourses(db, caller)
    .innerJoin('assignments', 'assignments.course_id', 'courses.id')
    .select(['assignments.id', 'own.role'])
    .where('assignments.hidden_at', 'is', null)
  if (course !== undefined) query = query.where('courses.name', '=', course)
  if (assignment !== undefined) query = query.where('assignments.name', '=', assignment)
  const rows = await query.execute()
  return rows.map(({ id, role }) => ({ id, teaches: caller.isAdmin || role === 'instructor' }))
}
