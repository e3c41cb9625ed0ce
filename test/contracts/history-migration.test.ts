/** A database from before events showed tampering, brought to the present. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import { Migrator } from 'kysely/migration'
import { describe, expect, it, onTestFinished } from 'vitest'
import * as initial from '../../src/db/migrations/001-initial.ts'
import * as hubGroups from '../../src/db/migrations/002-hub-groups.ts'
import { openSqlite } from '../../src/db/sqlite.ts'
import { recordEvent } from '../../src/exchange/events.ts'
import { selectEvents } from '../../src/exchange/history.ts'
import { verifyHistory } from '../../src/exchange/history-check.ts'
import { auditCommand } from '../../src/ops/audit.ts'
import { placesOf, runCommand } from '../support/commands.ts'
import { aService } from '../support/service.ts'

interface OldEvent {
  readonly id: number
  readonly at: number
  readonly actor: string
  readonly actor_kind: 'user' | 'service'
  readonly address: string | null
  readonly action: string
  readonly course: string | null
  readonly assignment: string | null
  readonly subject: string | null
}

const plain: OldEvent = {
  id: 1,
  at: 1_700_000_000_000_000,
  actor: 'root',
  actor_kind: 'user',
  address: '127.0.0.1',
  action: 'create-course',
  course: 'math',
  assignment: null,
  subject: null,
}

/** As people were really called; ids with a gap. */
const odd: OldEvent[] = [
  plain,
  { ...plain, id: 2, action: 'set-student', subject: `o'brien` },
  {
    ...plain,
    id: 3,
    actor: `o'brien`,
    action: 'submit-assignment',
    assignment: `ex '1'; drop table events; --`,
  },
  { ...plain, id: 5, actor: 'größe 😀', address: null, action: 'submit-assignment', assignment: '"ex"\\1' },
  { ...plain, id: 8, actor: 'line\nbreak\ttab', address: '2001:db8::1', subject: '' },
  { ...plain, id: 9, actor: 'roster', actor_kind: 'service', address: null, course: null },
  { ...plain, id: 100, at: 1, actor: 'null', subject: 'NULL', course: '%s $1 ?' },
]

async function anOldDatabase(events: readonly OldEvent[]) {
  const folder = await mkdtemp(join(tmpdir(), 'ngshare-migration-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const place = { folder, database: join(folder, 'ngshare.db'), storage: join(folder, 'files') }
  const sqlite = new Sqlite(place.database)
  const kysely = new Kysely<unknown>({ dialect: new SqliteDialect({ database: sqlite }) })
  const migrations = { '001-initial': initial, '002-hub-groups': hubGroups }
  const migrator = new Migrator({ db: kysely, provider: { getMigrations: async () => migrations } })
  expect((await migrator.migrateToLatest()).error).toBeUndefined()
  const insert = sqlite.prepare(
    `insert into events (id, at, actor, actor_kind, address, action, course, assignment, subject)
     values (@id, @at, @actor, @actor_kind, @address, @action, @course, @assignment, @subject)`,
  )
  sqlite.transaction(() => {
    for (const event of events) insert.run(event)
    sqlite.exec(`insert into users (id, name, created_at) values (1, 'o''brien', 1)`)
    sqlite.exec(`insert into courses (id, name, created_at) values (1, 'math', 1)`)
    sqlite.exec(`insert into assignments (id, course_id, name, listed_at) values (1, 1, 'ex1', 1)`)
    sqlite.exec(`insert into trees values (1, '${'0'.repeat(64)}', 0, 0)`)
    sqlite.exec(`insert into submissions values (1, 1, 1, 1700000000000000, 1)`)
  })()
  await kysely.destroy()
  return place
}

async function opened(path: string) {
  const db = await openSqlite({ path, upgrade: true })
  onTestFinished(() => db.close())
  return db
}

function rowsOf(path: string, query: string): unknown[] {
  const sqlite = new Sqlite(path, { readonly: true })
  const rows = sqlite.prepare(query).all()
  sqlite.close()
  return rows
}

describe('events from before', () => {
  it('keep their ids, facts and names, and were all done', async () => {
    const { database } = await anOldDatabase(odd)
    const db = await opened(database)
    const columns = 'id, at, actor, actor_kind, address, action, course, assignment, subject'
    expect(rowsOf(database, `select ${columns} from events order by id`)).toEqual(odd)
    expect((await selectEvents(db.read, {})).map(event => event.result)).toEqual(odd.map(() => 'done'))
  })

  it('can be checked from then on', async () => {
    const { database } = await anOldDatabase(odd)
    const db = await opened(database)
    expect(await verifyHistory(db.read)).toMatchObject({ events: odd.length, faults: [] })
    const sqlite = new Sqlite(database)
    sqlite.exec(`update events set subject = 'marie' where id = 2`)
    sqlite.exec(`update events set at = 2 where id = 100`)
    sqlite.close()
    expect((await verifyHistory(db.read)).faults).toEqual([
      { eventId: 2, kind: 'name-changed' },
      { eventId: 100, kind: 'changed' },
    ])
  })

  it('each have salts of their own', async () => {
    const { database } = await anOldDatabase(odd)
    await opened(database)
    const salts = rowsOf(
      database,
      'select actor_salt as salt from events union all select subject_salt from events where subject is not null',
    ).map(row => (row as { salt: string }).salt)
    expect(salts).toHaveLength(odd.length + odd.filter(event => event.subject !== null).length)
    expect(new Set(salts).size).toBe(salts.length)
  })

  it('come before all new ones, though the newest were taken away', async () => {
    const { database } = await anOldDatabase(odd)
    const db = await opened(database)
    const caller = { name: 'root', kind: 'user', isAdmin: true, address: null } as const
    const act = () => db.write(trx => recordEvent(trx, { at: 1, caller, action: 'create-course' }))
    await act()
    const sqlite = new Sqlite(database)
    sqlite.exec('delete from events where id = 101')
    sqlite.close()
    await act()
    expect((await selectEvents(db.read, { afterId: 99 })).map(event => event.id)).toEqual([100, 102])
  })

  it('go into the chain when the server starts', async () => {
    const place = await anOldDatabase(odd)
    const service = await aService({ folder: place.folder })
    await service.as('root').post('course/physics')
    await service.close()
    const { json, failure } = await runCommand(auditCommand, ['verify', '--json', ...placesOf(place)])
    expect(failure).toBeNull()
    expect(json).toMatchObject({ events: odd.length + 1, faults: [] })
    const newest = 'select max(id) as id from events'
    expect(rowsOf(place.database, 'select max(last_event_id) as id from event_seals')).toEqual(
      rowsOf(place.database, newest),
    )
  })

  it('may be many, or none', async () => {
    const many = Array.from({ length: 5000 }, (_, i) => ({ ...plain, id: i + 1, subject: `student${i}` }))
    for (const events of [many, []]) {
      const place = await anOldDatabase(events)
      await (await aService({ folder: place.folder })).close()
      const db = await opened(place.database)
      expect(await verifyHistory(db.read)).toMatchObject({ events: events.length, faults: [] })
    }
  })
})

describe('what else was there', () => {
  it('is there as it was, and a submission from before has a receipt', async () => {
    const place = await anOldDatabase(odd)
    const service = await aService({ folder: place.folder })
    const { json } = await service.as(`o'brien`).get(`receipt/math/ex1/o'brien`)
    expect(json.receipt).toMatchObject({
      course: 'math',
      assignment: 'ex1',
      student: `o'brien`,
      receivedAt: '2023-11-14 22:13:20.000000',
      files: [],
    })
    expect(rowsOf(place.database, `select name from sqlite_master where name like '%old%'`)).toEqual([])
  })
})
