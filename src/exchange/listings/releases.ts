/** The list of the versions of an assignment. */
import type { Micros } from '../../domain/timestamp.ts'
import type { Exchange } from '../exchange.ts'
import { type Page, type PageInput, pageOf } from './pages.ts'
import { noTree, summarize, type TreeSummary, treeColumns } from './tree-summaries.ts'

export interface ReleaseEntry {
  readonly version: number
  readonly releasedAt: Micros
  readonly releasedBy: string
  readonly tree: TreeSummary
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
