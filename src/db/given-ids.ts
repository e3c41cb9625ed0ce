/** Ids that were given out once, also those whose rows have gone: they may be remembered, and must not come to mean another. */
import { type Kysely, PostgresAdapter, sql } from 'kysely'
import type { Database, Reader, Writer } from './database.ts'
import type { Schema } from './schema.ts'

/** Whose ids are not given out again. */
const tables = ['users', 'courses', 'members', 'assignments', 'submissions', 'events', 'event_seals'] as const

type GivenIds = ReadonlyMap<string, number>

/** The highest of each table, as far as it is known to be above those that are there. */
export async function highestGivenIds(db: Reader): Promise<GivenIds> {
  const kysely = db as Kysely<Schema>
  const { rows } = await (isPostgres(db)
    ? sql<{ table: string; id: number }>`
        select replace(sequencename, '_id_seq', '') as table, last_value as id from pg_sequences
        where schemaname = current_schema() and last_value is not null
      `
    : sql<{ table: string; id: number }>`select name as "table", seq as id from sqlite_sequence`
  ).execute(kysely)
  return new Map(rows.map(({ table, id }) => [table, id]))
}

/** New rows get higher ids than these. Safe to repeat. @throws Trouble */
export async function neverGiveAgain(db: Database, given: GivenIds): Promise<void> {
  await db.write(async trx => {
    for (const table of tables) {
      const id = given.get(table) ?? 0
      const { last } = await trx
        .selectFrom(table)
        .select(eb => eb.fn.coalesce(eb.fn.max<number>('id'), eb.lit(0)).as('last'))
        .executeTakeFirstOrThrow()
      if (id > last) await raise(trx, table, id)
    }
  })
}

async function raise(trx: Writer, table: string, id: number): Promise<void> {
  if (isPostgres(trx)) {
    await sql`select setval(pg_get_serial_sequence(${table}, 'id'), ${id})`.execute(trx as Kysely<Schema>)
    return
  }
  await sql`delete from sqlite_sequence where name = ${table}`.execute(trx as Kysely<Schema>)
  await sql`insert into sqlite_sequence (name, seq) values (${table}, ${id})`.execute(trx as Kysely<Schema>)
}

function isPostgres(db: Reader | Writer): boolean {
  return (db as Kysely<Schema>).getExecutor().adapter instanceof PostgresAdapter
}
