/**
 * For a run of vitest with `NGSHARE_TEST_DATABASE=postgresql`: one PostgreSQL for all its tests; with
 * `NGSHARE_TEST_POOLER=transaction` (or `session`) behind a PgBouncer of that mode.
 */
import { openPostgres } from '../../src/db/postgres.ts'
import { openSqlite } from '../../src/db/sqlite.ts'
import { templateDatabase } from './database.ts'
import { type PoolMode, startPgBouncer } from './pgbouncer.ts'
import { startPostgres } from './postgres.ts'

export default async function setUp(): Promise<undefined | (() => Promise<void>)> {
  if (process.env.NGSHARE_TEST_DATABASE !== 'postgresql') return undefined
  const server = await startPostgres()
  await server.query('postgres', `create database ${templateDatabase}`)
  const db = await openPostgres({
    url: server.url(templateDatabase),
    password: null,
    size: 2,
    statementTimeoutMs: 30_000,
    upgrade: true,
    openFile: path => openSqlite({ path, upgrade: true }),
  })
  await db.close()
  const mode = process.env.NGSHARE_TEST_POOLER as PoolMode | undefined
  const pooler = mode === undefined ? null : await startPgBouncer(server.url(''), mode)
  process.env.NGSHARE_TEST_POSTGRES_URL = (pooler ?? server).url('').replace(/\/$/, '')
  return async () => {
    await pooler?.stop()
    await server.close()
  }
}
