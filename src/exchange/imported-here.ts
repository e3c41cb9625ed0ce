/** What of a course is here already, for an import. */
import type { Reader } from '../db/database.ts'
import { prepared } from '../db/prepared.ts'
import type { Micros } from '../domain/timestamp.ts'

/** What is here, by names and moments. */
export interface Here {
  readonly course: { readonly id: number; readonly isHidden: boolean } | null
  readonly members: ReadonlySet<number>
  readonly assignments: ReadonlyMap<string, AssignmentHere>
}

export interface AssignmentHere {
  readonly id: number
  readonly isHidden: boolean
  readonly releases: readonly (readonly KnownFile[])[]
  /** By user and moment. */
  readonly submissions: ReadonlyMap<string, SubmissionHere>
}

export interface SubmissionHere {
  readonly id: number
  readonly treeId: number
  readonly files: readonly KnownFile[]
  /** What is served now; null where nothing ever was. */
  readonly feedback: readonly KnownFile[] | null
}

export interface KnownFile {
  readonly path: string
  readonly md5: string
}
export const nothingHere: Here = { course: null, members: new Set(), assignments: new Map() }

/** A deleted course of that name, where there is no living one. */
export async function readCourse(db: Reader, name: string): Promise<Here> {
  const course = await db
    .selectFrom('courses')
    .select(['id', 'hidden_at'])
    .where('name', '=', name)
    .orderBy(eb => eb('hidden_at', 'is not', null))
    .limit(1)
    .executeTakeFirst()
  if (course === undefined) return nothingHere
  const members = await db
    .selectFrom('members')
    .select('user_id')
    .where('course_id', '=', course.id)
    .execute()
  const rows = await db
    .selectFrom('assignments')
    .select(['id', 'name', 'hidden_at'])
    .where('course_id', '=', course.id)
    .execute()
  const assignments = new Map<string, AssignmentHere>()
  for (const row of rows) assignments.set(row.name, await readAssignment(db, row))
  return {
    course: { id: course.id, isHidden: course.hidden_at !== null },
    members: new Set(members.map(member => member.user_id)),
    assignments,
  }
}

async function readAssignment(
  db: Reader,
  row: { id: number; hidden_at: number | null },
): Promise<AssignmentHere> {
  const releases = db.selectFrom('releases').where('assignment_id', '=', row.id)
  const submissions = db.selectFrom('submissions').where('assignment_id', '=', row.id)
  const feedback = submissions.innerJoin('feedback', 'feedback.submission_id', 'submissions.id')
  const filesOf = knownFiles(db)
  const releaseFiles = byTree(
    await filesOf.where('tree_files.tree_id', 'in', releases.select('tree_id')).execute(),
  )
  const submissionFiles = byTree(
    await filesOf.where('tree_files.tree_id', 'in', submissions.select('tree_id')).execute(),
  )
  const feedbackFiles = byTree(
    await filesOf.where('tree_files.tree_id', 'in', feedback.select('feedback.tree_id')).execute(),
  )
  const feedbackTrees = new Map<number, number>()
  const given = await feedback
    .select(['submissions.id', 'feedback.tree_id'])
    .orderBy(eb => eb('feedback.replaced_at', 'is', null))
    .execute()
  for (const { id, tree_id } of given) feedbackTrees.set(id, tree_id)
  const byMoment = new Map<string, SubmissionHere>()
  for (const { id, user_id, received_at, tree_id } of await submissions
    .select(['id', 'user_id', 'received_at', 'tree_id'])
    .execute()) {
    const feedbackTree = feedbackTrees.get(id)
    byMoment.set(submissionKey(user_id, received_at), {
      id,
      treeId: tree_id,
      files: submissionFiles.get(tree_id) ?? [],
      feedback: feedbackTree === undefined ? null : (feedbackFiles.get(feedbackTree) ?? []),
    })
  }
  const versions = await releases.select('tree_id').execute()
  return {
    id: row.id,
    isHidden: row.hidden_at !== null,
    releases: versions.map(version => releaseFiles.get(version.tree_id) ?? []),
    submissions: byMoment,
  }
}

export function submissionKey(userId: number, receivedAt: Micros): string {
  return `${userId} ${receivedAt}`
}

function knownFiles(db: Reader) {
  return db
    .selectFrom('tree_files')
    .innerJoin('blobs', 'blobs.id', 'tree_files.blob_id')
    .select(['tree_files.tree_id', 'tree_files.path', 'blobs.md5'])
    .orderBy('tree_files.tree_id')
    .orderBy('tree_files.position')
}

function byTree(rows: readonly ({ tree_id: number } & KnownFile)[]): Map<number, KnownFile[]> {
  const files = new Map<number, KnownFile[]>()
  for (const { tree_id, path, md5 } of rows) {
    const known = files.get(tree_id)
    if (known === undefined) files.set(tree_id, [{ path, md5 }])
    else known.push({ path, md5 })
  }
  return files
}
/** Also by a name that they had before. */
export async function findImportedUser(db: Reader, name: string): Promise<number | null> {
  const [user] = await selectUser(db, name)
  if (user !== undefined) return user.id
  const [renamed] = await selectRenamed(db, name)
  return renamed?.user_id ?? null
}
const selectUser = prepared((db: Reader, name: string) =>
  db.selectFrom('users').select('id').where('name', '=', name),
)

const selectRenamed = prepared((db: Reader, name: string) =>
  db.selectFrom('former_names').select('user_id').where('name', '=', name).orderBy('until', 'desc').limit(1),
)
