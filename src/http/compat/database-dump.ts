/** The database as the old server's tables, for the debug page: what can be seen through v1, nothing hidden. */
import type { Reader } from '../../db/database.ts'
import type { Role } from '../../domain/membership.ts'
import { formatTimestamp } from '../../domain/timestamp.ts'
import type { Fields } from './answer.ts'

export type DatabaseDump = Readonly<Record<string, readonly Fields[]>>

/**
 * One member per table that has rows. Ids count from 1 in the order of creation. The caller is always among the
 * users, as the old server enters everyone who asks.
 */
export async function dumpDatabase(db: Reader, callerName: string): Promise<DatabaseDump> {
  const courses = await visibleCourses(db)
  const assignments = await visibleAssignments(db)
  const submissions = await visibleSubmissions(db)
  const feedback = await visibleFeedback(db)
  const assignmentIds = ranks(assignments)
  const submissionIds = ranks(submissions)
  const courseIds = ranks(courses)
  const trees = [...assignments, ...submissions, ...feedback].map(row => row.tree_id)
  const files = await filesOf(db, trees)
  const filesOfTree = Map.groupBy(
    files.map((file, position) => ({ ...file, rank: position + 1 })),
    file => file.tree_id,
  )
  const link = (owner: number | undefined, tree: number) =>
    (filesOfTree.get(tree) ?? []).map(file => ({ left_id: String(owner), right_id: file.rank }))
  const tables: Record<string, Fields[]> = {
    users: await users(db, callerName),
    courses: courses.map(course => ({ _id: courseIds.get(course.id), id: course.name })),
    assignments: assignments.map(row => ({
      _id: assignmentIds.get(row.id),
      id: row.name,
      course_id: courseIds.get(row.course_id),
      released: false,
      due: null,
    })),
    submissions: submissions.map(row => ({
      _id: submissionIds.get(row.id),
      assignment_id: assignmentIds.get(row.assignment_id),
      timestamp: `${formatTimestamp(row.received_at)} `,
      student_id: row.student,
    })),
    files: files.map((file, position) => ({
      _id: position + 1,
      filename: file.path,
      checksum: file.md5,
      size: file.size_bytes,
      actual_name: file.sha256,
    })),
    instructor_assoc_table: await members(db, 'instructor'),
    student_assoc_table: await members(db, 'student'),
    assignment_files_assoc_table: assignments.flatMap(row => link(assignmentIds.get(row.id), row.tree_id)),
    submission_files_assoc_table: submissions.flatMap(row => link(submissionIds.get(row.id), row.tree_id)),
    feedback_files_assoc_table: feedback.flatMap(row =>
      link(submissionIds.get(row.submission_id), row.tree_id),
    ),
  }
  return Object.fromEntries(Object.entries(tables).filter(([, rows]) => rows.length > 0))
}

async function users(db: Reader, callerName: string): Promise<Fields[]> {
  const rows = await db.selectFrom('users').select('name as id').orderBy('users.id').execute()
  return rows.some(row => row.id === callerName) ? rows : [...rows, { id: callerName }]
}

function visibleCourses(db: Reader) {
  return db
    .selectFrom('courses')
    .select(['id', 'name'])
    .where('hidden_at', 'is', null)
    .orderBy('id')
    .execute()
}

function members(db: Reader, role: Role): Promise<Fields[]> {
  return db
    .selectFrom('members')
    .innerJoin('users', 'users.id', 'members.user_id')
    .innerJoin('courses', 'courses.id', 'members.course_id')
    .select([
      'users.name as left_id',
      'courses.name as right_id',
      'members.first_name',
      'members.last_name',
      'members.email',
    ])
    .where('members.role', '=', role)
    .where('courses.hidden_at', 'is', null)
    .orderBy('members.id')
    .execute()
}

/** With the tree of the newest release. */
function visibleAssignments(db: Reader) {
  return db
    .selectFrom('assignments')
    .innerJoin('courses', 'courses.id', 'assignments.course_id')
    .innerJoin('releases', 'releases.assignment_id', 'assignments.id')
    .select(['assignments.id', 'assignments.name', 'assignments.course_id', 'releases.tree_id'])
    .where('courses.hidden_at', 'is', null)
    .where('assignments.hidden_at', 'is', null)
    .where(eb =>
      eb(
        'releases.version',
        '=',
        eb
          .selectFrom('releases as newer')
          .select(newer => newer.fn.max('newer.version').as('version'))
          .whereRef('newer.assignment_id', '=', 'assignments.id'),
      ),
    )
    .orderBy('assignments.id')
    .execute()
}

function visibleSubmissions(db: Reader) {
  return db
    .selectFrom('submissions')
    .innerJoin('users', 'users.id', 'submissions.user_id')
    .innerJoin('assignments', 'assignments.id', 'submissions.assignment_id')
    .innerJoin('courses', 'courses.id', 'assignments.course_id')
    .select([
      'submissions.id',
      'submissions.assignment_id',
      'submissions.received_at',
      'submissions.tree_id',
      'users.name as student',
    ])
    .where('courses.hidden_at', 'is', null)
    .where('assignments.hidden_at', 'is', null)
    .orderBy('submissions.id')
    .execute()
}

function visibleFeedback(db: Reader) {
  return db
    .selectFrom('feedback')
    .innerJoin('submissions', 'submissions.id', 'feedback.submission_id')
    .innerJoin('assignments', 'assignments.id', 'submissions.assignment_id')
    .innerJoin('courses', 'courses.id', 'assignments.course_id')
    .select(['feedback.submission_id', 'feedback.tree_id'])
    .where('feedback.replaced_at', 'is', null)
    .where('courses.hidden_at', 'is', null)
    .where('assignments.hidden_at', 'is', null)
    .orderBy('feedback.id')
    .execute()
}

async function filesOf(db: Reader, trees: readonly number[]) {
  const wanted = new Set(trees)
  const files = await db
    .selectFrom('tree_files')
    .innerJoin('blobs', 'blobs.id', 'tree_files.blob_id')
    .select(['tree_files.tree_id', 'tree_files.path', 'blobs.md5', 'blobs.sha256', 'blobs.size_bytes'])
    .orderBy('tree_files.tree_id')
    .orderBy('tree_files.position')
    .execute()
  return files.filter(file => wanted.has(file.tree_id))
}

function ranks(rows: readonly { id: number }[]): Map<number, number> {
  return new Map(rows.map((row, position) => [row.id, position + 1]))
}
