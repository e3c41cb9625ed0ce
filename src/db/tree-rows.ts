/** A directory tree as rows: what to select of `trees`, `tree_files` and `blobs`, joined to whatever names the tree. */
import { type ExpressionBuilder, expressionBuilder } from 'kysely'
import type { Schema } from './schema.ts'

/** One for each file, or one without a file. */
export interface TreeRow {
  readonly digest: string | null
  readonly fileCount: number | null
  readonly path: string | null
  readonly isExecutable: 0 | 1 | null
  readonly sizeBytes: number | null
  readonly sha256: string | null
  readonly md5: string | null
  readonly blobId: number | null
  readonly location: string | null
  /** Null for a file in the content store, and in a tree that is not small. */
  readonly bytes: Buffer | null
}

export const treeColumns = [
  'trees.digest',
  'trees.file_count as fileCount',
  'tree_files.path',
  'tree_files.is_executable as isExecutable',
  'blobs.size_bytes as sizeBytes',
  'blobs.sha256',
  'blobs.md5',
  'blobs.id as blobId',
  'blobs.location',
] as const

/** Altogether: its bytes come along with its rows. */
const smallTreeBytes = 64 * 1024

export function bytesOfSmallTree() {
  const eb: ExpressionBuilder<Schema, 'trees' | 'blobs'> = expressionBuilder()
  return eb
    .case()
    .when('trees.size_bytes', '<=', eb.lit(smallTreeBytes))
    .then(eb.ref('blobs.bytes'))
    .end()
    .as('bytes')
}
