/**
 * The work of a whole school, written by the real Python ngshare 0.6.0, imported: every file of it compared, and a second
 * import that changes nothing. A small school by default; `LARGE_SCHOOL=FOLDER` takes what `make-large-for-real.ts` made.
 */
import { createHash } from 'node:crypto'
import { createReadStream, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { importCommand } from '../../src/ops/import/command.ts'
import type { ImportReport } from '../../src/ops/import/report.ts'
import { verifyCommand } from '../../src/ops/verify.ts'
import { placesOf, runCommand } from '../support/commands.ts'
import { aFolder, aService } from '../support/service.ts'
import { fetched } from '../support/trees.ts'
import { type Attempt, type Files, type SchoolSize, schoolCourses } from './large-exchange.ts'
import { makeLargeForReal } from './make-large-for-real.ts'

const given = process.env.LARGE_SCHOOL
const folder = given ?? mkdtempSync(join(tmpdir(), 'ngshare-import-test-'))
let size: SchoolSize

beforeAll(async () => {
  if (given === undefined) await makeLargeForReal(folder, { courses: 4, students: 10, assignments: 2 })
  size = JSON.parse(readFileSync(join(folder, 'size.json'), 'utf8'))
}, 120_000)

afterAll(() => {
  if (given === undefined) rmSync(folder, { recursive: true, force: true })
})

const patience = { timeout: 1_800_000 }

it('comes over whole, file by file, and a second import changes nothing', patience, async () => {
  const original = await digestsIn(folder)
  const place = await anEmptyPlace()
  const source = ['--from-database', `sqlite:///${join(folder, 'ngshare.db')}`]
  const from = [...source, '--from-storage', join(folder, 'files')]
  const bring = async () => {
    const { json, failure } = await runCommand(importCommand, [
      'ngshare06',
      ...from,
      ...place.options,
      '--json',
    ])
    expect(failure).toBeNull()
    return json as unknown as ImportReport
  }
  const report = await bring()
  expect(report.oddities).toEqual([])
  expect(report.added).toMatchObject(countsOf(size))
  const rows = digestOfRows(place.database)
  const files = await digestsIn(place.storage)

  const again = await bring()
  expect(again.oddities).toEqual([])
  expect(Object.values(again.added).every(count => count === 0)).toBe(true)
  expect(again.present).toMatchObject({ submissions: report.added.submissions })
  expect(digestOfRows(place.database)).toEqual(rows)
  expect(await digestsIn(place.storage)).toEqual(files)
  expect(await digestsIn(folder)).toEqual(original)
  console.info(`imported in ${report.seconds} s, again in ${again.seconds} s`)

  expect((await runCommand(verifyCommand, [...place.options, '--json'])).failure).toBeNull()
  await expectEveryFile(place)
})

interface Place {
  readonly folder: string
  readonly database: string
  readonly storage: string
  readonly options: readonly string[]
}

async function anEmptyPlace(): Promise<Place> {
  const folder = await aFolder()
  const place = { database: join(folder, 'ngshare.db'), storage: join(folder, 'files') }
  return { folder, ...place, options: placesOf(place) }
}

/** Asks the server for all of it. */
async function expectEveryFile({ folder }: Place): Promise<void> {
  const service = await aService({ folder })
  const root = service.as('root')
  expect((await root.get('courses')).json.courses).toHaveLength(size.courses)
  for (const { course, instructor, students, assignments } of schoolCourses(size)) {
    const c = encodeURIComponent(course)
    expect((await root.get(`instructors/${c}`)).json.instructors).toMatchObject([{ username: instructor }])
    expect((await root.get(`students/${c}`)).json.students).toEqual(
      students.map(username => ({
        ...{ username, first_name: 'First', last_name: 'Last', email: `${username}@example.org` },
      })),
    )
    for (const { assignment, release, attempts } of assignments) {
      const path = `${c}/${encodeURIComponent(assignment)}`
      expect((await root.get(`assignment/${path}`)).json.files).toEqual(wire(release))
      const listed = await service.submissions('root', path)
      expect(listed).toHaveLength(attempts.length)
      const timestamps = Map.groupBy(listed, ([student]) => student)
      for (const attempt of attempts) {
        const [, timestamp = ''] = timestamps.get(attempt.student)?.shift() ?? []
        await expectAttempt(`${path}/${attempt.student}`, timestamp, attempt)
      }
    }
  }

  async function expectAttempt(path: string, timestamp: string, { files, feedback }: Attempt) {
    const submission = await root.get(`submission/${path}`, { timestamp })
    expect(submission.json).toEqual({ success: true, timestamp, files: wire(files) })
    const released = await root.get(`feedback/${path}`, { timestamp })
    expect(released.json.files).toEqual(feedback === null ? [] : wire(feedback))
  }
}

function wire(files: Files): object[] {
  return Object.entries(files).map(([path, bytes]) => fetched(path, bytes))
}

function countsOf(size: SchoolSize): Partial<ImportReport['added']> {
  const counts = {
    courses: 0,
    members: 0,
    assignments: 0,
    releases: 0,
    submissions: 0,
    feedback: 0,
    files: 0,
  }
  for (const { students, assignments } of schoolCourses(size)) {
    counts.courses++
    counts.members += students.length + 1
    for (const { release, attempts } of assignments) {
      counts.assignments++
      counts.releases++
      counts.submissions += attempts.length
      counts.files += Object.keys(release).length
      for (const { files, feedback } of attempts) {
        counts.files += Object.keys(files).length + Object.keys(feedback ?? {}).length
        counts.feedback += feedback === null ? 0 : 1
      }
    }
  }
  return counts
}

/** Of all rows, by table. */
function digestOfRows(path: string): Record<string, string> {
  const database = new Sqlite(path, { readonly: true })
  const tables = database
    .prepare(`select name from sqlite_master where type = 'table' order by name`)
    .pluck()
    .all()
  const digests = (tables as string[]).map(table => {
    const hash = createHash('sha256')
    for (const row of database.prepare(`select * from "${table}"`).raw().iterate() as Iterable<unknown[]>) {
      for (const value of row) hash.update(Buffer.isBuffer(value) ? value : `${value}\0`)
    }
    return [table, hash.digest('hex')]
  })
  database.close()
  return Object.fromEntries(digests)
}

async function digestsIn(folder: string): Promise<Record<string, string>> {
  const digests: Record<string, string> = {}
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const hash = createHash('sha256')
    for await (const bytes of createReadStream(path)) hash.update(bytes as Buffer)
    digests[path] = hash.digest('hex')
  }
  return digests
}
