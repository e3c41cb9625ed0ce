/** What PostgreSQL itself can find wrong with what it keeps. */
import { sql } from 'kysely'
import type { DatabaseFault, Reader } from './database.ts'

/** Rows that point at rows that are not there: all references are looked at anew. Reads all tables. */
export async function findForeignKeyFaults(db: Reader): Promise<DatabaseFault[]> {
  const faults: DatabaseFault[] = []
  for (const { table, column, to } of await references(db)) {
    const from = sql.table(table)
    const { rows } = await sql<{ id: number | null }>`
      select (to_jsonb(child) ->> 'id')::bigint as id from ${from} as child
      where not exists (select from ${sql.table(to)} as parent where parent.id = child.${sql.ref(column)})
    `.execute(db)
    faults.push(...rows.map(({ id }) => ({ kind: 'foreign-key', table, row: id, to }) as const))
  }
  return faults
}

/** Pages whose checksum was found wrong, where the server keeps checksums. */
export async function findStructureFaults(db: Reader): Promise<DatabaseFault[]> {
  const { rows } = await sql<{ failures: number | null }>`
    select checksum_failures as failures from pg_stat_database where datname = current_database()
  `.execute(db)
  const failures = rows[0]?.failures ?? 0
  return failures === 0 ? [] : [{ kind: 'structure', text: `${failures} pages had a wrong checksum` }]
}

async function references(db: Reader): Promise<{ table: string; column: string; to: string }[]> {
  const { rows } = await sql<{ table: string; column: string; to: string }>`
    select child.relname as table, attribute.attname as column, parent.relname as to
    from pg_constraint as reference
    join pg_class as child on child.oid = reference.conrelid
    join pg_class as parent on parent.oid = reference.confrelid
    join pg_attribute as attribute on attribute.attrelid = child.oid and attribute.attnum = reference.conkey[1]
    where reference.contype = 'f' and child.relnamespace = current_schema()::regnamespace
    order by child.relname, attribute.attname
  `.execute(db)
  return rows
}
