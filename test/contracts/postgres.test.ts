/** The contract of a database, and what only PostgreSQL has to show. */
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import type { Database } from '../../src/db/database.ts'
import { openPostgres } from '../../src/db/postgres.ts'
import { openSqlite } from '../../src/db/sqlite.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { describeCompatibility } from './compatibility.ts'
import { describeDatabase } from './database.ts'
import { describeFreeze } from './freeze.ts'
import { describeTotals } from './totals.ts'

let server: PostgresServer
let made = 0

beforeAll(async () => {
  server = await startPostgres()
}, 60_000)
afterAll(() => server?.close())

describeDatabase('PostgreSQL', async () => opened(await aDatabase()))
describeFreeze(
  'PostgreSQL',
  async () => opened(await aDatabase()),
  () => opened(`contract${made}`),
)
describeTotals('PostgreSQL', async () => opened(await aDatabase()))
describeCompatibility('PostgreSQL', async () => {
  const name = await aDatabase()
  return {
    open: () => opened(name),
    execute: async statement => {
      await server.query(name, statement)
    },
  }
})

async function aDatabase(): Promise<string> {
  const name = `contract${++made}`
  await server.query('postgres', `create database ${name}`)
  return name
}

async function opened(name: string): Promise<Database> {
  const db = await openPostgres({
    url: server.url(name),
    password: null,
    size: 10,
    statementTimeoutMs: 10_000,
    upgrade: true,
    openFile: path => openSqlite({ path, upgrade: true }),
  })
  onTestFinished(() => db.close())
  return db
}
