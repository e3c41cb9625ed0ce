/** What lists tell of the feedback to submissions. */
import type { Reader } from '../../db/database.ts'
import type { Micros } from '../../domain/timestamp.ts'

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

export async function feedbackOf(
  db: Reader,
  submissionIds: readonly number[],
): Promise<Map<number, FeedbackEntry>> {
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
