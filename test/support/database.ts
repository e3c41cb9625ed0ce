/**
 * Where a test's database is: in the file that it names, or, with `NGSHARE_TEST_DATABASE=postgresql`, in a database of
 * PostgreSQL that stands for that file.
 */
import { createHash } from 'node:crypto'
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
