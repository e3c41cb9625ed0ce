/** Whose work a stored tree or blob is: for telling people what a damage means. */
import type { Reader } from '../db/database.ts'
import { formatTimestamp } from '../domain/timestamp.ts'

/** What a directory tree is the content of. `version` is of a release; the others are of one submission. */
export interface TreeOwner {
  readonly course: string
  readonly assignment: string
  readonly kind: 'release' | 'submission' | 'feedback'
  readonly version: number | null
  readonly student: string | null
  /** Of the submission, as on the wire. */
  readonly timestamp: string | null
}

/** One file that has the bytes of a blob. */
export interface BlobUse extends TreeOwner {
  readonly path: string
}

const batchSize = 500

/** For each of the blobs the files that need it, hidden ones too. */
export async function findBlobUses(
  db: Reader,
  blobIds: readonly number[],
): Promise<ReadonlyMap<number, readonly BlobUse[]>> {
  const uses = new Map<number, BlobUse[]>(blobIds.map(id => [id, []]))
  const files = await db
    .selectFrom('tree_files')
    .select(['blob_id', 'tree_id', 'path'])
    .where('blob_id', 'in', blobIds)
    .orderBy('tree_id')
    .orderBy('position')
    .execute()
  for (let from = 0; from < files.length; from += batchSize) {
    const batch = files.slice(from, from + batchSize)
    const owners = await findTreeOwners(
      db,
      batch.map(file => file.tree_id),
    )
    for (const { blob_id, tree_id, path } of batch) {
      for (const owner of owners.get(tree_id) ?? []) uses.get(blob_id)?.push({ ...owner, path })
    }
  }
  return uses
}

/** No more than a few hundred at a time. */
export async function findTreeOwners(
  db: Reader,
  treeIds: readonly number[],
): Promise<ReadonlyMap<number, readonly TreeOwner[]>> {
  const releases = await db
    .selectFrom('releases')
    .innerJoin('assignments', 'assignments.id', 'releases.assignment_id')
    .innerJoin('courses', 'courses.id', 'assignments.course_id')
    .select(['releases.tree_id', 'courses.name as course', 'assignments.name as assignment', 'version'])
    .where('releases.tree_id', 'in', treeIds)
    .execute()
  const submissions = await db
    .selectFrom('submissions')
    .innerJoin('assignments', 'assignments.id', 'submissions.assignment_id')
    .innerJoin('courses', 'courses.id', 'assignments.course_id')
    .innerJoin('users', 'users.id', 'submissions.user_id')
    .select(['submissions.tree_id', 'courses.name as course', 'assignments.name as assignment'])
    .select(['users.name as student', 'submissions.received_at'])
    .where('submissions.tree_id', 'in', treeIds)
    .execute()
  const feedback = await db
    .selectFrom('feedback')
    .innerJoin('submissions', 'submissions.id', 'feedback.submission_id')
    .innerJoin('assignments', 'assignments.id', 'submissions.assignment_id')
    .innerJoin('courses', 'courses.id', 'assignments.course_id')
    .innerJoin('users', 'users.id', 'submissions.user_id')
    .select(['feedback.tree_id', 'courses.name as course', 'assignments.name as assignment'])
    .select(['users.name as student', 'submissions.received_at'])
    .where('feedback.tree_id', 'in', treeIds)
    .execute()
  const owners = new Map<number, TreeOwner[]>(treeIds.map(id => [id, []]))
  for (const { tree_id, course, assignment, version } of releases) {
    owners
      .get(tree_id)
      ?.push({ course, assignment, kind: 'release', version, student: null, timestamp: null })
  }
  const add = (kind: 'submission' | 'feedback', row: (typeof submissions)[number]) => {
    const { tree_id, course, assignment, student, received_at } = row
    const timestamp = formatTimestamp(received_at)
    owners.get(tree_id)?.push({ course, assignment, kind, version: null, student, timestamp })
  }
  for (const row of submissions) add('submission', row)
  for (const row of feedback) add('feedback', row)
  return owners
}

/** For people: `math/ex1, submission of marie at 2026-11-22 19:43:50.238451`. */
export function describeOwner(owner: TreeOwner): string {
  const { course, assignment, kind, version, student, timestamp } = owner
  const which = kind === 'release' ? `release ${version}` : `${kind} of ${student} at ${timestamp}`
  return `${course}/${assignment}, ${which}`
}
