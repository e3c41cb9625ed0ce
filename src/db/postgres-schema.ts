/** Looks at the database before it is used, and brings its schema up to date. */
import { type Kysely, sql } from 'kysely'
import { Trouble } from '../domain/errors.ts'
import { migrate, pendingMigrations } from './migrations.ts'
import type { Schema } from './schema.ts'

const oldestVersion = 14
/** Whoever starts waits for whoever started before. A number of ours, in the space of numbers of the database. */
const startLock = 6_478_236_783

/** @throws Trouble `database` */
export async function preparePostgres(kysely: Kysely<Schema>, upgrade: boolean): Promise<void> {
  await refuseUnusable(kysely)
  await kysely.transaction().execute(async trx => {
    await sql`select pg_advisory_xact_lock(${startLock})`.execute(trx)
    const tables = await tablesOf(trx)
    refuseForeign(tables)
    const pending = await pendingMigrations(trx)
    if (!upgrade && tables.size > 0 && pending.length > 0) {
      throw new Trouble(
        'database',
        `the database lacks ${pending.join(', ')}: start once without --no-upgrade-db`,
      )
    }
    await migrate(trx)
  })
}

async function refuseUnusable(kysely: Kysely<Schema>): Promise<void> {
  const { rows } = await sql<{ version: string; encoding: string; isStandby: boolean }>`
    select current_setting('server_version_num') as version, current_setting('server_encoding') as encoding,
      pg_is_in_recovery() as "isStandby"
  `.execute(kysely)
  const [{ version, encoding, isStandby }] = rows as [(typeof rows)[number]]
  const major = Math.floor(Number(version) / 10_000)
  if (major < oldestVersion)
    refuse(`PostgreSQL is version ${major}; ${oldestVersion} is the oldest that works`)
  if (encoding !== 'UTF8') refuse(`its encoding is ${encoding}: create it with encoding UTF8`)
  if (isStandby) refuse('PostgreSQL takes no changes: it is a standby')
}

async function tablesOf(kysely: Kysely<Schema>): Promise<Set<string>> {
  const { rows } = await sql<{ name: string }>`
    select tablename as name from pg_tables where schemaname = current_schema()
  `.execute(kysely)
  return new Set(rows.map(row => row.name))
}

/** Before anything is written. */
function refuseForeign(tables: ReadonlySet<string>): void {
  if (tables.size === 0 || tables.has('kysely_migration')) return
  const owner = tables.has('alembic_version') ? 'the Python ngshare' : 'another program'
  refuse(`it belongs to ${owner}; it was left untouched: name an empty one`)
}

function refuse(reason: string): never {
  throw new Trouble('database', `this database cannot be used: ${reason}`)
}
