// Rows on their way into a database, many at once.

import type { Database, Writer } from '../../src/db/database.ts'
import type { Schema } from '../../src/db/schema.ts'

/** In this order no row comes before one that it points at. */
export const tables = [
  'users',
  'courses',
  'members',
  'assignments',
  'trees',
  'blobs',
  'tree_files',
  'releases',
  'submissions',
  'feedback',
  'events',
  'event_seals',
] as const

export type Table = (typeof tables)[number] & keyof Schema
export type Rows = Partial<Record<Table, Record<string, unknown>[]>>

/** A statement may have some 32,000 values. */
const perStatement = 500

/** In one transaction. */
export async function writeRows(db: Database, rows: Rows): Promise<void> {
  await db.write(async trx => {
    for (const table of tables) {
      const all = rows[table] ?? []
      for (let from = 0; from < all.length; from += perStatement)
        await insert(trx, table, all.slice(from, from + perStatement))
    }
    const last = rows.event_seals?.at(-1)
    if (last === undefined) return
    await trx
      .updateTable('event_chain')
      .set({ last_seal_id: Number(last.id) })
      .execute()
  })
}

async function insert(trx: Writer, table: Table, rows: Record<string, unknown>[]): Promise<void> {
  // The builder of the rows gives each table its columns; the database refuses others.
  await trx
    .insertInto(table)
    .values(rows as never)
    .execute()
}
