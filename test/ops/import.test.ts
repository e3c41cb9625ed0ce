/** Coming over from a Python ngshare, and from nbgrader's own exchange directory. */
import { createHash } from 'node:crypto'
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { compose, dataAccess } from '../../src/compose.ts'
import { Trouble } from '../../src/domain/errors.ts'
import type { Oddity } from '../../src/exchange/imported-facts.ts'
import type { Ops } from '../../src/ops/command.ts'
import { comeOverFromNgshare06, placeBesideNgshare06 } from '../../src/ops/import/beside.ts'
import { importCommand } from '../../src/ops/import/command.ts'
import type { ImportReport } from '../../src/ops/import/report.ts'
import { placesOf, runCommand } from '../support/commands.ts'
import { aPythonNgshare, type PythonNgshare, type Revision } from '../support/python-ngshare.ts'
import { aFolder, aService, configFrom } from '../support/service.ts'
import { fetched, md5, noise } from '../support/trees.ts'

const at = '2026-03-01 10:00:00.123456'
const later = '2026-03-02 11:00:00.000001'

describe.each<Revision>(['aa00db20c10a', '1921a169739b'])('a Python ngshare of revision %s', revision => {
  it('comes over with its users, rosters, releases, submissions and feedback', async () => {
    const { python, service, bring } = await aMove(revision)
    aClass(python)
    python.user('stranger')
    const report = await bring()
    expect(report.oddities).toEqual([])
    expect(report.added).toMatchObject({
      courses: 2,
      members: 3,
      assignments: 3,
      submissions: 3,
      feedback: 1,
    })

    const root = service.as('root')
    expect((await root.get('courses')).json.courses).toEqual(['empty course', 'math'])
    expect((await root.get('students/math')).json.students).toEqual([
      { username: 'marie', first_name: 'Marie', last_name: 'Curie', email: 'marie@example.org' },
      { username: 'lise', first_name: '', last_name: null, email: null },
    ])
    expect((await root.get('instructor/math/emmy')).json).toMatchObject({ first_name: 'Emmy', email: null })
    expect((await root.get('assignments/math')).json.assignments).toEqual(['ex2', 'ex1'])
    expect((await root.get('assignment/math/ex1')).json.files).toEqual([
      fetched('ex1.ipynb', 'the task'),
      fetched('data/table.csv', large),
    ])
    expect(await service.submissions('emmy', 'math/ex1')).toEqual([
      ['lise', later],
      ['marie', at],
      ['marie', later],
    ])
    expect((await root.get('submission/math/ex1/marie', { timestamp: at })).json.files).toEqual([
      fetched('ex1.ipynb', 'of marie'),
      fetched('data/table.csv', large),
      fetched('empty.txt', ''),
    ])
    expect((await root.get('submission/math/ex1/marie')).json).toMatchObject({ timestamp: later, files: [] })
    const feedback = await service.as('marie').get('feedback/math/ex1/marie', { timestamp: at })
    expect(feedback.json.files).toEqual([fetched('ex1.html', '<p>well done</p>')])
    expect(await service.knownUsers()).toEqual(expect.arrayContaining(['stranger', 'emmy']))
  })

  it('is left as it is to the last byte, and nothing is put beside it', async () => {
    const { python, folder, bring } = await aMove(revision)
    aClass(python)
    const before = await snapshotOf(folder)
    await bring()
    expect(await snapshotOf(folder)).toEqual(before)
  })

  it('comes over once: a second import changes nothing', async () => {
    const { python, service, bring } = await aMove(revision)
    aClass(python)
    aMess(python)
    await bring()
    const before = rowsOf(service.database)
    const report = await bring()
    expect(report.newUsers).toBe(0)
    expect(Object.values(report.added).every(count => count === 0)).toBe(true)
    expect(report.present).toMatchObject({ courses: 3 })
    expect(rowsOf(service.database)).toEqual(before)
  })
})

describe('an import', () => {
  it('that fails at any course keeps what came before, and goes on there', async () => {
    for (const failAt of [1, 2, 3, 5]) {
      const { python, service, bring, source } = await aMove()
      for (const course of ['a', 'b', 'c', 'd']) {
        const key = python.course(course, { students: [['marie']] })
        const assignment = python.assignment(key, 'ex1', { 'a.ipynb': `task of ${course}` })
        python.submission(assignment, 'marie', at, {
          'a.ipynb': `work for ${course}`,
          'b.bin': noise(70_000, course),
        })
      }
      const failure = runCommand(ops => importCommand(failingAt(ops, failAt)), source)
      await expect(failure).rejects.toThrow('the disk is full')
      const halfway = (await service.as('root').get('courses')).json.courses as string[]
      expect(halfway).toEqual(['a', 'b', 'c', 'd'].slice(0, failAt - 2 < 0 ? 0 : failAt - 2))
      for (const course of halfway)
        expect(await service.submissions('root', `${course}/ex1`)).toEqual([['marie', at]])
      const report = await bring()
      expect(report.added).toMatchObject({ courses: 4 - halfway.length, submissions: 4 - halfway.length })
      for (const course of ['a', 'b', 'c', 'd']) {
        const { files } = (await service.as('root').get(`submission/${course}/ex1/marie`)).json
        expect(files).toEqual([
          fetched('a.ipynb', `work for ${course}`),
          fetched('b.bin', noise(70_000, course)),
        ])
      }
    }
  })

  it('as a dry run reads everything, tells what would come, and makes nothing', async () => {
    const { python, folder } = await aMove()
    aClass(python)
    aMess(python)
    const target = await aFolder()
    const places = placesOf({ database: join(target, 'new.db'), storage: join(target, 'new') })
    const outcome = await runCommand(importCommand, [...from(python), ...places, '--dry-run', '--json'])
    const report = outcome.json as unknown as ImportReport
    expect(report.added).toMatchObject({ courses: 3, submissions: 14 })
    expect(report.oddities.map(oddity => oddity.kind)).toContain('checksum-mismatch')
    expect(readdirSync(target)).toEqual([])
    expect(readdirSync(folder)).not.toContain('ngshare.db')
  })

  it('as a dry run into a server that is there changes none of its rows', async () => {
    const { python, service, source } = await aMove()
    aClass(python)
    const before = rowsOf(service.database)
    const outcome = await runCommand(importCommand, [...source, '--dry-run'])
    expect(outcome.text).toContain('Would come over')
    expect(outcome.text).toContain('2 courses, 3 members, 3 assignments, 3 submissions, 1 with feedback')
    expect(rowsOf(service.database)).toEqual(before)
  })

  it('finishes later what lacked files at first', async () => {
    const { python, service, bring } = await aMove()
    python.user('marie')
    const assignment = python.assignment(python.course('math'), 'ex1', { a: 'task' })
    const submission = python.submission(assignment, 'marie', at, { a: 'first' })
    python.file('submission', submission, { path: 'b', bytes: 'second', onDisk: null, storedName: 'lost' })
    expect(oddities(await bring())).toEqual([['file-missing', 'b']])
    expect((await service.as('root').get('submission/math/ex1/marie')).json.files).toEqual([
      fetched('a', 'first'),
    ])
    writeFileSync(join(python.storage, 'lost'), 'second')
    const report = await bring()
    expect(report.added).toMatchObject({ completed: 1, submissions: 0 })
    expect(report.oddities).toEqual([])
    expect((await service.as('root').get('submission/math/ex1/marie')).json.files).toEqual([
      fetched('a', 'first'),
      fetched('b', 'second'),
    ])
    expect((await bring()).added.completed).toBe(0)
    expect(faults(service.database)).toEqual([])
  })

  it('brings what came in at the old server since, and leaves what was done here', async () => {
    const { python, service, bring } = await aMove()
    const course = python.course('math', { instructors: [['emmy']], students: [['marie']] })
    const assignment = python.assignment(course, 'ex1', { a: 'task' })
    const first = python.submission(assignment, 'marie', at, { a: 'work' })
    await bring()
    const files = [{ path: 'a.html', content: Buffer.from('from here').toString('base64') }]
    await service.as('emmy').post('feedback/math/ex1/marie', { timestamp: at, files })
    python.feedback(first, { 'a.html': 'from there' })
    python.submission(assignment, 'lise', later, { a: 'late' })
    const report = await bring()
    expect(report.added).toMatchObject({ submissions: 1, feedback: 0, courses: 0 })
    expect(oddities(report)).toEqual([
      ['different-here', undefined],
      ['unknown-user', undefined],
    ])
    const feedback = await service.as('emmy').get('feedback/math/ex1/marie', { timestamp: at })
    expect(feedback.json.files).toEqual([fetched('a.html', 'from here')])
  })

  it('does not bring back what was deleted here', async () => {
    const { python, service, bring } = await aMove()
    aClass(python)
    await bring()
    await service.as('root').delete('course/math')
    const report = await bring()
    expect(oddities(report)).toEqual([['deleted-here', undefined]])
    expect((await service.as('root').get('courses')).json.courses).toEqual(['empty course'])
  })

  it('knows people by the names that they had', async () => {
    const { python, service, bring } = await aMove()
    aClass(python)
    await bring()
    const sqlite = new Sqlite(service.database)
    sqlite.exec(`insert into former_names select id, name, 1 from users where name = 'marie'`)
    sqlite.exec(`update users set name = 'marie2' where name = 'marie'`)
    sqlite.close()
    expect((await bring()).added).toMatchObject({ members: 0, submissions: 0 })
  })

  it('refuses a folder that has none of the files, and a database of something else', async () => {
    const { python, service } = await aMove()
    aClass(python)
    const places = placesOf(service)
    const wrong = [
      'ngshare06',
      '--from-database',
      `sqlite:///${python.database}`,
      '--from-storage',
      service.storage,
    ]
    const outcome = await runCommand(importCommand, [...wrong, ...places])
    expect(outcome.failure).toContain('is this its --from-storage?')
    const other = [
      'ngshare06',
      '--from-database',
      `sqlite:///${service.database}`,
      '--from-storage',
      python.storage,
    ]
    expect((await runCommand(importCommand, [...other, ...places])).failure).toContain('same file')
    const text = join(python.storage, 'text.db')
    writeFileSync(text, 'no database')
    const nothing = ['ngshare06', '--from-database', `sqlite:///${text}`, '--from-storage', python.storage]
    await expect(runCommand(importCommand, [...nothing, ...places])).rejects.toThrow('is no SQLite database')
  })

  it('reads a database that a crash left with its journal, and leaves both', async () => {
    const { python, folder, bring } = await aMove()
    aClass(python)
    const content = readFileSync(python.database)
    // A transaction that was cut off: its pages are in the file, what they were before in the journal.
    const writer = new Sqlite(python.database)
    writer.pragma('cache_size = 1')
    writer.pragma('cache_spill = 1')
    writer.exec('begin')
    for (let user = 0; user < 5000; user++)
      writer.prepare('insert into users values (?)').run(`ghost ${user}`)
    const torn = {
      database: readFileSync(python.database),
      journal: readFileSync(`${python.database}-journal`),
    }
    writer.exec('rollback')
    writer.close()
    expect(torn.database.equals(content)).toBe(false)
    writeFileSync(python.database, torn.database)
    writeFileSync(`${python.database}-journal`, torn.journal)
    const before = await snapshotOf(folder)
    const report = await bring()
    expect(report.newUsers).toBeLessThan(10)
    expect(report.added.submissions).toBe(3)
    expect(await placeBesideNgshare06(python.database)).not.toBeNull()
    expect(await snapshotOf(folder)).toEqual(before)
  })

  it('reads a database with a write-ahead log, and makes nothing beside it', async () => {
    const { python, bring } = await aMove()
    const writer = new Sqlite(python.database)
    writer.pragma('journal_mode = wal')
    aClass(python)
    const [database, log] = [readFileSync(python.database), readFileSync(`${python.database}-wal`)]
    writer.close()
    python.close()
    writeFileSync(python.database, database)
    writeFileSync(`${python.database}-wal`, log)
    rmSync(`${python.database}-shm`, { force: true })
    const before = await snapshotOf(dirname(python.database))
    expect((await bring()).added.submissions).toBe(3)
    expect(await snapshotOf(dirname(python.database))).toEqual(before)
  })
})

describe('what is odd comes over as far as it can, and is told', () => {
  it('files that are missing, damaged, without checksum or without a row', async () => {
    const { python, service, bring } = await aMove()
    const submission = python.submission(
      python.assignment(python.course('math'), 'ex1', { a: 'task' }),
      ...(['marie', at, { good: 'good' }] as const),
    )
    python.file('submission', submission, { path: 'lost', bytes: 'x', onDisk: null })
    python.file('submission', submission, {
      path: 'damaged',
      bytes: 'as it was',
      onDisk: 'as it is',
      sizeBytes: 8,
    })
    python.file('submission', submission, { path: 'short', bytes: 'short', sizeBytes: 99 })
    python.file('submission', submission, { path: 'unchecked', bytes: 'unchecked', md5: null })
    python.run('insert into submission_files_assoc_table values (?, 999)', String(submission))
    const evil = python.file('submission', submission, { path: 'evil', bytes: 'x', onDisk: null })
    python.run('update files set actual_name = ? where _id = ?', '../../etc/passwd', evil)
    python.feedback(submission, {})
    python.file('feedback', submission, { path: 'gone.html', bytes: 'x', onDisk: null })
    const report = await bring()
    expect(oddities(report)).toEqual([
      ['checksum-mismatch', 'damaged'],
      ['checksum-mismatch', 'short'],
      ['checksum-mismatch', 'unchecked'],
      ['file-missing', undefined],
      ['file-missing', 'evil'],
      ['file-missing', 'gone.html'],
      ['file-missing', 'lost'],
      ['unknown-user', undefined],
    ])
    const damaged = report.oddities.find(oddity => oddity.path === 'damaged')
    expect(damaged).toMatchObject({
      course: 'math',
      assignment: 'ex1',
      student: 'marie',
      timestamp: at,
      imported: true,
    })
    expect(damaged?.detail).toContain(md5('as it was'))
    const { files } = (await service.as('root').get('submission/math/ex1/marie')).json
    expect((files as { path: string }[]).map(file => file.path)).toEqual([
      'good',
      'damaged',
      'short',
      'unchecked',
    ])
  })

  it('paths that nobody could send, and files in each other’s way', async () => {
    const { python, service, bring } = await aMove()
    const submission = python.submission(python.assignment(python.course('math'), 'ex1'), 'marie', at)
    for (const [path, bytes] of [
      ['twice', 'old'],
      ['twice', 'new'],
      ['a//b', 'slashes'],
      ['line\nfeed', 'control'],
      ['folder', 'file'],
      ['folder/file', 'below'],
      ['x'.repeat(300), 'long'],
      [`${'y'.repeat(250)}`, 'first'],
      [`${'y'.repeat(250)}`, 'second'],
    ] as const) {
      python.file('submission', submission, { path, bytes })
    }
    const report = await bring()
    expect(report.oddities.filter(oddity => oddity.kind === 'path-renamed')).toHaveLength(6)
    const { files } = (await service.as('root').get('submission/math/ex1/marie')).json
    const paths = (files as { path: string; checksum: string }[]).map(file => file.path)
    expect(paths.slice(0, 6)).toEqual([
      ...['twice.duplicate-1', 'twice', 'a/b', 'line_feed', 'folder.duplicate-1', 'folder/file'],
    ])
    expect(new Set(paths).size).toBe(9)
  })

  it('one moment twice, one assignment twice, moments that are none', async () => {
    const { python, service, bring } = await aMove()
    const course = python.course('math')
    const first = python.assignment(course, 'ex1', { a: 'version 1' })
    const second = python.assignment(course, 'ex1', { a: 'version 2' })
    python.submission(first, 'marie', at, { a: 'one' })
    python.submission(second, 'marie', at, { a: 'two' })
    python.submission(first, 'marie', null, { a: 'three' })
    python.submission(first, 'lise', 'yesterday', { a: 'four' })
    const report = await bring()
    expect(oddities(report).map(([kind]) => kind)).toEqual([
      ...['duplicate-assignment', 'duplicate-timestamp', 'timestamp-unreadable', 'timestamp-unreadable'],
      ...['unknown-user', 'unknown-user'],
    ])
    const submissions = await service.submissions('root', 'math/ex1')
    expect(submissions.slice(0, 2)).toEqual([
      ['marie', at],
      ['marie', '2026-03-01 10:00:00.123457'],
    ])
    expect(submissions.slice(2).map(([student, moment]) => [student, moment.slice(0, 10)])).toEqual([
      ['marie', '1970-01-01'],
      ['lise', '1970-01-01'],
    ])
    const two = await service.as('root').get('submission/math/ex1/marie')
    expect(two.json.files).toEqual([fetched('a', 'two')])
    const release = await service.as('root').get('assignment/math/ex1')
    expect(release.json.files).toEqual([fetched('a', 'version 2')])
  })

  it('names that nobody could choose today, and names that are none', async () => {
    const { python, service, bring } = await aMove()
    const odd = 'odd\tcourse'
    const course = python.course(odd, { students: [['x'.repeat(300)], ['']] })
    const nameless = python.course(null)
    python.submission(python.assignment(nameless, 'ex1', { a: 'x' }), 'marie', at, { a: 'x' })
    python.submission(python.assignment(course, null), 'marie', at)
    const assignment = python.assignment(course, 'ex1', { a: 'x' })
    python.submission(assignment, null, at, { a: 'x' })
    python.submission(assignment, 'x'.repeat(300), at, { a: 'work' })
    const report = await bring()
    expect(
      oddities(report)
        .map(([kind]) => kind)
        .sort(),
    ).toEqual([
      ...Array(5).fill('impossible-name'),
      ...Array(2).fill('odd-name'),
      ...Array(4).fill('orphan-row'),
    ])
    const submission = await service.as('root').get(`submission/odd%09course/ex1/${'x'.repeat(300)}`)
    expect(submission.json.files).toEqual([fetched('a', 'work')])
  })

  it('rows that hang in the air', async () => {
    const { python, service, bring } = await aMove()
    aClass(python)
    python.member('student', 'deleted course', ['marie', 'Marie'])
    const orphan = python.assignment(99, 'orphan')
    python.submission(orphan, 'marie', at, { a: 'x' })
    python.submission(98, 'marie', at)
    python.file('assignment', 97, { path: 'of nothing', bytes: 'x' })
    const loose = python.file('submission', 1, { path: 'loose', bytes: 'x' })
    python.run('delete from submission_files_assoc_table where right_id = ?', loose)
    writeFileSync(join(python.storage, 'left-over'), 'of feedback that was replaced')
    python.run(`update assignments set due = '2026-04-01 00:00:00.000000' where id = 'ex1'`)
    python.member('student', 'math', ['emmy', 'E', 'N', 'e@n'])
    const report = await bring()
    expect(
      oddities(report)
        .map(([kind]) => kind)
        .sort(),
    ).toEqual([...['due-date', 'duplicate-member', 'file-without-row'], ...Array(6).fill('orphan-row')])
    expect(report.oddities.every(oddity => !oddity.imported)).toBe(true)
    expect((await service.as('root').get('instructor/math/emmy')).json).toMatchObject({ username: 'emmy' })
  })
})

describe('a server that is started on the database of a Python ngshare', () => {
  it('finds its own place beside it, and none beside other files', async () => {
    const { python, service } = await aMove()
    python.close()
    expect(await placeBesideNgshare06(python.database)).toBe(
      join(dirname(python.database), 'python.ngshare.db'),
    )
    expect(await placeBesideNgshare06(service.database)).toBeNull()
    expect(await placeBesideNgshare06(join(service.folder, 'not there'))).toBeNull()
    writeFileSync(join(service.folder, 'empty'), '')
    expect(await placeBesideNgshare06(join(service.folder, 'empty'))).toBeNull()
  })

  it('brings it over once, into the same folder of files, and leaves every file of it', async () => {
    const { python, folder } = await aMove()
    aClass(python)
    aMess(python)
    const before = await snapshotOf(folder)
    const start = async () => {
      const lines: string[] = []
      const log = (_: object, message: string) => lines.push(message)
      const database = (await placeBesideNgshare06(python.database)) ?? ''
      const open = await dataAccess.open({ database: `sqlite:///${database}`, storage: python.storage })
      const source = { databasePath: python.database, storageFolder: python.storage }
      const report = await comeOverFromNgshare06(open.exchange, source, { info: log, warn: log })
      await open.close()
      return { report, lines }
    }
    const first = await start()
    expect(first.report?.added.submissions).toBe(14)
    expect(first.lines.at(-1)).toBe('the Python ngshare came over')
    expect(first.lines.join('\n')).toContain('odd: math/messy')
    const sqlite = new Sqlite(join(folder, 'python.ngshare.db'))
    sqlite.exec('delete from members')
    sqlite.close()
    const second = await start()
    expect(second.report).toBeNull()
    expect(second.lines).toHaveLength(1)
    expect(rowsOf(join(folder, 'python.ngshare.db'))).toMatchObject({ members: [] })
    const after = await snapshotOf(folder)
    for (const [path, sha256] of Object.entries(before)) expect(after[path]).toBe(sha256)
    const added = Object.keys(after).filter(
      path => !(path in before) && !path.startsWith('python-files/blobs/'),
    )
    expect(added.every(path => path.startsWith('python.ngshare.db'))).toBe(true)
  })
})

describe('a server that is started on the database of a Python ngshare', () => {
  it('serves what was in it from a database of its own beside it, and the commands find that one', async () => {
    const { folder, python } = await aMove()
    aClass(python)
    const before = await snapshotOf(folder)
    const args = ['--database', `sqlite:///${python.database}`, '--storage', python.storage, '--admins=root']
    for (const _ of ['the first start', 'the second start']) {
      const server = await compose(configFrom(args), pino({ level: 'silent' }))
      const answer = await server.app.inject({ url: '/api/courses?user=root' })
      expect(answer.json().courses).toContain('math')
      await server.close()
    }
    const places = { database: `sqlite:///${python.database}`, storage: python.storage }
    const open = await dataAccess.open(places)
    expect(open.databasePath).toBe(join(folder, 'python.ngshare.db'))
    await open.close()
    const after = await snapshotOf(folder)
    for (const [path, sha256] of Object.entries(before)) expect(after[path]).toBe(sha256)
  })

  it('is refused with --no-upgrade-db, and commands ask for the import first', async () => {
    const { python } = await aMove()
    aClass(python)
    const args = ['--database', `sqlite:///${python.database}`, '--storage', python.storage]
    await expect(
      compose(configFrom([...args, '--no-upgrade-db']), pino({ level: 'silent' })),
    ).rejects.toThrow('Python ngshare')
    const places = { database: `sqlite:///${python.database}`, storage: python.storage }
    await expect(dataAccess.open(places)).rejects.toThrow('ngshare import ngshare06')
  })
})

describe('nbgrader’s own exchange directory', () => {
  it('comes over with releases, submissions and the feedback that belongs to each', async () => {
    const { root, service, bring } = await anExchangeDir()
    root.release('math', 'ex1', { 'p1.ipynb': 'task', 'data/table.bin': large })
    root.submit('math', 'marie+ex1+2026-03-01 10:00:00.123456 UTC+abc', { 'p1.ipynb': 'work' }, 'secret-1')
    root.submit('math', 'marie+ex1+2026-03-02 11:00:00.000001 UTC+def', { 'p1.ipynb': 'better' }, 'secret-2')
    root.submit(
      'math',
      'lise+ex1+2026-03-01 10:00:00.123456 UTC',
      { 'p1.ipynb': 'of lise', 'sub/x.txt': 'x' },
      null,
    )
    root.feedback('math', md5('secret-1p1'), 'feedback 1')
    root.feedback('math', md5(`of lisemath+ex1+p1+lise+2026-03-01 10:00:00.123456 UTC`), 'feedback of lise')
    root.feedback('math', md5('nobody'), 'feedback of nobody')
    const report = await bring()
    expect(oddities(report)).toEqual([
      ['feedback-of-nobody', `feedback/${md5('nobody')}.html`],
      ['no-instructor', undefined],
    ])
    expect(report.added).toMatchObject({
      courses: 1,
      members: 2,
      assignments: 1,
      submissions: 3,
      feedback: 2,
    })
    const admin = service.as('root')
    expect((await admin.get('assignment/math/ex1')).json.files).toEqual([
      fetched('data/table.bin', large),
      fetched('p1.ipynb', 'task'),
    ])
    expect((await admin.get('submission/math/ex1/marie', { timestamp: at })).json.files).toEqual([
      fetched('p1.ipynb', 'work'),
    ])
    const feedback = async (student: string, timestamp: string) =>
      (await service.as(student).get(`feedback/math/ex1/${student}`, { timestamp })).json.files
    expect(await feedback('marie', at)).toEqual([fetched('p1.html', 'feedback 1')])
    expect(await feedback('marie', later)).toEqual([])
    expect(await feedback('lise', at)).toEqual([fetched('p1.html', 'feedback of lise')])

    const before = rowsOf(service.database)
    expect((await bring()).added).toMatchObject({ courses: 0, submissions: 0, members: 0, bytes: 0 })
    expect(rowsOf(service.database)).toEqual(before)
  })

  it('tells what it cannot take, and never follows a link', async () => {
    const { root, service, bring } = await anExchangeDir()
    root.release('math', 'ex1', { 'p1.ipynb': 'task' })
    const folder = root.submit(
      'math',
      `mar+ie+ex1+2026-03-01 10:00:00.123456 CET+abc`,
      { 'p1.ipynb': 'work' },
      's',
    )
    symlinkSync('/etc/passwd', join(folder, 'stolen'))
    root.submit('math', 'lise+gone+2026-07-01 10:00:00.000000 PST+x', { a: 'a' }, 's')
    root.submit('math', 'lise+gone+2026-07-01 10:00:00.000000 PST+y', { a: 'b' }, 's')
    root.submit('math', 'emmy+ex1+whenever', { a: 'a' }, 's')
    writeFileSync(join(root.folder, 'math', 'inbound', 'stray'), 'x')
    mkdirSync(join(root.folder, 'no course'))
    const report = await bring()
    expect(
      oddities(report)
        .map(([kind, path]) => `${kind} ${path ?? ''}`.trim())
        .sort(),
    ).toEqual([
      ...['duplicate-timestamp', 'file-missing', 'no-instructor'],
      ...['skipped-file inbound/stray', 'skipped-file no course', 'skipped-file stolen'],
      ...['timestamp-unreadable', 'timestamp-zone', 'timestamp-zone'],
    ])
    expect(await service.submissions('root', 'math/ex1')).toEqual([
      ['emmy', expect.stringMatching(/^1970-01-01/)],
      ['mar+ie', '2026-03-01 09:00:00.123456'],
    ])
    expect(await service.submissions('root', 'math/gone')).toEqual([
      ['lise', '2026-07-01 10:00:00.000000'],
      ['lise', '2026-07-01 10:00:00.000001'],
    ])
  })

  it('comes over course by course where only some are named, and is left as it is', async () => {
    const { root, service, bring, options } = await anExchangeDir()
    root.release('math', 'ex1', { a: 'a' })
    root.release('physics', 'ex1', { a: 'a' })
    const before = await snapshotOf(root.folder)
    const dry = await runCommand(importCommand, [...options, '--dry-run', '--json'])
    expect(dry.json.added).toMatchObject({ courses: 2 })
    await bring('--course', 'physics')
    expect((await service.as('root').get('courses')).json.courses).toEqual(['physics'])
    const outcome = await runCommand(importCommand, [...options, '--course', 'chemistry'])
    expect(outcome.failure).toContain('no course chemistry')
    expect(await snapshotOf(root.folder)).toEqual(before)
  })

  it('says so where a folder cannot be read', async () => {
    if (process.getuid?.() === 0) return // root reads everything
    const { root, bring } = await anExchangeDir()
    root.release('math', 'ex1', { a: 'a' })
    chmodSync(join(root.folder, 'math', 'outbound'), 0o000)
    expect(oddities(await bring())).toContainEqual(['skipped-file', 'outbound'])
    chmodSync(join(root.folder, 'math', 'outbound'), 0o700)
  })
})

const large = noise(200_000, 'table')

/** An old server in a folder, and a new one that is running. */
async function aMove(revision?: Revision) {
  const folder = await aFolder()
  const python = aPythonNgshare(folder, revision)
  const service = await aService({ debug: true })
  const source = [...from(python), ...placesOf(service)]
  const bring = async () => {
    const { json } = await runCommand(importCommand, [...source, '--json'])
    return json as unknown as ImportReport
  }
  return { folder, python, service, source, bring }
}

function from(python: PythonNgshare): string[] {
  return ['ngshare06', '--from-database', `sqlite:///${python.database}`, '--from-storage', python.storage]
}

function aClass(python: PythonNgshare): void {
  python.course('empty course')
  const math = python.course('math', {
    instructors: [['emmy', 'Emmy']],
    students: [
      ['marie', 'Marie', 'Curie', 'marie@example.org'],
      ['lise', ''],
    ],
  })
  python.assignment(math, 'ex2', { 'ex2.ipynb': 'another task' })
  const ex1 = python.assignment(math, 'ex1', { 'ex1.ipynb': 'the task', 'data/table.csv': large })
  python.submission(ex1, 'lise', later, { 'ex1.ipynb': 'of lise' })
  const work = { 'ex1.ipynb': 'of marie', 'data/table.csv': large, 'empty.txt': '' }
  const submission = python.submission(ex1, 'marie', at, work)
  python.feedback(submission, { 'ex1.html': '<p>well done</p>' })
  python.submission(ex1, 'marie', later)
  const physics = python.course('physics', { instructors: [['emmy']] })
  python.run('delete from courses where _id = ?', physics)
  python.run(`delete from instructor_assoc_table where right_id = 'physics'`)
  python.assignment(math, 'ex3')
  python.run(`delete from assignments where id = 'ex3'`)
  python.assignment(1, 'of the empty course')
}

/** Some of everything that can be odd. */
function aMess(python: PythonNgshare): void {
  const course = python.course('messy\u0001course', { students: [['marie']] })
  const messy = python.assignment(2, 'messy', { a: 'x', 'a//b': 'y' })
  for (let index = 0; index < 10; index++) {
    const submission = python.submission(messy, 'marie', at, { a: `${index}` })
    python.file('submission', submission, { path: 'lost', bytes: 'x', onDisk: null })
    python.file('submission', submission, { path: 'a', bytes: 'same', onDisk: 'other' })
  }
  python.submission(python.assignment(course, 'ex1'), 'stranger', null, { a: 'x' })
  python.submission(99, 'marie', at)
}

/** An exchange directory, made by hand as nbgrader makes it, and a new server that is running. */
async function anExchangeDir() {
  const folder = join(await aFolder(), 'exchange')
  mkdirSync(folder)
  const service = await aService()
  const options = ['exchange-dir', '--from', folder, ...placesOf(service)]
  const write = (at: string, files: Readonly<Record<string, string | Buffer>>) => {
    for (const [path, bytes] of Object.entries(files)) {
      mkdirSync(dirname(join(at, path)), { recursive: true })
      writeFileSync(join(at, path), bytes)
    }
    return at
  }
  const root = {
    folder,
    release: (course: string, assignment: string, files: Readonly<Record<string, string | Buffer>>) =>
      write(join(folder, course, 'outbound', assignment), files),
    submit(course: string, name: string, files: Readonly<Record<string, string>>, secret: string | null) {
      const timestamp = name.split('+').find(part => part.startsWith('2026')) ?? 'never'
      const own = {
        'timestamp.txt': timestamp,
        ...(secret === null ? {} : { 'submission_secret.txt': secret }),
      }
      return write(join(folder, course, 'inbound', name), { ...files, ...own })
    },
    feedback: (course: string, digest: string, html: string) =>
      write(join(folder, course, 'feedback'), { [`${digest}.html`]: html }),
  }
  const bring = async (...more: string[]) => {
    const { json } = await runCommand(importCommand, [...options, ...more, '--json'])
    return json as unknown as ImportReport
  }
  return { root, service, options, bring }
}

/** Its database refuses the write of that number: users come first, then a course at a time. */
function failingAt(ops: Ops, failAt: number): Ops {
  return {
    ...ops,
    async open(places) {
      const open = await ops.open(places)
      let writes = 0
      const write: typeof open.exchange.db.write = act => {
        writes++
        if (writes === failAt) return Promise.reject(new Trouble('storage-full', 'the disk is full'))
        return open.exchange.db.write(act)
      }
      const db = Object.assign(Object.create(open.exchange.db), { write })
      return { ...open, exchange: { ...open.exchange, db } }
    },
  }
}

function oddities(report: ImportReport): [Oddity['kind'], string | undefined][] {
  return report.oddities.map(({ kind, path }) => [kind, path])
}

/** The digest of every file below. */
async function snapshotOf(folder: string): Promise<Record<string, string>> {
  const entries = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  const files = entries.filter(entry => statSync(join(folder, entry)).isFile()).sort()
  return Object.fromEntries(
    files.map(path => [
      path,
      createHash('sha256')
        .update(readFileSync(join(folder, path)))
        .digest('hex'),
    ]),
  )
}

/** All rows of all tables but those that change by themselves. */
function rowsOf(database: string): Record<string, unknown[]> {
  const sqlite = new Sqlite(database, { readonly: true })
  try {
    const tables = sqlite
      .prepare(`select name from sqlite_master where type = 'table'`)
      .pluck()
      .all() as string[]
    const lasting = tables.filter(table => !/^(sqlite_|kysely_|heartbeat|event|leases)/.test(table))
    return Object.fromEntries(lasting.map(table => [table, sqlite.prepare(`select * from ${table}`).all()]))
  } finally {
    sqlite.close()
  }
}

function faults(database: string): unknown[] {
  const sqlite = new Sqlite(database, { readonly: true })
  try {
    return sqlite.pragma('foreign_key_check') as unknown[]
  } finally {
    sqlite.close()
  }
}
