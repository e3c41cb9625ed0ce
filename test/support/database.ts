/**
 * Where a test's database is: in the file that it names, or, with `NGSHARE_TEST_DATABASE=postgresql`, in a database of
 * PostgreSQL that stands for that file.
 */
import { createHash } from 'node:crypto'
import Sqlite from 'better-sqlite3'
import pg from 'pg'

/** Set by `postgres-setup.ts`: the URL of the server, without a database at its end. */
const postgres = process.env.NGSHARE_TEST_POSTGRES_URL

export const onPostgres = postgres !== undefined

export const templateDatabase = 'ngshare_template'

export function databaseUrl(path: string): string {
  return postgres === undefined ? `sqlite:///${path}` : `${postgres}/${nameFor(path)}`
}

/** With the schema of today, where there is none yet. */
export async function makeDatabase(path: string): Promise<void> {
  await execute(`create database ${nameFor(path)} template ${templateDatabase}`, '42P04')
}

export async function dropDatabase(path: string): Promise<void> {
  await execute(`drop database if exists ${nameFor(path)} with (force)`)
}

function nameFor(path: string): string {
  return `test_${createHash('sha256').update(path).digest('hex').slice(0, 16)}`
}

/** `expected`: the code of an error that is none. */
async function execute(statement: string, expected?: string): Promise<void> {
  if (postgres === undefined) return
  const client = new pg.Client({ connectionString: `${postgres}/postgres` })
  await client.connect()
  try {
    await client.query(statement)
  } catch (error) {
    if (!(error instanceof pg.DatabaseError && error.code === expected)) throw error
  } finally {
    await client.end()
  }
}

/** Statements beside the service, as someone with the right to would run them. Returns the rows of the last one. */
export async function runStatements<Row>(path: string, ...statements: string[]): Promise<Row[]> {
  if (postgres === undefined) return runInFile(path, statements)
  const client = new pg.Client({ connectionString: databaseUrl(path) })
  await client.connect()
  try {
    let rows: Row[] = []
    for (const statement of statements) rows = (await client.query(statement)).rows
    return rows
  } finally {
    await client.end()
  }
}

function runInFile<Row>(path: string, statements: readonly string[]): Row[] {
  const sqlite = new Sqlite(path)
  try {
    sqlite.pragma('foreign_keys = off')
    let rows: Row[] = []
    for (const text of statements) {
      const statement = sqlite.prepare<[], Row>(text)
      if (statement.reader) rows = statement.all()
      else statement.run()
    }
    return rows
  } finally {
    sqlite.close()
  }
}

/** Nobody can record an event until the returned function is called. */
export async function lockEvents(path: string): Promise<() => Promise<void>> {
  if (postgres === undefined) {
    const sqlite = new Sqlite(path)
    sqlite.exec('begin immediate')
    return async () => {
      sqlite.close()
    }
  }
  const client = new pg.Client({ connectionString: databaseUrl(path) })
  await client.connect()
  await client.query('begin')
  await client.query('lock table events in exclusive mode')
  return () => client.end()
}
