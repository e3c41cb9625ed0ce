/** How much is stored, whose it is, and what it saves that the same bytes are stored once. */
import type { Reader } from '../db/database.ts'
import type { Micros } from '../domain/timestamp.ts'

/** `logicalBytes`: as if each file were stored for itself. `storedBytes`: each content once, within what is counted. */
export interface Amount {
  readonly files: number
  readonly logicalBytes: number
  readonly storedBytes: number
  readonly savedBytes: number
}

export interface Usage extends Amount {
  /** Of the stored bytes. */
  readonly inDatabaseBytes: number
  readonly inStorageBytes: number
  readonly blobs: number
  readonly releases: number
  readonly submissions: number
  readonly feedback: number
  /** Hidden ones too, by name. What two courses have in common counts for both. */
  readonly courses: readonly CourseUsage[]
  /** What people submitted, by name. */
  readonly users: readonly UserUsage[]
}

export interface CourseUsage extends Amount {
  readonly course: string
  readonly hiddenAt: Micros | null
  readonly releases: number
  readonly submissions: number
  readonly feedback: number
}

export interface UserUsage extends Amount {
  readonly user: string
  readonly submissions: number
}

/** One moment may be seen by one figure and not yet by the next, as the server goes on. */
export async function measureUsage(db: Reader): Promise<Usage> {
  const courses = await courseUsage(db)
  const users = await userUsage(db)
  const { blobs, storedBytes, inStorageBytes } = await storedAmount(db)
  const sum = (figure: (course: CourseUsage) => number) =>
    courses.reduce((total, course) => total + figure(course), 0)
  const logicalBytes = sum(course => course.logicalBytes)
  return {
    ...amount({ files: sum(course => course.files), logicalBytes, storedBytes }),
    inDatabaseBytes: storedBytes - inStorageBytes,
    inStorageBytes,
    blobs,
    releases: sum(course => course.releases),
    submissions: sum(course => course.submissions),
    feedback: sum(course => course.feedback),
    courses,
    users,
  }
}

function amount(of: { files: number; logicalBytes: number; storedBytes: number }): Amount {
  return { ...of, savedBytes: of.logicalBytes - of.storedBytes }
}

async function storedAmount(
  db: Reader,
): Promise<{ blobs: number; storedBytes: number; inStorageBytes: number }> {
  const rows = await db
    .selectFrom('blobs')
    .select(eb => [
      eb('location', 'is', null).as('inDatabase'),
      eb.fn.countAll<number>().as('blobs'),
      eb.fn.sum<number>('size_bytes').as('sizeBytes'),
    ])
    .groupBy('inDatabase')
    .execute()
  const sum = (some: typeof rows, figure: 'blobs' | 'sizeBytes') =>
    some.reduce((total, row) => total + row[figure], 0)
  return {
    blobs: sum(rows, 'blobs'),
    storedBytes: sum(rows, 'sizeBytes'),
    inStorageBytes: sum(
      rows.filter(row => !row.inDatabase),
      'sizeBytes',
    ),
  }
}

async function courseUsage(db: Reader): Promise<CourseUsage[]> {
  const courses = await db
    .selectFrom('courses')
    .select(['id', 'name', 'hidden_at'])
    .orderBy('name')
    .orderBy('id')
    .execute()
  const amounts = await db
    .selectFrom(ownedTrees(db).as('owned'))
    .innerJoin('trees', 'trees.id', 'owned.tree_id')
    .select(['course_id', 'kind'])
    .select(eb => [
      eb.fn.countAll<number>().as('trees'),
      eb.fn.sum<number>('file_count').as('files'),
      eb.fn.sum<number>('size_bytes').as('logicalBytes'),
    ])
    .groupBy(['course_id', 'kind'])
    .execute()
  const contents = db
    .selectFrom(ownedTrees(db).as('owned'))
    .innerJoin('tree_files', 'tree_files.tree_id', 'owned.tree_id')
    .select(['course_id', 'blob_id'])
    .distinct()
  const stored = await db
    .selectFrom(contents.as('contents'))
    .innerJoin('blobs', 'blobs.id', 'contents.blob_id')
    .select('course_id')
    .select(eb => eb.fn.sum<number>('size_bytes').as('storedBytes'))
    .groupBy('course_id')
    .execute()
  const storedBytes = new Map(stored.map(row => [row.course_id, row.storedBytes]))
  const rows = new Map(amounts.map(row => [`${row.kind} ${row.course_id}`, row]))
  return courses.map(({ id, name, hidden_at }) => {
    const kinds = (['release', 'submission', 'feedback'] as const).map(kind => rows.get(`${kind} ${id}`))
    const [releases = 0, submissions = 0, feedback = 0] = kinds.map(row => row?.trees ?? 0)
    return {
      course: name,
      hiddenAt: hidden_at,
      ...{ releases, submissions, feedback },
      ...amount({
        files: kinds.reduce((sum, row) => sum + (row?.files ?? 0), 0),
        logicalBytes: kinds.reduce((sum, row) => sum + (row?.logicalBytes ?? 0), 0),
        storedBytes: storedBytes.get(id) ?? 0,
      }),
    }
  })
}

/** Each tree with the course and the assignment that it belongs to, and as what. */
export function ownedTrees(db: Reader) {
  const releases = db
    .selectFrom('releases')
    .innerJoin('assignments', 'assignments.id', 'releases.assignment_id')
    .select(['assignments.course_id', 'assignments.id as assignment_id', 'releases.tree_id'])
    .select(eb => eb.val('release').as('kind'))
  const submissions = db
    .selectFrom('submissions')
    .innerJoin('assignments', 'assignments.id', 'submissions.assignment_id')
    .select(['assignments.course_id', 'assignments.id as assignment_id', 'submissions.tree_id'])
    .select(eb => eb.val('submission').as('kind'))
  const feedback = db
    .selectFrom('feedback')
    .innerJoin('submissions', 'submissions.id', 'feedback.submission_id')
    .innerJoin('assignments', 'assignments.id', 'submissions.assignment_id')
    .select(['assignments.course_id', 'assignments.id as assignment_id', 'feedback.tree_id'])
    .select(eb => eb.val('feedback').as('kind'))
  return releases.unionAll(submissions).unionAll(feedback)
}

async function userUsage(db: Reader): Promise<UserUsage[]> {
  const amounts = await db
    .selectFrom('submissions')
    .innerJoin('users', 'users.id', 'submissions.user_id')
    .innerJoin('trees', 'trees.id', 'submissions.tree_id')
    .select(['users.id', 'users.name'])
    .select(eb => [
      eb.fn.countAll<number>().as('submissions'),
      eb.fn.sum<number>('file_count').as('files'),
      eb.fn.sum<number>('size_bytes').as('logicalBytes'),
    ])
    .groupBy('users.id')
    .orderBy('users.name')
    .execute()
  const contents = db
    .selectFrom('submissions')
    .innerJoin('tree_files', 'tree_files.tree_id', 'submissions.tree_id')
    .select(['user_id', 'blob_id'])
    .distinct()
  const stored = await db
    .selectFrom(contents.as('contents'))
    .innerJoin('blobs', 'blobs.id', 'contents.blob_id')
    .select('user_id')
    .select(eb => eb.fn.sum<number>('size_bytes').as('storedBytes'))
    .groupBy('user_id')
    .execute()
  const storedBytes = new Map(stored.map(row => [row.user_id, row.storedBytes]))
  return amounts.map(({ id, name, submissions, files, logicalBytes }) => ({
    user: name,
    submissions,
    ...amount({ files, logicalBytes, storedBytes: storedBytes.get(id) ?? 0 }),
  }))
}
