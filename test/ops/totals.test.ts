/** Running totals for quotas: right whatever is done, told by `ngshare verify` when they are not, and counted anew. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import { Migrator } from 'kysely/migration'
import { describe, expect, it, onTestFinished } from 'vitest'
import * as initial from '../../src/db/migrations/001-initial.ts'
import * as hubGroups from '../../src/db/migrations/002-hub-groups.ts'
import * as history from '../../src/db/migrations/003-history.ts'
import { openSqlite } from '../../src/db/sqlite.ts'
import { findWrongTotals } from '../../src/exchange/totals.ts'
import { purgeCommand } from '../../src/ops/hidden.ts'
import { userCommand } from '../../src/ops/user.ts'
import { verifyCommand } from '../../src/ops/verify.ts'
import { placesOf, runCommand } from '../support/commands.ts'
import { aService, type Service } from '../support/service.ts'
import { file, noise } from '../support/trees.ts'
import { changeRows } from './damage.ts'

const bytes = (count: number) => [file('file', noise(count))]

/** Submissions of 100 and 20 to physics, 3 to maths by lawrence, 1000 by eric; feedback of 7, replaced by 8, to the first. */
async function aTerm(): Promise<Service> {
  const service = await aService()
  for (const course of ['physics', 'maths']) {
    await service.aCourse(course, {
      instructors: ['kevin'],
      students: ['lawrence', 'eric'],
      assignments: { ps1: bytes(50), ps2: [] },
    })
  }
  const timestamp = await service.submission('lawrence', 'physics/ps1', bytes(100))
  await service.submission('lawrence', 'physics/ps2', bytes(20))
  await service.submission('lawrence', 'maths/ps1', bytes(3))
  await service.submission('eric', 'physics/ps1', bytes(1000))
  for (const count of [7, 8]) {
    const feedback = { timestamp, files: bytes(count) }
    await service.as('kevin').post('feedback/physics/ps1/lawrence', feedback)
  }
  return service
}

const ofEric = ['physics', 'eric', 1000, 0]
const inMaths = ['maths', 'lawrence', 3, 0]
const inPhysics = ['physics', 'lawrence', 120, 15]

/** Course, student, submitted and returned bytes. */
function totals(database: string): unknown[][] {
  const sqlite = new Sqlite(database, { readonly: true })
  const query = `select courses.name, users.name, submitted_bytes, feedback_bytes from student_totals
    join courses on courses.id = course_id join users on users.id = user_id
    where submitted_bytes <> 0 or feedback_bytes <> 0 order by 1, 2`
  const rows = sqlite.prepare(query).raw().all() as unknown[][]
  sqlite.close()
  return rows
}

const command = (create: Parameters<typeof runCommand>[0], service: Service, ...args: string[]) =>
  runCommand(create, [...args, ...placesOf(service), '--json'])

async function expectTotals(service: Service, expected: unknown[][]): Promise<void> {
  expect(totals(service.database)).toEqual(expected)
  expect((await command(verifyCommand, service)).json).toMatchObject({ findings: [] })
}

describe('totals', () => {
  it('have every submission and all feedback, also what was replaced', async () => {
    await expectTotals(await aTerm(), [inMaths, ofEric, inPhysics])
  })

  it('lack what was refused', async () => {
    const service = await aTerm()
    const before = totals(service.database)
    const refused = await service.as('nobody').post('submission/physics/ps1', { files: bytes(10) })
    expect(refused.status).toBe(403)
    await expectTotals(service, before)
  })

  it('go with an assignment that is purged, and with a course', async () => {
    const service = await aTerm()
    const purge = (what: string) => command(purgeCommand, service, what, '--yes')
    await service.as('kevin').delete('assignment/physics/ps1')
    await expectTotals(service, [inMaths, ofEric, inPhysics])
    expect((await purge('physics/ps1')).failure).toBeNull()
    await expectTotals(service, [inMaths, ['physics', 'lawrence', 20, 0]])
    await service.as('root').delete('course/physics')
    expect((await purge('physics')).failure).toBeNull()
    await expectTotals(service, [inMaths])
  })

  it('stay with a user who is renamed, and go over to the one that they become', async () => {
    const service = await aTerm()
    expect((await command(userCommand, service, 'rename', 'eric', 'erik', '--yes')).failure).toBeNull()
    expect((await command(userCommand, service, 'merge', 'lawrence', 'erik', '--yes')).failure).toBeNull()
    await expectTotals(service, [
      ['maths', 'erik', 3, 0],
      ['physics', 'erik', 1120, 15],
    ])
  })

  it('go with a user who is erased', async () => {
    const service = await aTerm()
    expect((await command(userCommand, service, 'erase', 'lawrence', '--yes')).failure).toBeNull()
    await expectTotals(service, [ofEric])
  })

  it('that are wrong are named, and counted anew', async () => {
    const service = await aTerm()
    const before = totals(service.database)
    const ofUser = (name: string) => `user_id = (select id from users where name = '${name}')`
    changeRows(service, `update student_totals set submitted_bytes = 5000 where ${ofUser('eric')}`)
    changeRows(
      service,
      `update student_totals set feedback_bytes = 10, submitted_bytes = submitted_bytes - 1
      where ${ofUser('lawrence')} and course_id = (select id from courses where name = 'physics')`,
    )
    changeRows(
      service,
      `delete from student_totals where ${ofUser('lawrence')}
      and course_id = (select id from courses where name = 'maths')`,
    )
    const finding = (course: string, student: string, text: string) => ({
      ...{ kind: 'total', course, student },
      text: `counts ${text}`,
    })
    const findings = [
      finding('physics', 'eric', '4000 bytes too many of submissions'),
      finding('physics', 'lawrence', '1 bytes too few of submissions and 5 bytes too few of feedback'),
      finding('maths', 'lawrence', '3 bytes too few of submissions'),
    ]
    expect((await command(verifyCommand, service)).json).toMatchObject({ findings, unrepaired: 3 })
    const repaired = await command(verifyCommand, service, '--repair')
    expect(repaired.json).toMatchObject({ unrepaired: 0 })
    await expectTotals(service, before)
  })
})

describe('a database from before', () => {
  it('gets its totals', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ngshare-totals-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const path = join(folder, 'ngshare.db')
    const sqlite = new Sqlite(path)
    const kysely = new Kysely<unknown>({ dialect: new SqliteDialect({ database: sqlite }) })
    const migrations = { '001-initial': initial, '002-hub-groups': hubGroups, '003-history': history }
    const migrator = new Migrator({ db: kysely, provider: { getMigrations: async () => migrations } })
    expect((await migrator.migrateToLatest()).error).toBeUndefined()
    sqlite.exec(`
      insert into users (id, name, created_at) values (1, 'kevin', 1), (2, 'eric', 1);
      insert into courses (id, name, created_at) values (1, 'physics', 1), (2, 'maths', 1);
      insert into assignments (id, course_id, name, listed_at) values (1, 1, 'ps1', 1), (2, 1, 'ps2', 1), (3, 2, 'ps1', 1);
      insert into trees values (1, '', 0, 10), (2, '', 0, 200), (3, '', 0, 3000), (4, '', 0, 40000), (5, '', 0, 500000);
      insert into submissions values (1, 1, 2, 1, 1), (2, 2, 2, 1, 2), (3, 3, 2, 1, 3);
      insert into feedback values (1, 1, 4, 1, 1, 2), (2, 1, 5, 1, 1, null);
    `)
    await kysely.destroy()
    const db = await openSqlite({ path, upgrade: true })
    onTestFinished(() => db.close())
    expect(totals(path)).toEqual([
      ['maths', 'eric', 3000, 0],
      ['physics', 'eric', 210, 540_000],
    ])
    expect(await Array.fromAsync(findWrongTotals(db.read))).toEqual([])
  })
})
