/** What lists tell: everything about each of their items in a few queries, a page at a time. */
import type { Reader } from '../db/database.ts'
import type { Role } from '../domain/membership.ts'
import { receiptId } from '../domain/receipt.ts'
import type { Micros } from '../domain/timestamp.ts'
import { getCourseId, requireInstructor, requireMember } from './access.ts'
import type { Caller, Exchange } from './exchange.ts'

/** `after`: the key of the last item of the page before; without: from the first. */
export interface PageInput<Key extends string | number> {
  readonly after?: Key | undefined
  readonly limit: number
}

/** `next`: the key after which the following page begins; null: there is none. */
export interface Page<Item, Key extends string | number> {
  readonly items: readonly Item[]
  readonly next: Key | null
}

export interface CourseEntry {
  readonly course: string
  /** Null for admins who neither teach nor take it. */
  readonly role: Role | null
  readonly createdAt: Micros
}

/** The courses that the caller teaches or takes, for admins all, by name. */
export async function listCourseEntries(
  exchange: Exchange,
  { caller, after, limit, course }: { caller: Caller; course?: string } & PageInput<string>,
): Promise<Page<CourseEntry, string>> {
  let query = visibleCourses(exchange.db.read, caller)
    .select(['courses.name as course', 'own.role', 'courses.created_at as createdAt'])
    .orderBy('courses.name')
    .limit(limit + 1)
  if (after !== undefined) query = query.where('courses.name', '>', after)
  if (course !== undefined) query = query.where('courses.name', '=', course)
  return pageOf(await query.execute(), limit, entry => entry.course)
}

export interface MemberEntry {
  readonly user: string
  readonly role: Role
  readonly firstName: string | null
  readonly lastName: string | null
  readonly email: string | null
  /** Whether the roster says so; otherwise a group of the hub does. */
  readonly isInRoster: boolean
}

/**
 * In the order in which they joined. Students see those who teach, and themselves.
 * @throws Refusal `course-not-found`, `not-related`
 */
export async function listMemberEntries(
  exchange: Exchange,
  input: { caller: Caller; course: string; role?: Role; user?: string } & PageInput<number>,
): Promise<Page<MemberEntry, number>> {
  const db = exchange.db.read
  const { caller, after, limit, role, user } = input
  const courseId = await getCourseId(db, input.course)
  await requireMember(db, courseId, caller)
  const teaches = await isInstructor(db, courseId, caller)
  let query = db
    .selectFrom('members')
    .innerJoin('users', 'users.id', 'members.user_id')
    .select(['members.id', 'users.name as user', 'members.role', 'members.roster_role as rosterRole'])
    .select(['members.first_name as firstName', 'members.last_name as lastName', 'members.email'])
    .where('members.course_id', '=', courseId)
    .where('members.id', '>', after ?? 0)
    .orderBy('members.id')
    .limit(limit + 1)
  if (role !== undefined) query = query.where('members.role', '=', role)
  if (user !== undefined) query = query.where('users.name', '=', user)
  if (!teaches) {
    query = query.where(eb =>
      eb.or([eb('members.role', '=', 'instructor'), eb('users.name', '=', caller.name)]),
    )
  }
  const { items, next } = pageOf(await query.execute(), limit, row => row.id)
  return {
    items: items.map(({ id: _, rosterRole, ...entry }) => ({ ...entry, isInRoster: rosterRole !== null })),
    next,
  }
}

/** A directory tree, without its files. */
export interface TreeSummary {
  readonly digest: string
  readonly fileCount: number
  readonly sizeBytes: number
  /** The names of the notebooks at its top, without `.ipynb`, sorted. */
  readonly notebooks: readonly string[]
}

export interface ReleaseEntry {
  readonly version: number
  readonly releasedAt: Micros
  readonly releasedBy: string
  readonly tree: TreeSummary
}

export interface AssignmentEntry {
  readonly course: string
  readonly assignment: string
  /** The newest release, which is what students fetch. */
  readonly release: ReleaseEntry
}

/**
 * The assignments that are out, in all courses of the caller or in one, in the order in which they came to be.
 * @throws Refusal `course-not-found`, `not-related`, of the course that is named
 */
export async function listAssignmentEntries(
  exchange: Exchange,
  input: { caller: Caller; course?: string; assignment?: string } & PageInput<number>,
): Promise<Page<AssignmentEntry, number>> {
  const db = exchange.db.read
  const { caller, course, assignment, after, limit } = input
  if (course !== undefined) await requireMember(db, await getCourseId(db, course), caller)
  let query = visibleCourses(db, caller)
    .innerJoin('assignments', 'assignments.course_id', 'courses.id')
    .innerJoin('releases', 'releases.assignment_id', 'assignments.id')
    .innerJoin('users as releaser', 'releaser.id', 'releases.released_by')
    .innerJoin('trees', 'trees.id', 'releases.tree_id')
    .select(['assignments.id', 'courses.name as course', 'assignments.name as assignment'])
    .select(['releases.version', 'releases.released_at as releasedAt', 'releaser.name as releasedBy'])
    .select(treeColumns)
    .where('assignments.hidden_at', 'is', null)
    .where(eb => eb(eb('assignments.id', '+', 0), '>', after ?? 0)) // to be found by their course
    .where('releases.version', '=', eb =>
      eb
        .selectFrom('releases as newer')
        .select(newer => newer.fn.max('newer.version').as('version'))
        .whereRef('newer.assignment_id', '=', 'assignments.id'),
    )
    .orderBy(eb => eb('assignments.id', '+', 0))
    .limit(limit + 1)
  if (course !== undefined) query = query.where('courses.name', '=', course)
  if (assignment !== undefined) query = query.where('assignments.name', '=', assignment)
  const { items, next } = pageOf(await query.execute(), limit, row => row.id)
  const trees = await summarize(db, items)
  return { items: items.map((row, i) => ({ ...row, release: { ...row, tree: trees[i] ?? noTree } })), next }
}

/** All versions, the newest first. @throws Refusal `course-not-found`, `not-related`, `assignment-not-found` */
export async function listReleaseEntries(
  exchange: Exchange,
  { assignmentId, version, after, limit }: { assignmentId: number; version?: number } & PageInput<number>,
): Promise<Page<ReleaseEntry, number>> {
  const db = exchange.db.read
  let query = db
    .selectFrom('releases')
    .innerJoin('users', 'users.id', 'releases.released_by')
    .innerJoin('trees', 'trees.id', 'releases.tree_id')
    .select(['releases.version', 'releases.released_at as releasedAt', 'users.name as releasedBy'])
    .select(treeColumns)
    .where('releases.assignment_id', '=', assignmentId)
    .orderBy('releases.version', 'desc')
    .limit(limit + 1)
  if (after !== undefined) query = query.where('releases.version', '<', after)
  if (version !== undefined) query = query.where('releases.version', '=', version)
  const { items, next } = pageOf(await query.execute(), limit, row => row.version)
  const trees = await summarize(db, items)
  return { items: items.map((row, i) => ({ ...row, tree: trees[i] ?? noTree })), next }
}

export interface FeedbackFileEntry {
  readonly path: string
  readonly sizeBytes: number
  readonly sha256: string
  readonly md5: string
}

export interface FeedbackEntry {
  readonly releasedAt: Micros
  readonly digest: string
  readonly files: readonly FeedbackFileEntry[]
}

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

const noTree: TreeSummary = { digest: '', fileCount: 0, sizeBytes: 0, notebooks: [] }

const treeColumns = [
  'trees.id as treeId',
  'trees.digest',
  'trees.file_count as fileCount',
  'trees.size_bytes as sizeBytes',
] as const

/**
 * The living courses, with the caller's row of the roster where there is one; without, admins alone see them. What
 * others see is found by way of their own rows.
 */
function visibleCourses(db: Reader, caller: Caller) {
  const all = db
    .selectFrom('courses')
    .leftJoin('users as me', join => join.on('me.name', '=', caller.name))
    .leftJoin('members as own', join =>
      join.onRef('own.course_id', '=', 'courses.id').onRef('own.user_id', '=', 'me.id'),
    )
    .where('courses.hidden_at', 'is', null)
  if (caller.isAdmin) return all
  const own = db
    .selectFrom('courses')
    .innerJoin('members as own', 'own.course_id', 'courses.id')
    .innerJoin('users as me', 'me.id', 'own.user_id')
    .where('me.name', '=', caller.name)
    .where('courses.hidden_at', 'is', null)
  return own as unknown as typeof all
}

async function isInstructor(db: Reader, courseId: number, caller: Caller): Promise<boolean> {
  if (caller.isAdmin) return true
  const role = await db
    .selectFrom('members')
    .innerJoin('users', 'users.id', 'members.user_id')
    .select('members.role')
    .where('members.course_id', '=', courseId)
    .where('users.name', '=', caller.name)
    .executeTakeFirst()
  return role?.role === 'instructor'
}

/** `rows`: one more than the page holds, where there are more. */
function pageOf<Row, Key extends string | number>(
  rows: readonly Row[],
  limit: number,
  keyOf: (row: Row) => Key,
): Page<Row, Key> {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return { items, next: rows.length > limit && last !== undefined ? keyOf(last) : null }
}

async function summarize(
  db: Reader,
  rows: readonly { treeId: number; digest: string; fileCount: number; sizeBytes: number }[],
): Promise<TreeSummary[]> {
  const notebooks = new Map<number, string[]>(rows.map(row => [row.treeId, []]))
  if (rows.length > 0) {
    const files = await db
      .selectFrom('tree_files')
      .select(['tree_id', 'path'])
      .where('tree_id', 'in', [...notebooks.keys()])
      .where('path', 'like', `%${notebookSuffix}`)
      .where('path', 'not like', '%/%')
      .orderBy('path')
      .execute()
    for (const { tree_id, path } of files) {
      if (path.endsWith(notebookSuffix)) notebooks.get(tree_id)?.push(path.slice(0, -notebookSuffix.length))
    }
  }
  return rows.map(({ treeId, digest, fileCount, sizeBytes }) => ({
    ...{ digest, fileCount, sizeBytes },
    notebooks: notebooks.get(treeId) ?? [],
  }))
}

const notebookSuffix = '.ipynb'

async function feedbackOf(db: Reader, submissionIds: readonly number[]): Promise<Map<number, FeedbackEntry>> {
  if (submissionIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('feedback')
    .innerJoin('trees', 'trees.id', 'feedback.tree_id')
    .select([
      'feedback.submission_id',
      'feedback.tree_id',
      'feedback.released_at as releasedAt',
      'trees.digest',
    ])
    .where('feedback.submission_id', 'in', submissionIds)
    .where('feedback.replaced_at', 'is', null)
    .execute()
  const files = new Map<number, FeedbackFileEntry[]>(rows.map(row => [row.tree_id, []]))
  if (rows.length > 0) {
    const found = await db
      .selectFrom('tree_files')
      .innerJoin('blobs', 'blobs.id', 'tree_files.blob_id')
      .select(['tree_files.tree_id', 'path', 'size_bytes as sizeBytes', 'sha256', 'md5'])
      .where('tree_files.tree_id', 'in', [...files.keys()])
      .orderBy('tree_files.position')
      .execute()
    for (const { tree_id, ...file } of found) files.get(tree_id)?.push(file)
  }
  return new Map(
    rows.map(row => [
      row.submission_id,
      { releasedAt: row.releasedAt, digest: row.digest, files: files.get(row.tree_id) ?? [] },
    ]),
  )
}
