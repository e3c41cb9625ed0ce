/** Brings a database to the schema that this program speaks. */
import type { Kysely } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import * as initial from './migrations/001-initial.ts'
import * as hubGroups from './migrations/002-hub-groups.ts'
import * as history from './migrations/003-history.ts'
import * as leases from './migrations/004-leases.ts'
import * as totals from './migrations/005-totals.ts'
import * as eventChain from './migrations/006-event-chain.ts'
import type { Schema } from './schema.ts'

const migrations: Record<string, Migration> = {
  '001-initial': initial,
  '002-hub-groups': hubGroups,
  '003-history': history,
  '004-leases': leases,
  '005-totals': totals,
  '006-event-chain': eventChain,
}

/** The last one of all. */
export const newestSchema = Object.keys(migrations).sort().at(-1) ?? ''

/** The migrations that this database still lacks, in order. */
export async function pendingMigrations(db: Kysely<Schema>): Promise<string[]> {
  const known = await migrator(db).getMigrations()
  return known.filter(migration => migration.executedAt === undefined).map(migration => migration.name)
}

/** Runs what is missing. The caller holds the write lock, so that two starting servers do not collide. */
export async function migrate(db: Kysely<Schema>): Promise<void> {
  const { error } = await migrator(db).migrateToLatest()
  if (error !== undefined) throw error
}

function migrator(db: Kysely<Schema>): Migrator {
  return new Migrator({ db, provider: { getMigrations: async () => migrations } })
}
