/** What a Python ngshare leaves behind, written straight into its tables: sound, or as odd as a test wants it. */
import { randomUUID } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { md5 } from './trees.ts'

/** As alembic calls them: the second knows how large files are. */
export type Revision = 'aa00db20c10a' | '1921a169739b'

export interface PythonNgshare {
  readonly database: string
  readonly storage: string
  user(name: string): void
  /** Members are `[name, first name, last name, e-mail]`. */
  course(name: string | null, members?: { instructors?: Person[]; students?: Person[] }): number
  member(role: 'instructor' | 'student', course: string, person: Person): void
  assignment(course: number, name: string | null, files?: Files): number
  submission(assignment: number, student: string | null, timestamp: string | null, files?: Files): number
  feedback(submission: number, files: Files): void
  /** Gives an assignment or submission a file, written to the folder or not. */
  file(of: 'assignment' | 'submission' | 'feedback', owner: number, file: OddFile): number
  run(statement: string, ...values: unknown[]): void
  inTransaction(act: () => void): void
  close(): void
}

export type Person = readonly [
  name: string,
  first?: string | null,
  last?: string | null,
  email?: string | null,
]
export type Files = Readonly<Record<string, string | Buffer>>

export interface OddFile {
  readonly path: string
  readonly bytes: string | Buffer
  readonly md5?: string | null
  readonly sizeBytes?: number
  /** Null: there is none in the folder. */
  readonly onDisk?: string | Buffer | null
  readonly storedName?: string
}

export function aPythonNgshare(folder: string, revision: Revision = '1921a169739b'): PythonNgshare {
  const database = join(folder, 'python.db')
  const storage = join(folder, 'python-files')
  mkdirSync(storage, { recursive: true })
  const sqlite = new Sqlite(database)
  sqlite.pragma('foreign_keys = off')
  sqlite.pragma('synchronous = off')
  sqlite.exec(schema)
  const hasSizes = revision === '1921a169739b'
  if (hasSizes) sqlite.exec('alter table files add column size INTEGER')
  const statements = new Map<string, Sqlite.Statement>()
  const run = (text: string, ...values: unknown[]) => {
    const statement = statements.get(text) ?? sqlite.prepare(text)
    statements.set(text, statement)
    return Number(statement.run(...values).lastInsertRowid)
  }
  run('insert into alembic_version values (?)', revision)
  const user = (name: string) => {
    run('insert or ignore into users values (?)', name)
  }
  const member: PythonNgshare['member'] = (role, course, [name, first = null, last = null, email = null]) => {
    user(name)
    run(`insert into ${role}_assoc_table values (?, ?, ?, ?, ?)`, name, course, first, last, email)
  }
  const file: PythonNgshare['file'] = (of, owner, odd) => {
    const { path, bytes, onDisk = bytes, sizeBytes = Buffer.byteLength(bytes) } = odd
    const storedName = odd.storedName ?? `${randomUUID()}${extname(path)}`
    const checksum = odd.md5 === undefined ? md5(bytes) : odd.md5
    if (onDisk !== null) writeFileSync(join(storage, storedName), onDisk)
    const key = hasSizes
      ? run(
          'insert into files (filename, checksum, actual_name, size) values (?, ?, ?, ?)',
          ...[path, checksum, storedName, sizeBytes],
        )
      : run(
          'insert into files (filename, checksum, actual_name) values (?, ?, ?)',
          path,
          checksum,
          storedName,
        )
    run(`insert into ${of}_files_assoc_table values (?, ?)`, String(owner), key)
    return key
  }
  const files = (of: 'assignment' | 'submission' | 'feedback', owner: number, given: Files) => {
    for (const [path, bytes] of Object.entries(given)) file(of, owner, { path, bytes })
  }
  return {
    database,
    storage,
    user,
    member,
    file,
    course(name, { instructors = [], students = [] } = {}) {
      const key = run('insert into courses (id) values (?)', name)
      for (const person of instructors) member('instructor', name ?? '', person)
      for (const person of students) member('student', name ?? '', person)
      return key
    },
    assignment(course, name, given = {}) {
      const key = run('insert into assignments (id, course_id) values (?, ?)', name, course)
      files('assignment', key, given)
      return key
    },
    submission(assignment, student, timestamp, given = {}) {
      const key = run(
        'insert into submissions (assignment_id, timestamp, student_id) values (?, ?, ?)',
        ...[assignment, timestamp, student],
      )
      files('submission', key, given)
      return key
    },
    feedback: (submission, given) => files('feedback', submission, given),
    run: (statement, ...values) => {
      run(statement, ...values)
    },
    inTransaction: act => sqlite.transaction(act)(),
    close: () => sqlite.close(),
  }
}

/** As alembic makes it at its first revision. */
const schema = `
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num));
CREATE TABLE courses (_id INTEGER NOT NULL, id TEXT, PRIMARY KEY (_id), UNIQUE (id));
CREATE TABLE files (_id INTEGER NOT NULL, filename TEXT, checksum TEXT, actual_name TEXT, PRIMARY KEY (_id));
CREATE TABLE users (id TEXT NOT NULL, PRIMARY KEY (id));
CREATE TABLE assignments (_id INTEGER NOT NULL, id TEXT, course_id INTEGER, due TIMESTAMP, PRIMARY KEY (_id),
  FOREIGN KEY(course_id) REFERENCES courses (_id));
CREATE TABLE instructor_assoc_table (left_id TEXT NOT NULL, right_id TEXT NOT NULL, first_name TEXT, last_name TEXT,
  email TEXT, PRIMARY KEY (left_id, right_id), FOREIGN KEY(left_id) REFERENCES users (id),
  FOREIGN KEY(right_id) REFERENCES courses (id));
CREATE TABLE student_assoc_table (left_id TEXT NOT NULL, right_id TEXT NOT NULL, first_name TEXT, last_name TEXT,
  email TEXT, PRIMARY KEY (left_id, right_id), FOREIGN KEY(left_id) REFERENCES users (id),
  FOREIGN KEY(right_id) REFERENCES courses (id));
CREATE TABLE assignment_files_assoc_table (left_id TEXT NOT NULL, right_id INTEGER NOT NULL,
  PRIMARY KEY (left_id, right_id), FOREIGN KEY(left_id) REFERENCES assignments (_id),
  FOREIGN KEY(right_id) REFERENCES files (_id));
CREATE TABLE submissions (_id INTEGER NOT NULL, assignment_id INTEGER, timestamp TIMESTAMP, student_id TEXT,
  PRIMARY KEY (_id), FOREIGN KEY(assignment_id) REFERENCES assignments (_id),
  FOREIGN KEY(student_id) REFERENCES users (id));
CREATE TABLE feedback_files_assoc_table (left_id TEXT NOT NULL, right_id INTEGER NOT NULL,
  PRIMARY KEY (left_id, right_id), FOREIGN KEY(left_id) REFERENCES submissions (_id),
  FOREIGN KEY(right_id) REFERENCES files (_id));
CREATE TABLE submission_files_assoc_table (left_id TEXT NOT NULL, right_id INTEGER NOT NULL,
  PRIMARY KEY (left_id, right_id), FOREIGN KEY(left_id) REFERENCES submissions (_id),
  FOREIGN KEY(right_id) REFERENCES files (_id));
`
