/** How much there is of everything, for whoever compares two databases. */
import type { Reader } from '../db/database.ts'

const tables = [
  'users',
  'courses',
  'members',
  'assignments',
  'releases',
  'submissions',
  'feedback',
  'trees',
  'tree_files',
  'blobs',
  'events',
] as const

/** Rows, by table. */
export async function countRows(db: Reader): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const table of tables) {
    const { count } = await db
      .selectFrom(table)
      .select(eb => eb.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow()
    counts[table] = count
  }
  return counts
}
