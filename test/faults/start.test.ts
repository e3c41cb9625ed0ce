/** Being started: what was asked for wrongly is said plainly and all at once, and nothing is touched that is not ours. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { expect, test } from 'vitest'
import { Classroom, openClassroom } from './classroom.ts'
import { aNotebook } from './student-work.ts'
import { aWorld, placeOptions, runProgram } from './world.ts'

const student = 'student'

test('a port that is taken ends the start with status 1 and a message, without a stack trace', async () => {
  const world = aWorld()
  const server = await world.start()
  const { port } = server.home
  const { code, said, complained } = await runProgram(['--vngshare', '--port', port, ...placeOptions(world)])
  expect(code).toBe(1)
  expect(said).toBe('')
  expectOneLine(complained)
  expect(complained).toContain(port)
  expect(complained).toContain('--port')
  await openClassroom(server, { students: [student] }) // the other one goes on
})

test('an address that is not of this machine, or is none, ends the start with a message', async () => {
  const world = aWorld()
  for (const host of ['192.0.2.1', 'no-such-host.invalid']) {
    const options = ['--vngshare', '--trust-network', '--host', host, '--port', '0']
    const { code, complained } = await runProgram([...options, ...placeOptions(world)])
    expect(code, host).toBe(1)
    expectOneLine(complained)
    expect(complained).toContain(host)
  }
})

test('all mistakes of the command line are told at once, each with its option, and the status is 2', async () => {
  const { code, said, complained } = await runProgram([
    ...['--vngshare', '--databas', 'sqlite:////tmp/x.db', '--port', 'eighty', '--prefix', 'api'],
    ...['--host', '0.0.0.0'],
    ...[
      '--database',
      'mysql://somewhere',
      '--log-level',
      'loud',
      '--max_body_bytes',
      '-1',
      '--retention-days',
    ],
  ])
  expect(code).toBe(2)
  expect(said).toBe('')
  const wrong = [
    'databas',
    'port',
    'prefix',
    'host',
    'database',
    'log-level',
    'max-body-bytes',
    'retention-days',
  ]
  for (const option of wrong) {
    expect(complained).toMatch(new RegExp(`--${option}\\b`))
  }
  expect(complained).not.toMatch(/\n {4}at /)
})

test('wrong variables are told like wrong options', async () => {
  const { code, complained } = await runProgram(['--vngshare'], {
    NGSHARE_PORT: '65536',
    NGSHARE_DATABASE: 'sqlite://',
    NGSHARE_DEBUG: 'perhaps',
  })
  expect(code).toBe(2)
  for (const setting of ['port', 'database', 'debug']) expect(complained).toContain(setting)
})

test('nothing is made on the disk by a start that its options forbid', async () => {
  const world = aWorld()
  const { code } = await runProgram(['--vngshare', '--port', 'eighty', ...placeOptions(world)])
  expect(code).toBe(2)
  expect(readdirSync(world.folder)).toEqual([])
})

test('--help names options and their variables, --version the version, both with status 0', async () => {
  const help = await runProgram(['--help'])
  expect(help).toMatchObject({ code: 0, complained: '' })
  for (const word of [
    '--database',
    '--storage',
    '--admins',
    '--port',
    '--no-upgrade-db',
    'NGSHARE_STORAGE',
  ]) {
    expect(help.said).toContain(word)
  }
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  expect(await runProgram(['--version'])).toEqual({ code: 0, said: `${version}\n`, complained: '' })
})

test('an option may be spelled with hyphens, with underscores as of old, or be given as a variable', async () => {
  const spellings = [
    { args: ['--max-body-bytes', '5000', '--jupyterhub-api-url', 'http://127.0.0.1:8081/hub/api'] },
    { args: ['--max_body_bytes', '5000', '--jupyterhub_api_url=http://127.0.0.1:8081/hub/api'] },
    { environment: { NGSHARE_MAX_BODY_BYTES: '5000', JUPYTERHUB_API_URL: 'http://127.0.0.1:8081/hub/api' } },
  ]
  for (const spelling of spellings) {
    const world = aWorld()
    const classroom = await openClassroom(await world.start(spelling), { students: [student] })
    expect((await classroom.submit(student, aNotebook('small', 1000))).status).toBe(200)
    expect((await classroom.submit(student, aNotebook('large', 10_000))).status).toBe(413)
  }
})

test('everything may be given as a variable; an option wins over one', async () => {
  const world = aWorld()
  const environment = {
    NGSHARE_VNGSHARE: 'true',
    NGSHARE_DATABASE: `sqlite:///${join(world.folder, 'by variable.db')}`,
    NGSHARE_STORAGE: join(world.folder, 'by variable'),
    NGSHARE_ADMINS: 'someone else',
    NGSHARE_PREFIX: '/services/ngshare/',
  }
  const server = await world.start({ environment, bare: ['--port', '0', '--admins', 'root'] })
  expect(server.home.pathname).toBe('/services/ngshare/')
  await openClassroom(server, { students: [student] })
  expect(readdirSync(world.folder)).toEqual(expect.arrayContaining(['by variable', 'by variable.db']))
})

test('the database of a Python ngshare is refused, and is left as it is to the last byte', async () => {
  const world = aWorld()
  makePythonDatabase(world.database)
  mkdirSync(world.storage)
  const before = sha256Of(world.database)
  for (const extra of [[], ['--no-upgrade-db'], ['--test-data']]) {
    const { code, complained } = await runProgram([...startOptions, ...placeOptions(world), ...extra])
    expect(code).toBe(1)
    expectOneLine(complained)
    expect(complained).toContain('Python ngshare')
    expect(sha256Of(world.database)).toBe(before)
    expect(readdirSync(world.folder).sort()).toEqual(['files', 'ngshare.db'])
    expect(readdirSync(world.storage)).toEqual([])
  }
})

test('a file that is no database is refused, and is left as it is', async () => {
  const world = aWorld()
  writeFileSync(world.database, 'These are the notes of the last meeting.\n'.repeat(100))
  const before = sha256Of(world.database)
  const { code, complained } = await runProgram([...startOptions, ...placeOptions(world)])
  expect(code).toBe(1)
  expectOneLine(complained)
  expect(sha256Of(world.database)).toBe(before)
})

test('--no-upgrade-db starts on a database that is not there yet, and on one that is up to date', async () => {
  const world = aWorld()
  const first = await world.start({ args: ['--no-upgrade-db'] })
  const classroom = await openClassroom(first, { students: [student] })
  const timestamp = await classroom.submitted(student, aNotebook('work', 1000))
  await first.stop()
  const second = await world.start({ args: ['--no_upgrade_db'] })
  expect(await new Classroom(second).list()).toEqual([{ student_id: student, timestamp }])
})

test('a database path may be a symbolic link', async () => {
  const world = aWorld()
  const target = join(world.folder, 'elsewhere', 'really.db')
  mkdirSync(dirname(target))
  symlinkSync(target, world.database)
  const server = await world.start()
  const classroom = await openClassroom(server, { students: [student] })
  const timestamp = await classroom.submitted(student, aNotebook('work', 20_000))
  await server.kill()
  expect(existsSync(target)).toBe(true)
  const restarted = new Classroom(await world.start())
  expect(await restarted.list()).toEqual([{ student_id: student, timestamp }])
})

test('a storage folder that cannot be made ends the start with a message', async () => {
  const world = aWorld()
  writeFileSync(world.storage, 'a file where the folder should be')
  const { code, complained } = await runProgram([...startOptions, ...placeOptions(world)])
  expect(code).toBe(1)
  expectOneLine(complained)
  expect(complained).toContain(world.storage)
})

const startOptions = ['--vngshare', '--port', '0']

/** What version 0.6 of the Python server leaves behind, as far as it matters here. */
function makePythonDatabase(path: string): void {
  const sqlite = new Sqlite(path)
  sqlite.exec(`
    create table alembic_version (version_num varchar(32) not null primary key);
    insert into alembic_version values ('1921a169739b');
    create table courses (_id integer primary key, id text unique);
    insert into courses (id) values ('a course of last year');
    create table users (id text primary key);
  `)
  sqlite.close()
}

function expectOneLine(text: string): void {
  expect(text).toMatch(/^[^\n]+\n$/)
}

function sha256Of(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}
