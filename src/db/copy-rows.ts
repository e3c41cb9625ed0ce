/** Copies all rows of one database into another, whatever engines they are. */
import { sql } from 'kysely'
import type { Database, Reader, Writer } from './database.ts'
import type { Schema } from './schema.ts'

/** All but who does what at this moment. */
type Copied = Exclude<keyof Schema, 'leases'>

/** The keys of all tables, in an order in which a row comes after those that it refers to. */
export const keys: { readonly [Table in Copied]: readonly (keyof Schema[Table] & string)[] } = {
  users: ['id'],
  courses: ['id'],
  members: ['id'],
  assignments: ['id'],
  trees: ['id'],
  blobs: ['id'],
  tree_files: ['tree_id', 'position'],
  releases: ['id'],
  submissions: ['id'],
  feedback: ['id'],
  heartbeat: ['id'],
  events: ['id'],
  event_seals: ['id'],
  event_chain: ['id'],
  former_names: ['user_id', 'name'],
  student_totals: ['course_id', 'user_id'],
  signing_keys: ['id'],
  uploads: ['user_id', 'blob_id'],
  announcements: ['user_id', 'caller_id', 'client_key'],
}

/** Its rows are there from the start. */
const filledByMigrations: ReadonlySet<string> = new Set(['heartbeat', 'event_chain'])

/** Triggers make its rows while those that they are about are copied. */
const madeByTriggers: ReadonlySet<string> = new Set(['student_totals'])

const rowsPerPage = 400

type Row = Readonly<Record<string, unknown>>

/** Told of each page that has been copied. */
export type CopyProgress = (copied: { table: Copied; rows: number }) => void

/**
 * Copies every row with its id. `from` must not change meanwhile (a copy, a snapshot, or nobody writes); `to` has the
 * same schema and no rows, or those that an earlier call has copied from the same rows: it goes on after them.
 * @throws Trouble
 */
export async function copyRows(from: Reader, to: Database, progress?: CopyProgress): Promise<void> {
  for (const table of Object.keys(keys) as Copied[]) {
    if (madeByTriggers.has(table)) continue
    let after = await lastCopied(to.read, table)
    for (;;) {
      const rows = await selectPage(from, table, after)
      const last = rows.at(-1)
      if (last === undefined) break
      await to.write(trx => insertRows(trx, table, rows))
      progress?.({ table, rows: rows.length })
      after = last
    }
  }
  await to.adoptIds()
}

/** Null: begin with the first. Tables whose keys do not grow are small, and what is there is left alone. */
async function lastCopied(db: Reader, table: Copied): Promise<Row | null> {
  const grows = keys[table].every(key => key === 'id' || key === 'tree_id' || key === 'position')
  if (!grows || filledByMigrations.has(table) || table === 'signing_keys') return null
  const descending = sql.join(keys[table].map(key => sql`${sql.ref(key)} desc`))
  const { rows } = await sql<Row>`
    select ${sql.join(keys[table].map(key => sql.ref(key)))} from ${sql.table(table)}
    order by ${descending} limit 1
  `.execute(db)
  return rows[0] ?? null
}

async function selectPage(db: Reader, table: Copied, after: Row | null): Promise<Row[]> {
  const columns = sql.join(keys[table].map(key => sql.ref(key)))
  const values = sql.join(keys[table].map(key => after?.[key]))
  const onlyAfter = after === null ? sql`` : sql`where (${columns}) > (${values})`
  const { rows } = await sql<Row>`
    select * from ${sql.table(table)} ${onlyAfter} order by ${columns} limit ${sql.lit(rowsPerPage)}
  `.execute(db)
  return rows
}

async function insertRows(trx: Writer, table: Copied, rows: readonly Row[]): Promise<void> {
  if (filledByMigrations.has(table)) await trx.deleteFrom(table).execute()
  await trx
    .insertInto(table)
    .values(rows as never)
    .onConflict(conflict => conflict.doNothing())
    .execute()
}
