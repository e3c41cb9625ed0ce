/** What lists tell of directory trees. */
import type { Reader } from '../../db/database.ts'

/** A directory tree, without its files. */
export interface TreeSummary {
  readonly digest: string
  readonly fileCount: number
  readonly sizeBytes: number
  /** The names of the notebooks at its top, without `.ipynb`, sorted. */
  readonly notebooks: readonly string[]
}

export const noTree: TreeSummary = { digest: '', fileCount: 0, sizeBytes: 0, notebooks: [] }

export const treeColumns = [
  'trees.id as treeId',
  'trees.digest',
  'trees.file_count as fileCount',
  'trees.size_bytes as sizeBytes',
] as const

export async function summarize(
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
