/** How the database goes about a statement, and whether that takes longer the more is stored. */
import Sqlite from 'better-sqlite3'
import pg from 'pg'
import { databaseUrl, onPostgres } from '../support/database.ts'
import * as postgres from './postgres-plans.ts'
import * as sqlite from './sqlite-plans.ts'

/** Tables that grow with every submission, person or term. */
export const growing: ReadonlySet<string> = new Set([
  'courses',
  'assignments',
  'submissions',
  'trees',
  'tree_files',
  'blobs',
  'events',
  'event_seals',
  'feedback',
  'releases',
  'users',
  'members',
  'former_names',
  'student_totals',
  'uploads',
  'announcements',
])

/** One statement that reads a growing table, or an index of it, from one end to the other. */
export interface Scan {
  readonly statement: string
  /** In the words of the engine: `SCAN submissions`. */
  readonly step: string
}

/** Of these statements, those that do; as if there were no index of that name, where one is named. */
export function findScans(
  databasePath: string,
  statements: Iterable<string>,
  { without }: { without?: string } = {},
): Promise<Scan[]> {
  return explaining(databasePath, async ({ execute, prepare, scansOf }) => {
    const scans: Scan[] = []
    for (const statement of statements) {
      await prepare(statement)
      await execute('begin')
      if (without !== undefined) await execute(`drop index "${without}"`)
      for (const step of await scansOf(statement)) scans.push({ statement, step })
      await execute('rollback')
    }
    return scans
  })
}

/** But for those that an engine makes for keys. */
export function indexesOf(databasePath: string): Promise<string[]> {
  return explaining(databasePath, async ({ namesIn }) =>
    onPostgres
      ? namesIn(`select indexrelid::regclass::text as name from pg_index join pg_class on pg_class.oid = indexrelid
          where relnamespace = 'public'::regnamespace
          and not exists (select from pg_constraint where conindid = indexrelid) and relname not like 'kysely%'`)
      : namesIn(`select name from sqlite_master where type = 'index' and sql is not null`),
  )
}

interface Explainer {
  execute(statement: string): Promise<unknown>
  /** Before the transaction in which the statement is explained. */
  prepare(statement: string): Promise<unknown>
  /** Of a query for `name`. */
  namesIn(query: string): Promise<string[]>
  scansOf(statement: string): Promise<string[]>
}

async function explaining<Result>(
  databasePath: string,
  use: (explainer: Explainer) => Promise<Result>,
): Promise<Result> {
  if (onPostgres) {
    const client = new pg.Client({ connectionString: databaseUrl(databasePath) })
    await client.connect()
    try {
      return await use({
        execute: statement => client.query(statement),
        prepare: () => client.query(postgres.asIfLarge),
        namesIn: async query => (await client.query<{ name: string }>(query)).rows.map(row => row.name),
        scansOf: statement => postgres.scansOf(client, statement),
      })
    } finally {
      await client.end()
    }
  }
  const database = new Sqlite(databasePath)
  try {
    return await use({
      execute: async statement => database.exec(statement),
      prepare: async statement => sqlite.chooseForeignKeys(database, statement),
      namesIn: async query => database.prepare(query).pluck().all() as string[],
      scansOf: async statement => sqlite.scansOf(database, statement),
    })
  } finally {
    database.close()
  }
}
