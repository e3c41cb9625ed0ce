/** The contract of a database behind PgBouncer, which lends its connections for a session or for a transaction. */
import { type Kysely, sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Database } from '../../src/db/database.ts'
import type { Schema } from '../../src/db/schema.ts'
import { describeDatabase } from '../contracts/database.ts'
import { describeFreeze } from '../contracts/freeze.ts'
import { opening } from '../contracts/open-postgres.ts'
import { describeTotals } from '../contracts/totals.ts'
import { type PgBouncer, type PoolMode, startPgBouncer } from '../support/pgbouncer.ts'
import { aPostgresForTheFile } from '../support/postgres-for-the-file.ts'

const modes: readonly PoolMode[] = ['session', 'transaction']

const server = aPostgresForTheFile()
let last = ''

for (const mode of modes) {
  describe(`behind PgBouncer with pool_mode = ${mode}`, () => {
    let pooler: PgBouncer

    beforeAll(async () => {
      pooler = await startPgBouncer(server().url(''), mode)
    })
    afterAll(() => pooler?.stop())

    const opened = (name: string) => opening({ url: pooler.url(name), password: null })
    const openedNew = async () => opened(await aDatabase())

    describeDatabase(mode, openedNew)
    describeTotals(mode, openedNew)
    describeFreeze(mode, openedNew, () => opened(last))

    it('asks the same again and again, on connections that others have had in between', async () => {
      const name = await aDatabase()
      const servers = await Promise.all(Array.from({ length: 4 }, () => opened(name)))
      for (let round = 0; round < 5; round++) {
        await Promise.all(
          servers.flatMap((db, n) =>
            Array.from({ length: 10 }, (_, i) => addUser(db, `user-${round}-${n}-${i}`)),
          ),
        )
        for (const found of await Promise.all(servers.flatMap(db => [users(db), users(db), users(db)]))) {
          expect(found).toBe((round + 1) * 40)
        }
      }
    })

    it('leaves no limits of its own to others', async () => {
      const name = await aDatabase()
      const db = await opened(name)
      await addUser(db, 'ann')
      const { rows } = await sql`select current_setting('statement_timeout') as limit`.execute(
        db.read as Kysely<Schema>,
      )
      expect(rows).toEqual([{ limit: '0' }])
    })

    it('goes on when PgBouncer was restarted', async () => {
      const db = await openedNew()
      await addUser(db, 'before')
      await pooler.restart()
      await addUser(db, 'after')
      expect(await users(db)).toBe(2)
    })
  })
}

async function aDatabase(): Promise<string> {
  last = await server().newDatabase()
  return last
}

function addUser(db: Database, name: string): Promise<unknown> {
  return db.write(trx => trx.insertInto('users').values({ name, created_at: 1 }).execute(), {
    sharedBy: name,
  })
}

async function users(db: Database): Promise<number> {
  const { count } = await db.read
    .selectFrom('users')
    .select(eb => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return count
}
