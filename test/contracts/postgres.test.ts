/** The contract of a database, and what only PostgreSQL has to show. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openDiskStore } from '../../src/content/disk-store.ts'
import { stageBytes } from '../../src/content/staging.ts'
import type { ActOptions, Database } from '../../src/db/database.ts'
import type { PostgresOptions } from '../../src/db/postgres.ts'
import { Refusal, Trouble } from '../../src/domain/errors.ts'
import { noQuotas } from '../../src/domain/quotas.ts'
import { systemClock } from '../../src/domain/timestamp.ts'
import { hideAssignment, releaseAssignment } from '../../src/exchange/assignments.ts'
import { createCourse } from '../../src/exchange/courses.ts'
import type { Caller, Exchange } from '../../src/exchange/exchange.ts'
import { releaseFeedback } from '../../src/exchange/feedback.ts'
import { listHidden, purgeOne } from '../../src/exchange/hidden.ts'
import { sealEvents } from '../../src/exchange/history.ts'
import { verifyHistory } from '../../src/exchange/history-check.ts'
import { setStudents } from '../../src/exchange/rosters.ts'
import { listSubmissions, submitAssignment } from '../../src/exchange/submissions.ts'
import { findWrongTotals } from '../../src/exchange/totals.ts'
import { mergeUsers } from '../../src/exchange/users.ts'
import { startPostgres } from '../support/postgres.ts'
import { aPostgresForTheFile } from '../support/postgres-for-the-file.ts'
import { describeCompatibility } from './compatibility.ts'
import { describeDatabase } from './database.ts'
import { describeFreeze } from './freeze.ts'
import { opening } from './open-postgres.ts'
import { describeTotals } from './totals.ts'

const server = aPostgresForTheFile()
let last = ''

describeDatabase('PostgreSQL', async () => opened(await aDatabase()))
describeFreeze(
  'PostgreSQL',
  async () => opened(await aDatabase()),
  () => opened(last),
)
describeTotals('PostgreSQL', async () => opened(await aDatabase()))
describeCompatibility('PostgreSQL', async () => {
  const name = await aDatabase()
  return {
    open: () => opened(name),
    execute: async statement => {
      await server().query(name, statement)
    },
  }
})

describe('opening a database of PostgreSQL', () => {
  it('eight at once make the schema once', async () => {
    const name = await aDatabase()
    const all = await Promise.all(Array.from({ length: 8 }, () => opened(name)))
    for (const db of all) await db.check()
    const rows = await server().query<{ count: number }>(name, 'select count(*)::int from kysely_migration')
    const files = await server().query<{ count: number }>(
      name,
      'select count(distinct name)::int from kysely_migration',
    )
    expect(rows).toEqual(files)
  })

  it('refuses one of another program, and leaves it as it is', async () => {
    const name = await aDatabase()
    await server().query(name, 'create table alembic_version (version_num text)')
    await expect(opened(name)).rejects.toThrow('belongs to the Python ngshare')
    expect(
      await server().query(name, 'select tablename from pg_tables where schemaname = current_schema()'),
    ).toEqual([{ tablename: 'alembic_version' }])
  })

  it('refuses an old schema where it may not upgrade it', async () => {
    const name = await aDatabase()
    await opened(name)
    await server().query(name, `delete from kysely_migration where name > '003'`)
    await expect(opened(name, { upgrade: false })).rejects.toThrow('start once without --no-upgrade-db')
  })

  it('refuses one that is not in UTF-8', async () => {
    const name = 'latin'
    await server().query(
      'postgres',
      `create database ${name} encoding 'LATIN1' locale 'C' template template0`,
    )
    await expect(opened(name)).rejects.toThrow('its encoding is LATIN1')
  })

  it.each([
    ['a wrong password', { user: 'guarded', password: 'wrong-password' }],
    ['no such user', { user: 'nobody-here', password: 'some-password' }],
  ])('says what is wrong with %s, without the password', async (_, who) => {
    const guarded = await startPostgres(['password_encryption = scram-sha-256'])
    onTestFinished(() => guarded.close())
    await guarded.requirePasswords()
    const error = await opening({
      url: guarded.url('postgres', { user: who.user }),
      password: who.password,
    }).catch(e => e)
    expect(error).toBeInstanceOf(Trouble)
    expect(error.message).toContain('does not let us in: look at user and password (28P01')
    expect(JSON.stringify([error.message, error.stack, String(error.cause)])).not.toContain(who.password)
  })

  it('gets in with the password, given apart or by PostgreSQL’s own means', async () => {
    const guarded = await startPostgres()
    onTestFinished(() => guarded.close())
    await guarded.requirePasswords()
    const url = guarded.url('postgres', { user: 'guarded' })
    await (await opening({ url, password: 'right-password' })).check()
    process.env.PGPASSWORD = 'right-password'
    onTestFinished(() => {
      delete process.env.PGPASSWORD
    })
    await (await opening({ url, password: null })).check()
  })

  it('speaks with TLS as it is told to: only to whom it knows, or to anybody', async () => {
    const own = await startPostgres()
    onTestFinished(() => own.close())
    const certificate = await own.offerTls()
    const isEncrypted = async (query: string) => {
      const db = await opening({ url: own.url('postgres', { query }), password: null })
      const { rows } = await sql<{ ssl: boolean }>`
        select bool_and(ssl) as ssl from pg_stat_ssl join pg_stat_activity using (pid) where application_name = 'ngshare'
      `.execute(db.read)
      return rows[0]?.ssl
    }
    await sleep(200) // until it has read its settings
    expect(await isEncrypted(`?sslmode=verify-full&sslrootcert=${certificate}`)).toBe(true)
    expect(await isEncrypted(`?sslmode=verify-ca&sslrootcert=${certificate}`)).toBe(true)
    expect(await isEncrypted('?sslmode=require')).toBe(true)
    await expect(isEncrypted('?sslmode=verify-full')).rejects.toThrow('self-signed certificate')
  })

  it('says that there is no such database, and no server', async () => {
    await expect(opened('not_there')).rejects.toThrow('PostgreSQL has no such database')
    const nowhere = opening({ url: 'postgresql://ngshare@127.0.0.1:1/x', password: null })
    await expect(nowhere).rejects.toMatchObject({ kind: 'database' })
    await expect(nowhere).rejects.toThrow('ECONNREFUSED')
  })
})

describe('acts that contradict each other', () => {
  it('of 200 releases of one assignment through two servers, one is made and 199 are refused', async () => {
    const [one, two] = await twoExchanges()
    const tree = await aTree(one, 'x')
    const outcomes = await Promise.allSettled(
      Array.from({ length: 200 }, (_, i) =>
        releaseAssignment(i % 2 === 0 ? one : two, { caller: root, ...ex1, overwrite: false, tree }),
      ),
    )
    const refused = outcomes.filter(isRefused('assignment-exists'))
    expect(outcomes.filter(outcome => outcome.status === 'fulfilled')).toHaveLength(1)
    expect(refused).toHaveLength(199)
    expect(await count(one.db, 'releases')).toBe(1)
    expect(await count(two.db, 'trees')).toBe(1)
  })

  it('makes one user of many first submissions, and a moment of its own for each', async () => {
    const [one, two] = await twoExchanges({ assignment: true })
    const receivedAt = one.clock()
    const tree = await aTree(one, 'same for all')
    const all = await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        submitAssignment(i % 2 === 0 ? one : two, { caller: root, ...ex1, receivedAt, tree }),
      ),
    )
    expect(new Set(all.map(submission => submission.receivedAt)).size).toBe(40)
    expect(await count(one.db, 'users')).toBe(3) // the instructor, the student, and who submitted
    expect(await count(one.db, 'blobs')).toBe(2)
    await sealEvents(one)
    expect(await verifyHistory(two.db.read)).toMatchObject({ faults: [] })
  })

  it('serves one of two sets of feedback', async () => {
    const [one, two] = await twoExchanges({ assignment: true })
    const { receivedAt } = await submitAs(one, 'ann')
    const tree = await aTree(one, 'good')
    const give = (exchange: Exchange) =>
      releaseFeedback(exchange, { caller: root, student: 'ann', ...ex1, receivedAt, tree })
    await Promise.all([give(one), give(two), give(one), give(two)])
    const served = await one.db.read
      .selectFrom('feedback')
      .select('id')
      .where('replaced_at', 'is', null)
      .execute()
    expect(served).toHaveLength(1)
    expect(await count(one.db, 'feedback')).toBe(4)
  })

  it('a purge and a submission leave nothing half', async () => {
    const [one, two] = await twoExchanges({ assignment: true })
    for (let round = 0; round < 6; round++) {
      await submitAs(one, 'ann')
      const submitting = Promise.allSettled([
        submitAs(two, 'ann'),
        submitAs(one, 'bob'),
        submitAs(two, 'carl'),
      ])
      await hideAssignment(one, { caller: root, ...ex1 })
      const [hidden] = await listHidden(one.db.read)
      if (hidden !== undefined) await purgeOne(two, { caller: root, hidden })
      for (const outcome of await submitting)
        expect(outcome.status === 'fulfilled' || isRefused('assignment-not-found')(outcome)).toBe(true)
      expect(await one.db.findFaults()).toEqual([])
      const trees = await sql<{ id: number }>`select id from trees where id not in (
        select tree_id from submissions union select tree_id from releases union select tree_id from feedback)`.execute(
        one.db.read,
      )
      expect(trees.rows).toEqual([])
      await releaseAssignment(one, { caller: root, ...ex1, overwrite: true, tree: await aTree(one, 'again') })
    }
  })

  it('a merge and submissions lose none', async () => {
    const [one, two] = await twoExchanges({ assignment: true })
    await submitAs(one, 'ann')
    await submitAs(one, 'bob')
    const submitting = Promise.all(
      Array.from({ length: 10 }, (_, i) => submitAs(i % 2 === 0 ? one : two, 'ann')),
    )
    await mergeUsers(two, { caller: root, from: 'ann', into: 'bob' })
    await submitting
    expect(await listSubmissions(one, { caller: root, ...ex1 })).toHaveLength(12)
  })

  it('that never agree are given up with a word to try again', async () => {
    const db = await opened(await aDatabase())
    const act = db.write(async trx => {
      await trx.selectFrom('heartbeat').selectAll().execute()
      await db.check() // changes the same row meanwhile, each time
      await trx.updateTable('heartbeat').set({ at: 1 }).execute()
    })
    await expect(act).rejects.toMatchObject({ kind: 'database-busy' })
  }, 30_000)
})

describe('acts that may share a transaction', () => {
  it('do, when they come together', async () => {
    const name = await aDatabase()
    const db = await opened(name)
    await Promise.all(
      Array.from({ length: 160 }, (_, i) => addUser(db, `user${i}`, { sharedBy: `user${i}` })),
    )
    const [seen] = await server().query<{ acts: number; transactions: number }>(
      name,
      'select count(*)::int as acts, count(distinct xmin::text)::int as transactions from users',
    )
    expect(seen?.acts).toBe(160)
    expect(seen?.transactions).toBeLessThan(20)
  })

  it('do not wait for one that is held up', async () => {
    const db = await opened(await aDatabase())
    const { promise: held, resolve: end } = Promise.withResolvers<void>()
    const acts = ['yves', 'zoe'].map(sharedBy => db.write(() => held, { sharedBy }))
    await sleep(50)
    for (const name of ['ann', 'bob', 'carl']) await addUser(db, name, { sharedBy: name })
    expect(await count(db, 'users')).toBe(3)
    end()
    await Promise.all(acts)
  })

  it('are run again each on its own when their connection breaks', async () => {
    const name = await aDatabase()
    const db = await opened(name)
    let runs = 0
    const breaking = db.write(
      async trx => {
        if (++runs === 1) await endConnections(name)
        await trx.insertInto('users').values({ name: 'ann', created_at: 1 }).execute()
      },
      { sharedBy: 'ann' },
    )
    await Promise.all([breaking, ...['bob', 'carl', 'dora'].map(one => addUser(db, one, { sharedBy: one }))])
    expect(runs).toBe(2)
    expect(await count(db, 'users')).toBe(4)
  })

  it('are not run again when nobody knows whether they were committed', async () => {
    const name = await aDatabase()
    const db = await opened(name)
    // Deferred, it runs at the commit: there the connection breaks, as in a crash.
    await server().query(
      name,
      `create function crash() returns trigger language plpgsql as $$
         begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$`,
      `create constraint trigger crash after insert on users
         deferrable initially deferred for each row execute function crash()`,
    )
    let runs = 0
    const acts = ['ann', 'bob', 'carl'].map(one =>
      db.write(
        async trx => {
          runs++
          await trx.insertInto('users').values({ name: one, created_at: 1 }).execute()
        },
        { sharedBy: one },
      ),
    )
    for (const outcome of await Promise.allSettled(acts))
      expect(outcome).toMatchObject({ status: 'rejected', reason: { kind: 'database' } })
    expect(runs).toBe(3)
  })

  it('make one submission of many with one key', async () => {
    const [one, two] = await twoExchanges({ assignment: true })
    await submitAs(one, 'ann')
    const tree = await aTree(one, 'sent again and again')
    const input = { caller: { ...root, name: 'ann' }, ...ex1, receivedAt: one.clock(), tree, key: 'k' }
    const all = await Promise.all(
      Array.from({ length: 24 }, (_, i) => submitAssignment(i % 3 === 0 ? two : one, input)),
    )
    expect(new Set(all.map(submission => submission.receiptId)).size).toBe(1)
    expect(await listSubmissions(one, { caller: root, ...ex1 })).toHaveLength(2)
  })

  it('let no student submit more at once than a quota allows', async () => {
    const [one, two] = await twoExchanges({ assignment: true })
    for (const [student, quota] of [
      ['ann', 'assignmentBytes'],
      ['bob', 'userBytes'],
    ] as const) {
      await submitAs(one, student)
      const [first] = await one.db.read
        .selectFrom('trees')
        .select('size_bytes')
        .orderBy('id', 'desc')
        .execute()
      const tree = await aTree(one, 'x'.repeat(100))
      const quotas = { ...noQuotas, [quota]: (first?.size_bytes ?? 0) + 399 }
      const outcomes = await Promise.allSettled(
        Array.from({ length: 16 }, (_, i) =>
          submitAssignment(
            { ...(i % 4 === 0 ? two : one), quotas },
            { caller: { ...root, name: student }, ...ex1, receivedAt: one.clock(), tree },
          ),
        ),
      )
      expect(outcomes.filter(outcome => outcome.status === 'fulfilled')).toHaveLength(3)
      expect(outcomes.filter(isRefused('quota-exceeded'))).toHaveLength(13)
    }
  })

  it('keep to one another what a class submits at once, and the record in order', async () => {
    const [one, two] = await twoExchanges({ assignment: true })
    const names = Array.from({ length: 100 }, (_, i) => `student${i}`)
    const receipts = await Promise.all(names.map((name, i) => submitAs(i % 2 === 0 ? one : two, name)))
    expect(new Set(receipts.map(receipt => receipt.receiptId)).size).toBe(100)
    const listed = await listSubmissions(two, { caller: root, ...ex1 })
    expect(listed.map(submission => submission.student).toSorted()).toEqual(names.toSorted())
    expect(await findWrong(one.db)).toEqual([])
    await sealEvents(one)
    expect(await verifyHistory(two.db.read)).toMatchObject({ faults: [] })
  })
})

describe('a connection that breaks', () => {
  it('in the middle of an act, leaves the act to be run once more', async () => {
    const name = await aDatabase()
    const db = await opened(name)
    let runs = 0
    await db.write(async trx => {
      await trx.insertInto('users').values({ name: 'ann', created_at: 1 }).execute()
      if (++runs === 1) await endConnections(name)
      await trx.insertInto('users').values({ name: 'bob', created_at: 1 }).execute()
    })
    expect(runs).toBe(2)
    expect(await count(db, 'users')).toBe(2)
  })

  it('while nobody uses it, is not noticed', async () => {
    const name = await aDatabase()
    const db = await opened(name)
    await Promise.all(Array.from({ length: 8 }, () => db.check()))
    await endConnections(name)
    expect(await count(db, 'users')).toBe(0)
    await endConnections(name)
    await db.check()
  })

  it('because a newer ngshare gave a table another column, is not noticed', async () => {
    const name = await aDatabase()
    const db = await opened(name, { size: 1 })
    const beats = () => db.read.selectFrom('heartbeat').selectAll().execute()
    const act = () =>
      db.write(async trx => {
        await trx.updateTable('heartbeat').set({ at: 1 }).execute()
        return trx.selectFrom('heartbeat').selectAll().execute()
      })
    for (let i = 0; i < 5; i++) expect(await beats()).toHaveLength(1)
    await server().query(name, "alter table heartbeat add column note text default 'new'")
    expect(await beats()).toMatchObject([{ note: 'new' }])
    for (let i = 0; i < 5; i++) expect(await act()).toMatchObject([{ at: 1, note: 'new' }])
    await server().query(name, 'alter table heartbeat drop column note')
    expect((await act())[0]).not.toHaveProperty('note')
    expect((await beats())[0]).not.toHaveProperty('note')
  })

  it('again and again, is trouble, and nothing is written', async () => {
    const name = await aDatabase()
    const db = await opened(name)
    const act = db.write(async trx => {
      await trx.insertInto('users').values({ name: 'ann', created_at: 1 }).execute()
      await endConnections(name)
      await trx.selectFrom('users').select('id').execute()
    })
    await expect(act).rejects.toMatchObject({ kind: 'database' })
    expect(await count(db, 'users')).toBe(0)
  })

  it('with the whole server, is trouble at once; when it is back, all goes on', async () => {
    const own = await startPostgres()
    onTestFinished(() => own.close())
    const db = await opening({ url: own.url('postgres'), password: null })
    const written: string[] = []
    const troubles: unknown[] = []
    let isOver = false
    const load = Array.from({ length: 6 }, async (_, writer) => {
      for (let i = 0; !isOver; i++) {
        const name = `${writer}-${i}`
        const outcome = await addUser(db, name).then(
          () => written.push(name),
          error => troubles.push(error),
        )
        if (outcome === troubles.length) await sleep(20)
      }
    })
    await sleep(300)
    await own.stop()
    const before = performance.now()
    await expect(db.check()).rejects.toMatchObject({ kind: 'database' })
    expect(performance.now() - before).toBeLessThan(2000)
    await own.start()
    const count = written.length
    for (let waited = 0; written.length < count + 50 && waited < 200; waited++) await sleep(50)
    isOver = true
    await Promise.all(load)
    expect(written.length).toBeGreaterThan(count + 49)
    expect(troubles.length).toBeGreaterThan(0)
    for (const trouble of troubles) expect(trouble).toBeInstanceOf(Trouble)
    const stored = await db.read.selectFrom('users').select('name').execute()
    const names = new Set(stored.map(row => row.name))
    expect(written.filter(name => !names.has(name))).toEqual([])
  }, 60_000)
})

describe('PostgreSQL in trouble', () => {
  it('taking too long for a statement, is interrupted; the next one goes well', async () => {
    const db = await opened(await aDatabase(), { statementTimeoutMs: 200 })
    await expect(sql`select pg_sleep(20)`.execute(db.read)).rejects.toMatchObject({ kind: 'database-busy' })
    await db.check()
  })

  it('that does not answer at all, is given up', async () => {
    const own = await startPostgres()
    onTestFinished(() => own.close())
    const db = await opening({ url: own.url('postgres'), password: null, statementTimeoutMs: 300 })
    await own.pause(true)
    await expect(db.check()).rejects.toMatchObject({ kind: 'database' })
    await own.pause(false)
    await db.check()
  }, 60_000)

  it.each([
    ['53100', 'storage-full'],
    ['53200', 'database'],
    ['58030', 'database'],
    ['XX001', 'database'],
  ])('with the code %s is %s', async (code, kind) => {
    const name = await aDatabase()
    const db = await opened(name)
    await server().query(
      name,
      `create function fail() returns trigger language plpgsql as $$
         begin raise exception 'as a full disk would' using errcode = '${code}'; end $$`,
      'create trigger fail before insert on users execute function fail()',
    )
    await expect(addUser(db, 'ann')).rejects.toMatchObject({ kind })
  })

  it('that takes no changes says so, and readers go on', async () => {
    const name = await aDatabase()
    const db = await opened(name)
    await server().query('postgres', `alter database ${name} set default_transaction_read_only = on`)
    await endConnections(name)
    await expect(db.check()).rejects.toThrow('is it a standby?')
    expect(await count(db, 'users')).toBe(0)
    await server().query('postgres', `alter database ${name} reset default_transaction_read_only`)
    await db.check()
  })

  it('with no connection left says so', async () => {
    const name = await aDatabase()
    const db = await opened(name)
    await server().query('postgres', `alter database ${name} connection limit 0`, 'create role plain login')
    await expect(opening({ url: server().url(name, { user: 'plain' }), password: null })).rejects.toThrow(
      '53300',
    )
    await db.check()
  })

  it('whose connections are all taken is busy', async () => {
    const db = await opened(await aDatabase(), { size: 2 })
    const { promise: held, resolve: end } = Promise.withResolvers<void>()
    const acts = [1, 2].map(() => db.write(() => held))
    await expect(db.check()).rejects.toMatchObject({ kind: 'database-busy' })
    end()
    await Promise.all(acts)
    await db.check()
  }, 30_000)
})

const root: Caller = { name: 'root', kind: 'user', isAdmin: true, address: null }
const ex1 = { course: 'math', assignment: 'ex1' }

/** Two servers on one database, with a course. */
async function twoExchanges({ assignment = false } = {}): Promise<[Exchange, Exchange]> {
  const name = await aDatabase()
  const folder = await mkdtemp(join(tmpdir(), 'ngshare-contract-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const content = await openDiskStore(join(folder, 'files'))
  const clock = systemClock()
  const exchanges: [Exchange, Exchange] = [
    { db: await opened(name), content, clock },
    { db: await opened(name), content, clock },
  ]
  const [one] = exchanges
  await createCourse(one, { caller: root, course: 'math', instructors: ['teacher'] })
  const student = { username: 'ann', firstName: null, lastName: null, email: null }
  await setStudents(one, { caller: root, course: 'math', students: [student] })
  if (assignment)
    await releaseAssignment(one, { caller: root, ...ex1, overwrite: false, tree: await aTree(one, 'task') })
  return exchanges
}

async function aTree(exchange: Exchange, text: string) {
  return [{ path: 'a.txt', isExecutable: false, blob: await stageBytes(exchange.content, Buffer.from(text)) }]
}

async function submitAs(exchange: Exchange, name: string) {
  const caller = { ...root, name }
  const tree = await aTree(exchange, `${name} ${Math.random()}`)
  return submitAssignment(exchange, { caller, ...ex1, receivedAt: exchange.clock(), tree })
}

function isRefused(code: string) {
  return (outcome: PromiseSettledResult<unknown>) =>
    outcome.status === 'rejected' && outcome.reason instanceof Refusal && outcome.reason.code === code
}

async function count(
  db: Database,
  table: 'users' | 'releases' | 'trees' | 'blobs' | 'feedback',
): Promise<number> {
  return (await db.read.selectFrom(table).select('id').execute()).length
}

function addUser(db: Database, name: string, options?: ActOptions): Promise<unknown> {
  return db.write(trx => trx.insertInto('users').values({ name, created_at: 1 }).execute(), options)
}

async function findWrong(db: Database): Promise<unknown[]> {
  return [...(await db.findFaults()), ...(await Array.fromAsync(findWrongTotals(db.read)))]
}

async function endConnections(name: string): Promise<void> {
  await server().query(
    'postgres',
    `select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '${name}'`,
  )
}

async function aDatabase(): Promise<string> {
  last = await server().newDatabase()
  return last
}

function opened(name: string, options: Partial<PostgresOptions> = {}): Promise<Database> {
  return opening({ url: server().url(name), password: null, ...options })
}
