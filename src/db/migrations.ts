/** Brings a database to the schema that this program speaks. */
import type { Kysely } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import { Trouble } from '../domain/errors.ts'
import * as initial from './migrations/001-initial.ts'
import * as hubGroups from './migrations/002-hub-groups.ts'
import * as history from './migrations/003-history.ts'
import * as leases from './migrations/004-leases.ts'
import * as totals from './migrations/005-totals.ts'
import * as eventChain from './migrations/006-event-chain.ts'
import * as secondApi from './migrations/007-second-api.ts'
import * as announcements from './migrations/008-announcements.ts'
import * as plainBytes from './migrations/009-plain-bytes.ts'
import type { Schema } from './schema.ts'

const migrations: Record<string, Migration> = {
  '001-initial': initial,
  '002-hub-groups': hubGroups,
  '003-history': history,
  '004-leases': leases,
  '005-totals': totals,
  '006-event-chain': eventChain,
  '007-second-api': secondApi,
  '008-announcements': announcements,
  '009-plain-bytes': plainBytes,
}

/** The last one of all. */
export const newestSchema = Object.keys(migrations).sort().at(-1) ?? ''

/** The migrations that this database still lacks, in order. */
export async function pendingMigrations(db: Kysely<Schema>): Promise<string[]> {
  const known = await migrator(db).getMigrations()
  return known.filter(migration => migration.executedAt === undefined).map(migration => migration.name)
}

/**
 * Runs what is missing. A database that is newer than this program is left as it is, and served where it says that it may
 * be: see docs/decisions/018-rolling-upgrade.md. The caller holds the write lock, so that two starting servers do not
 * collide. @throws Trouble `database`
 */
export async function migrate(db: Kysely<Schema>): Promise<void> {
  const newer = await newerMigrations(db)
  if (newer.length > 0) return requireCompatible(db as unknown as Kysely<MigrationTables>, newer)
  const { error } = await migrator(db).migrateToLatest()
  if (error !== undefined) throw error
}

/** What only migrations and this file know of. */
interface MigrationTables {
  kysely_migration: { name: string }
  compatibility: { oldest_schema: string }
}

/** Those that it has been through and that this program does not know. */
async function newerMigrations(db: Kysely<Schema>): Promise<string[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some(table => table.name === 'kysely_migration')) return []
  const executed = await (db as unknown as Kysely<MigrationTables>)
    .selectFrom('kysely_migration')
    .select('name')
    .where('name', 'not in', Object.keys(migrations))
    .orderBy('name')
    .execute()
  return executed.map(({ name }) => name)
}

async function requireCompatible(db: Kysely<MigrationTables>, newer: readonly string[]): Promise<void> {
  const { oldest_schema: oldest } = await db
    .selectFrom('compatibility')
    .select('oldest_schema')
    .executeTakeFirstOrThrow()
  if (newestSchema >= oldest) return
  throw new Trouble(
    'database',
    `the database was brought to ${newer.at(-1)} by a newer ngshare, which this version (${newestSchema}) cannot serve beside; it was left as it is: start the newer version`,
  )
}

function migrator(db: Kysely<Schema>): Migrator {
  return new Migrator({ db, provider: { getMigrations: async () => migrations } })
}
