/** A database of PostgreSQL, as a server opens it. */
import { onTestFinished } from 'vitest'
import type { Database } from '../../src/db/database.ts'
import { openPostgres, type PostgresOptions } from '../../src/db/postgres.ts'
import { openSqlite } from '../../src/db/sqlite.ts'

/** Closed at the end of the test. */
export async function opening(
  options: { url: string; password: string | null } & Partial<PostgresOptions>,
): Promise<Database> {
  const openFile = (path: string) => openSqlite({ path, upgrade: true })
  const db = await openPostgres({ size: 10, statementTimeoutMs: 10_000, upgrade: true, openFile, ...options })
  onTestFinished(() => db.close())
  return db
}
