/** The database of a Python ngshare, read only: its facts as they are, sound or not. */
import { closeSync, copyFileSync, existsSync, openSync, readSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { errorCode, Trouble } from '../domain/errors.ts'

/** What alembic calls the two schemas that there were; the second knows the sizes of files. */
const revisions: Readonly<Record<string, { hasSizes: boolean }>> = {
  aa00db20c10a: { hasSizes: false },
  '1921a169739b': { hasSizes: true },
}

export interface Ngshare06Course {
  readonly key: number
  readonly name: string | null
}

export interface Ngshare06Member {
  readonly role: 'instructor' | 'student'
  readonly username: string | null
  readonly course: string | null
  readonly firstName: string | null
  readonly lastName: string | null
  readonly email: string | null
  /** Whether the user has a row, too. */
  readonly isUser: 0 | 1
}

export interface Ngshare06Assignment {
  readonly key: number
  readonly name: string | null
  readonly due: string | null
}

export interface Ngshare06Submission {
  readonly key: number
  readonly timestamp: string | null
  readonly student: string | null
  readonly isUser: 0 | 1
}

/** One file of a release, a submission or its feedback. */
export interface Ngshare06File {
  /** The assignment or submission. */
  readonly owner: number
  readonly fileKey: number
  /** Null where the row of the file is not there. */
  readonly found: number | null
  readonly path: string | null
  readonly md5: string | null
  /** In the storage folder. */
  readonly storedName: string | null
  /** Null in the first schema, and where the Python server could not find out. */
  readonly sizeBytes: number | null
}

export interface Ngshare06OrphanSubmission extends Ngshare06Submission {
  readonly assignment: string | null
}

export interface Ngshare06Database {
  /** As alembic says; null when it says nothing: a database that was made with `--no-upgrade-db`. */
  readonly revision: string | null
  /** Whether the tables are those of a revision that we know. */
  readonly isKnownRevision: boolean
  readonly hasSizes: boolean
  users(): string[]
  courses(): Ngshare06Course[]
  /** In the order in which they joined. */
  members(course: string): Ngshare06Member[]
  /** In the order of release. */
  assignments(course: number): Ngshare06Assignment[]
  /** In the order in which they came in. */
  submissions(assignment: number): Ngshare06Submission[]
  releaseFiles(assignment: number): Ngshare06File[]
  submissionFiles(assignment: number): Ngshare06File[]
  feedbackFiles(assignment: number): Ngshare06File[]
  /** Rows that hang in the air: of courses, assignments or submissions that are not there. */
  orphanMembers(): Ngshare06Member[]
  orphanAssignments(): Ngshare06Assignment[]
  orphanSubmissions(): Ngshare06OrphanSubmission[]
  orphanLinks(): { readonly table: string; readonly owner: string; readonly fileKey: number }[]
  /** Files that no release, submission or feedback has. */
  orphanFiles(): { readonly key: number; readonly path: string | null; readonly storedName: string | null }[]
  fileCount(): number
  /** Some of the names in the storage folder. */
  someStoredNames(limit: number): string[]
  hasStoredName(name: string): boolean
  close(): void
}

/** Whether this file is the database of a Python ngshare. Changes nothing. @throws Trouble `database` */
export async function isNgshare06(path: string): Promise<boolean> {
  if (!existsSync(path) || !isSqlite(path)) return false
  try {
    const looking = openReadOnly(path)
    try {
      return hasItsTables(looking)
    } finally {
      looking.close()
    }
  } catch (error) {
    if (!needsWriting(error)) throw unreadable(path, error)
  }
  let hasThem = false
  const copy = await openCopy(path, opened => {
    hasThem = hasItsTables(opened)
  })
  copy.close()
  return hasThem
}

/**
 * Reads from a copy in the temporary folder: the original is never locked for longer than copying takes, and what
 * helps to find rows quickly is added to the copy. @throws Trouble `database`: no such file, or none of a Python ngshare
 */
export async function openNgshare06(path: string): Promise<Ngshare06Database> {
  if (!existsSync(path)) throw new Trouble('database', `there is no file ${path}`)
  if (!isSqlite(path)) throw new Trouble('database', `${path} is no SQLite database`)
  return readerOf(await openCopy(path, copy => addIndexes(copy, path)))
}

/** Its files are gone already: SQLite goes on with what it has open, and nothing is left when this process is killed. */
async function openCopy(path: string, prepare: (copy: Sqlite.Database) => void): Promise<Sqlite.Database> {
  const folder = await mkdtemp(join(tmpdir(), 'ngshare-import-'))
  let copy: Sqlite.Database | null = null
  try {
    const file = join(folder, 'copy.db')
    await copyDatabase(path, file)
    copy = new Sqlite(file)
    copy.pragma('journal_mode = off') // also takes in a journal or log that was copied along
    copy.pragma('synchronous = off')
    copy.pragma('temp_store = memory')
    prepare(copy)
    return copy
  } catch (error) {
    copy?.close()
    throw unreadable(path, error)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function copyDatabase(from: string, to: string): Promise<void> {
  if (!isWriteAheadLogged(from)) {
    const original = openReadOnly(from)
    try {
      await original.backup(to, { progress: () => 10_000 })
      return
    } catch (error) {
      if (!needsWriting(error)) throw error
    } finally {
      original.close()
    }
  }
  for (const suffix of ['', '-journal', '-wal']) {
    if (existsSync(from + suffix)) copyFileSync(from + suffix, to + suffix)
  }
}

/** A crash has left a journal: before it reads, SQLite would write back to the file what is in it. */
function needsWriting(error: unknown): boolean {
  return /^SQLITE_(READONLY|CANTOPEN)/.test(errorCode(error) ?? '')
}

function openReadOnly(path: string): Sqlite.Database {
  return new Sqlite(path, { readonly: true, timeout: 30_000 })
}

function isSqlite(path: string): boolean {
  return header(path).subarray(0, 15).toString('latin1') === 'SQLite format 3'
}

/** Even a reader would create files beside such a database. */
function isWriteAheadLogged(path: string): boolean {
  return header(path)[18] === 2
}

function header(path: string): Buffer {
  const bytes = Buffer.alloc(100)
  if (!statSync(path).isFile()) return bytes
  const file = openSync(path, 'r')
  try {
    readSync(file, bytes)
  } finally {
    closeSync(file)
  }
  return bytes
}

function tablesOf(sqlite: Sqlite.Database): Set<unknown> {
  return new Set(sqlite.prepare(`select name from sqlite_master where type = 'table'`).pluck().all())
}

function hasItsTables(sqlite: Sqlite.Database): boolean {
  const tables = tablesOf(sqlite)
  return neededTables.every(table => tables.has(table)) && !tables.has('kysely_migration')
}

const neededTables = [
  ...['users', 'courses', 'assignments', 'submissions', 'files'],
  ...['instructor_assoc_table', 'student_assoc_table'],
  ...['assignment_files_assoc_table', 'submission_files_assoc_table', 'feedback_files_assoc_table'],
]

/** What the Python server looks for without an index. */
const indexes = [
  'create index copy_members_instructor on instructor_assoc_table (right_id)',
  'create index copy_members_student on student_assoc_table (right_id)',
  'create index copy_assignments on assignments (course_id)',
  'create index copy_submissions on submissions (assignment_id)',
  'create index copy_files on files (actual_name)',
  'create index copy_release_files on assignment_files_assoc_table (right_id)',
  'create index copy_submission_files on submission_files_assoc_table (right_id)',
  'create index copy_feedback_files on feedback_files_assoc_table (right_id)',
]

function addIndexes(sqlite: Sqlite.Database, path: string): void {
  const tables = tablesOf(sqlite)
  const missing = neededTables.filter(table => !tables.has(table))
  if (missing.length > 0) {
    throw new Trouble(
      'database',
      `${path} is no database of a Python ngshare: it lacks ${missing.join(', ')}`,
    )
  }
  for (const index of indexes) sqlite.exec(index)
}

function readerOf(sqlite: Sqlite.Database): Ngshare06Database {
  const revision = tablesOf(sqlite).has('alembic_version')
    ? (sqlite.prepare('select version_num from alembic_version').pluck().get() as string | undefined)
    : undefined
  const known = revisions[revision ?? '']
  const hasSizes = sqlite
    .prepare('pragma table_info(files)')
    .all()
    .some(column => (column as { name: string }).name === 'size')

  const all = <Row>(sql: string) => {
    const statement = sqlite.prepare(sql)
    return (...values: unknown[]) => statement.all(...values) as Row[]
  }
  const memberColumns = (table: string) => `
    select '${table === 'instructor_assoc_table' ? 'instructor' : 'student'}' as role,
      cast(left_id as text) as username, cast(right_id as text) as course, cast(first_name as text) as firstName,
      cast(last_name as text) as lastName, cast(email as text) as email,
      exists (select 1 from users where users.id = left_id) as isUser
    from ${table}`
  const instructors = all<Ngshare06Member>(
    `${memberColumns('instructor_assoc_table')} where right_id = ? order by rowid`,
  )
  const students = all<Ngshare06Member>(
    `${memberColumns('student_assoc_table')} where right_id = ? order by rowid`,
  )
  const inTheAir = 'where right_id not in (select id from courses where id is not null) order by rowid'
  const submissionColumns = `s._id as key, cast(s.timestamp as text) as timestamp,
    cast(s.student_id as text) as student, exists (select 1 from users where users.id = s.student_id) as isUser`
  const fileColumns = `a.right_id as fileKey, f._id as found, cast(f.filename as text) as path,
    cast(f.checksum as text) as md5, cast(f.actual_name as text) as storedName,
    ${hasSizes ? 'f.size' : 'null'} as sizeBytes`
  const filesOfSubmissions = (table: string) =>
    all<Ngshare06File>(`select s._id as owner, ${fileColumns} from submissions s
      join ${table} a on a.left_id = cast(s._id as text) left join files f on f._id = a.right_id
      where s.assignment_id = ? order by s._id, a.right_id`)
  const linksInTheAir = (table: string, owners: string) =>
    `select '${table}' as "table", cast(left_id as text) as owner, right_id as fileKey from ${table}
      where left_id not in (select cast(_id as text) from ${owners})`
  const isStored = sqlite.prepare('select 1 from files where actual_name = ?').pluck()

  return {
    revision: revision ?? null,
    isKnownRevision: revision === undefined || known?.hasSizes === hasSizes,
    hasSizes,
    users: () =>
      sqlite.prepare('select cast(id as text) from users order by rowid').pluck().all() as string[],
    courses: all('select _id as key, cast(id as text) as name from courses order by _id'),
    members: course => [...instructors(course), ...students(course)],
    assignments: all(
      'select _id as key, cast(id as text) as name, cast(due as text) as due from assignments where course_id = ? order by _id',
    ),
    submissions: all(
      `select ${submissionColumns} from submissions s where s.assignment_id = ? order by s._id`,
    ),
    releaseFiles: all(`select cast(a.left_id as integer) as owner, ${fileColumns}
      from assignment_files_assoc_table a left join files f on f._id = a.right_id
      where a.left_id = cast(cast(? as integer) as text) order by a.right_id`),
    submissionFiles: filesOfSubmissions('submission_files_assoc_table'),
    feedbackFiles: filesOfSubmissions('feedback_files_assoc_table'),
    orphanMembers: () => [
      ...all<Ngshare06Member>(`${memberColumns('instructor_assoc_table')} ${inTheAir}`)(),
      ...all<Ngshare06Member>(`${memberColumns('student_assoc_table')} ${inTheAir}`)(),
    ],
    orphanAssignments:
      all(`select _id as key, cast(id as text) as name, cast(due as text) as due from assignments
      where course_id is null or course_id not in (select _id from courses) order by _id`),
    orphanSubmissions: all(`select ${submissionColumns}, cast(a.id as text) as assignment from submissions s
      left join assignments a on a._id = s.assignment_id left join courses c on c._id = a.course_id
      where c._id is null order by s._id`),
    orphanLinks: all(
      [
        linksInTheAir('assignment_files_assoc_table', 'assignments'),
        linksInTheAir('submission_files_assoc_table', 'submissions'),
        linksInTheAir('feedback_files_assoc_table', 'submissions'),
      ].join(' union all '),
    ),
    orphanFiles:
      all(`select _id as key, cast(filename as text) as path, cast(actual_name as text) as storedName
      from files f
      where not exists (select 1 from assignment_files_assoc_table where right_id = f._id)
        and not exists (select 1 from submission_files_assoc_table where right_id = f._id)
        and not exists (select 1 from feedback_files_assoc_table where right_id = f._id)
      order by _id`),
    fileCount: () => sqlite.prepare('select count(*) from files').pluck().get() as number,
    someStoredNames: limit =>
      sqlite
        .prepare('select actual_name from files where actual_name is not null limit ?')
        .pluck()
        .all(limit) as string[],
    hasStoredName: name => isStored.get(name) !== undefined,
    close() {
      sqlite.close()
    },
  }
}

function unreadable(path: string, error: unknown): unknown {
  if (error instanceof Trouble || !errorCode(error)?.startsWith('SQLITE_')) return error
  return new Trouble('database', `cannot read the database ${path}: ${(error as Error).message}`, {
    cause: error,
  })
}
