/** `ngshare user …`: renamed, merged, erased, while the server runs. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { auditCommand } from '../../src/ops/audit.ts'
import { userCommand } from '../../src/ops/user.ts'
import { placesOf, runCommand } from '../support/commands.ts'
import { aFolder, aService, type Service } from '../support/service.ts'
import { fetched, file, noise } from '../support/trees.ts'
import { inV2, sha256, treeBody } from '../v2/people.ts'

const user = (service: Service, ...args: string[]) =>
  runCommand(userCommand, [...args, ...placesOf(service), '--json'])

async function aClass(options: { folder?: string } = {}): Promise<Service> {
  const service = await aService(options)
  await service.aCourse('physics', {
    instructors: ['kevin'],
    students: ['lawrence', 'eric'],
    assignments: { ps1: [file('ps1.ipynb', 'the task')] },
  })
  return service
}

const details = { first_name: '', last_name: '', email: '' }

/** Who submitted, in order; null where that was forgotten. */
function submittedBy(service: Service): (string | null)[] {
  const database = new Sqlite(service.database, { readonly: true })
  const query = `select actor from events where action = 'submit-assignment' order by id`
  const names = database.prepare(query).pluck().all() as (string | null)[]
  database.close()
  return names
}

/** Of users. */
function namesInRecord(service: Service): string[] {
  const database = new Sqlite(service.database, { readonly: true })
  const query = `select actor as name from events where actor_kind = 'user' and actor is not null
    union select subject from events where subject is not null order by name`
  const names = database.prepare(query).pluck().all() as string[]
  database.close()
  return names
}

const namesIn = async (service: Service) =>
  (await service.submissions('kevin', 'physics/ps1')).map(([name]) => name)

describe('a renamed user', () => {
  it('has all that they had, under the new name alone', async () => {
    const service = await aClass()
    const at = await service.submission('lawrence', 'physics/ps1', [file('a', 'mine')])
    const outcome = await user(service, 'rename', 'lawrence', 'larry')
    expect(outcome.failure).toBeNull()
    expect(outcome.json).toMatchObject({ renamed: true, submissions: 1, memberships: 1 })
    const own = await service.as('larry').get('submission/physics/ps1/larry')
    expect(own.json).toMatchObject({ timestamp: at, files: [fetched('a', 'mine')] })
    expect((await service.as('kevin').get('submission/physics/ps1/lawrence')).status).toBe(404)
    expect((await service.as('lawrence').get('assignments/physics')).status).toBe(403)
  })

  it('is in the next listing of every server, though they keep their listings', async () => {
    const folder = await aFolder()
    const one = await aClass({ folder })
    const other = await aService({ folder })
    await one.submission('lawrence', 'physics/ps1', [file('a', 'mine')])
    for (const service of [one, other, one]) expect(await namesIn(service)).toEqual(['lawrence'])
    await user(one, 'rename', 'lawrence', 'larry')
    for (const service of [one, other]) expect(await namesIn(service)).toEqual(['larry'])
    await user(one, 'rename', 'larry', 'lawrence')
    for (const service of [one, other]) expect(await namesIn(service)).toEqual(['lawrence'])
  })

  it('must exist, and get a name that is one and is free', async () => {
    const service = await aClass()
    expect((await user(service, 'rename', 'nobody', 'larry')).failure).toBe('there is no user nobody')
    expect((await user(service, 'rename', 'lawrence', 'eric')).failure).toContain('ngshare user merge')
    expect((await user(service, 'rename', 'lawrence', '..')).failure).toContain('no name')
    expect((await user(service, 'rename', '', 'larry')).failure).toContain('there is no user')
  })

  it('is not renamed by a dry run', async () => {
    const service = await aClass()
    const outcome = await user(service, 'rename', 'lawrence', 'larry', '--dry-run')
    expect(outcome.json).toMatchObject({ renamed: false, memberships: 1 })
    expect((await service.as('lawrence').get('assignments/physics')).status).toBe(200)
  })
})

describe('two accounts of one person', () => {
  it('become one, with all submissions, feedback and the details that only the first had', async () => {
    const service = await aClass()
    const first = await service.submission('lawrence', 'physics/ps1', [file('a', 'first')])
    const second = await service.submission('eric', 'physics/ps1', [file('a', 'second')])
    await service
      .as('kevin')
      .post('feedback/physics/ps1/lawrence', { timestamp: first, files: [file('f', 'good')] })
    await service
      .as('root')
      .post('student/physics/lawrence', { first_name: 'L', last_name: 'M', email: 'l@m' })
    expect(await namesIn(service)).toEqual(['lawrence', 'eric'])
    const outcome = await user(service, 'merge', 'lawrence', 'eric', '--yes')
    expect(outcome.json).toMatchObject({ merged: true, submissions: 1, feedback: 1, memberships: 1 })
    expect(await service.submissions('kevin', 'physics/ps1')).toEqual([
      ['eric', first],
      ['eric', second],
    ])
    const feedback = await service.as('eric').get('feedback/physics/ps1/eric', { timestamp: first })
    expect(feedback.json.files).toEqual([fetched('f', 'good')])
    expect((await service.as('kevin').get('student/physics/eric')).json).toMatchObject({ email: 'l@m' })
    expect((await service.as('kevin').get('student/physics/lawrence')).status).toBe(404)
  })

  it('keep what either has sent ahead', async () => {
    const service = await aClass()
    await service.as('root').post('student/physics/eric', details)
    for (const [name, tree] of [
      ['lawrence', { a: 'both', b: 'one' }],
      ['eric', { a: 'both' }],
    ] as const)
      await inV2(service, name).upload('physics', 'ps1', tree)
    await user(service, 'merge', 'lawrence', 'eric', '--yes')
    const path = 'courses/physics/assignments/ps1/submissions'
    const answer = await inV2(service, 'eric').post(path, treeBody({ a: 'both', b: 'one' }))
    expect(answer.status).toBe(201)
  })

  it('keep submissions of the same moment apart, by a microsecond', async () => {
    const service = await aClass()
    for (const name of ['lawrence', 'lawrence', 'eric', 'eric'])
      await service.submission(name, 'physics/ps1', [file('a', name)])
    withTables(service, tables => {
      const rows = tables.prepare('select id from submissions order by id').pluck().all()
      const set = tables.prepare('update submissions set received_at = ? where id = ?')
      for (const [i, at] of [1000, 1001, 1000, 1002].entries()) set.run(at, rows[i])
    })
    await user(service, 'merge', 'lawrence', 'eric', '--yes')
    expect((await service.submissions('kevin', 'physics/ps1')).map(([, at]) => at.slice(-4))).toEqual([
      '1001',
      '1003',
      '1000',
      '1002',
    ])
  })

  it('have the stronger role where both are in a course', async () => {
    const service = await aClass()
    await service.aCourse('maths', { instructors: ['eric'], students: ['lawrence'] })
    await service.aCourse('art', { students: ['lawrence'] })
    await user(service, 'merge', 'kevin', 'lawrence', '--yes')
    await user(service, 'merge', 'lawrence', 'eric', '--yes')
    const courses = await service.as('eric').get('courses')
    expect(courses.json.courses).toEqual(['art', 'maths', 'physics'])
    for (const [course, status] of [
      ['physics', 200],
      ['maths', 200],
      ['art', 403],
    ] as const)
      expect((await service.as('eric').get(`students/${course}`)).status, course).toBe(status)
  })

  it('are left alone without --yes, and where they are one already', async () => {
    const service = await aClass()
    expect((await user(service, 'merge', 'lawrence', 'eric')).failure).toContain('--yes')
    expect((await user(service, 'merge', 'eric', 'eric', '--yes')).failure).toContain('cannot be merged')
    expect((await user(service, 'merge', 'lawrence', 'eric', '--dry-run')).json).toMatchObject({
      merged: false,
    })
    expect((await service.as('lawrence').get('assignments/physics')).status).toBe(200)
  })
})

describe('an erased user', () => {
  it('leaves no name and no byte in any file that nobody else needs', async () => {
    const service = await aClass()
    const { as } = service
    const shared = file('data.csv', 'handed out to everyone '.repeat(9000))
    await as('kevin').post('assignment/physics/ps2', { files: [shared] })
    const details = (email: string) => ({ first_name: 'Laurentius', last_name: 'Mustermann', email })
    const others = Array.from({ length: 300 }, (_, i) => ({ username: `other${i}`, ...details(`${i}@o`) }))
    await as('kevin').post('students/physics', { students: others })
    await as('kevin').post('student/physics/lawrence', { ...details('old@address'), last_name: 'Maidenname' })
    await as('kevin').post('student/physics/lawrence', {
      first_name: 'Unmistakable',
      last_name: 'Surname',
      email: 'new@address',
    })
    const small = file('small.txt', 'a secret of few words '.repeat(20))
    const large = file('large.bin', 'a secret of many words '.repeat(9000))
    const attempts = [await service.submission('lawrence', 'physics/ps1', [small, large])]
    for (let i = 0; i < 40; i++) {
      await service.submission(`other${i}`, 'physics/ps1', [file('x', noise(3000, `x${i}`))])
      attempts.push(
        await service.submission('lawrence', 'physics/ps2', [shared, file('y', `a secret number ${i}`)]),
      )
    }
    const give = (files: unknown) =>
      as('kevin').post('feedback/physics/ps1/lawrence', { timestamp: attempts[0], files })
    await give([file('f', 'a verdict that was replaced')])
    await give([file('f', 'a verdict that stands')])
    await as('lawrence').get('assignment/physics/ps1')
    await user(service, 'rename', 'lawrence', 'larry')
    const waiting = Buffer.from('a secret that waits for its tree')
    const upload = (bytes: Buffer) =>
      service.ask('PUT', `/api/v2/courses/physics/uploads/${sha256(bytes)}?user=larry`, {
        body: bytes,
        headers: { 'content-type': 'application/octet-stream' },
      })
    expect((await upload(waiting)).status).toBe(204)
    expect((await upload(Buffer.from('a secret that waits, '.repeat(9000)))).status).toBe(204)
    const traces = [
      'lawrence',
      'larry',
      'Unmistakable',
      'Surname',
      'Maidenname',
      '@address',
      'a secret',
      'a verdict',
    ]
    for (const trace of traces.filter(text => text !== 'Maidenname'))
      expect(await filesWith(service, trace), trace).not.toEqual([])

    await as('larry').get('submissions/physics/ps1') // refused, and remembered a moment later
    const outcome = await user(service, 'erase', 'larry', '--yes')
    expect(outcome.failure).toBeNull()
    expect(outcome.json).toMatchObject({
      users: [{ submissions: 41, feedback: 2, memberships: 1, files: 44 }],
    })
    for (const trace of traces) expect(await filesWith(service, trace), trace).toEqual([])

    expect((await as('kevin').get('assignment/physics/ps2')).json.files).toEqual([
      fetched('data.csv', Buffer.from(shared.content, 'base64')),
    ])
    expect(await namesIn(service)).toHaveLength(40)
    expect((await as('larry').get('assignments/physics')).status).toBe(403)
    expect(eventsWithout(service, 'actor')).toBeGreaterThan(40)
  })

  it('leaves the record to others who had the name before them, or have it after them', async () => {
    const service = await aClass()
    const enrol = (name: string) => service.as('root').post(`student/physics/${name}`, details)
    const submit = (name: string) => service.submission(name, 'physics/ps1', [])
    await submit('lawrence')
    await user(service, 'rename', 'lawrence', 'larry')
    await submit('larry')
    await enrol('lawrence')
    await submit('lawrence')
    await user(service, 'rename', 'lawrence', 'lars')
    await submit('lars')
    await user(service, 'rename', 'eric', 'lawrence')
    await submit('lawrence')
    expect(submittedBy(service)).toEqual(['lawrence', 'larry', 'lawrence', 'lars', 'lawrence'])

    await user(service, 'erase', 'lars', '--yes')
    expect(submittedBy(service)).toEqual(['lawrence', 'larry', null, null, 'lawrence'])
    await user(service, 'erase', 'lawrence', '--yes')
    expect(submittedBy(service)).toEqual(['lawrence', 'larry', null, null, null])
    expect(namesInRecord(service)).toEqual(['kevin', 'larry', 'lawrence', 'root'])
    await user(service, 'erase', 'larry', '--yes')
    expect(submittedBy(service)).toEqual([null, null, null, null, null])
    expect(namesInRecord(service)).toEqual(['kevin', 'root'])
    expect((await runCommand(auditCommand, ['verify', ...placesOf(service)])).failure).toBeNull()
  })

  it('takes all names of all accounts that were merged into theirs, each for the time in which it was theirs', async () => {
    const service = await aClass()
    const submit = (name: string) => service.submission(name, 'physics/ps1', [])
    await submit('lawrence')
    await user(service, 'rename', 'lawrence', 'larry')
    await submit('larry')
    await user(service, 'rename', 'larry', 'lawrence')
    await submit('lawrence')
    await user(service, 'merge', 'lawrence', 'eric', '--yes')
    await submit('eric')
    await user(service, 'rename', 'eric', 'erik')
    await service.as('root').post('student/physics/larry', details)
    await submit('larry')
    // With the old account at the hub, which nobody else has got.
    expect((await service.as('lawrence').post('submission/physics/ps1', { files: [] })).status).toBe(403)
    expect(submittedBy(service)).toEqual(['lawrence', 'larry', 'lawrence', 'eric', 'larry'])
    await user(service, 'erase', 'erik', '--yes')
    expect(submittedBy(service)).toEqual([null, null, null, null, 'larry'])
    expect(namesInRecord(service)).toEqual(['kevin', 'larry', 'root'])
  })

  it('has released what they released, as an instructor without a name', async () => {
    const service = await aClass()
    const at = await service.submission('eric', 'physics/ps1', [file('a', 'work')])
    await service.as('kevin').post('feedback/physics/ps1/eric', { timestamp: at, files: [file('f', 'fine')] })
    await user(service, 'erase', 'kevin', 'lawrence', '--yes')
    expect(await filesWith(service, 'kevin')).toEqual([])
    const { as } = service
    expect((await as('eric').get('assignment/physics/ps1')).json.files).toEqual([
      fetched('ps1.ipynb', 'the task'),
    ])
    const feedback = await as('eric').get('feedback/physics/ps1/eric', { timestamp: at })
    expect(feedback.json.files).toEqual([fetched('f', 'fine')])
    expect((await user(service, 'erase', '', '--yes')).failure).toContain('there is no user')
  })

  it('is only counted by a dry run, and left alone without --yes', async () => {
    const service = await aClass()
    await service.submission('lawrence', 'physics/ps1', [file('a', 'mine')])
    const counted = await user(service, 'erase', 'lawrence', '--dry-run')
    expect(counted.json).toMatchObject({ erased: false, users: [{ name: 'lawrence', submissions: 1 }] })
    expect((await user(service, 'erase', 'lawrence')).failure).toContain('--yes')
    expect((await user(service, 'erase', 'lawrence', 'nobody', '--yes')).failure).toBe(
      'there is no user nobody',
    )
    expect(await namesIn(service)).toEqual(['lawrence'])
  })
})

describe('the rules about users', () => {
  it('know every table that points at users', async () => {
    const service = await aClass()
    const pointing = withTables(service, tables =>
      (
        tables.prepare(`select name from sqlite_master where type = 'table'`).pluck().all() as string[]
      ).flatMap(table =>
        (tables.pragma(`foreign_key_list(${table})`) as { table: string; from: string }[])
          .filter(key => key.table === 'users')
          .map(key => `${table}.${key.from}`),
      ),
    )
    expect(pointing.toSorted()).toEqual([
      'announcements.caller_id',
      'announcements.user_id',
      'feedback.released_by',
      'former_names.user_id',
      'members.user_id',
      'releases.released_by',
      'student_totals.user_id',
      'submissions.user_id',
      'uploads.user_id',
    ])
  })
})

/** The files of database and storage that contain a text. */
async function filesWith(service: Service, text: string): Promise<string[]> {
  const entries = await readdir(service.folder, { recursive: true, withFileTypes: true })
  const found: string[] = []
  for (const entry of entries.filter(candidate => candidate.isFile())) {
    const path = join(entry.parentPath, entry.name)
    if ((await readFile(path)).includes(text) || entry.name.includes(text)) found.push(path)
  }
  return found
}

function eventsWithout(service: Service, column: string): number {
  return withTables(service, tables =>
    tables.prepare(`select count(*) from events where ${column} is null`).pluck().get(),
  ) as number
}

function withTables<Result>(service: Service, look: (tables: Sqlite.Database) => Result): Result {
  const tables = new Sqlite(service.database)
  try {
    return look(tables)
  } finally {
    tables.close()
  }
}
