/** Everything of a Python ngshare: its database and its folder of files. */
import { existsSync } from 'node:fs'
import { opendir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Ngshare06Assignment,
  type Ngshare06Course,
  type Ngshare06Database,
  type Ngshare06File,
  type Ngshare06Member,
  type Ngshare06Submission,
  openNgshare06,
} from '../../db/ngshare06.ts'
import { formatTimestamp, type Micros, parseTimestamp } from '../../domain/timestamp.ts'
import { checkImportedName, importUsers } from '../../exchange/imported.ts'
import type {
  AssignmentToImport,
  CourseToImport,
  Oddity,
  SubmissionToImport,
} from '../../exchange/imported-facts.ts'
import type { FileToImport } from '../../exchange/imported-trees.ts'
import { CommandFailed } from '../../terminal/failure.ts'
import { momentWithoutTimestamp, separateMoments } from './moments.ts'
import { ImportLog, type ImportReport, type ImportRun } from './report.ts'
import { FileNotThere, SourceFiles } from './source-files.ts'

/** Folders of our own content store, where it shares the folder. */
const ourFolders = new Set(['blobs', 'staging'])

/**
 * Brings over what is not here yet, a course in a transaction; the original is only read. Safe to repeat.
 * @throws CommandFailed: these are not the places of a Python ngshare; Trouble: what came over before stays
 */
export async function importNgshare06(
  from: { readonly databasePath: string; readonly storageFolder: string },
  run: ImportRun,
): Promise<ImportReport> {
  const database = await openNgshare06(from.databasePath)
  try {
    checkStorage(database, from.storageFolder)
    const log = new ImportLog(run)
    if (!database.isKnownRevision) {
      const detail = `the schema says it is revision ${database.revision}, which we do not know; its tables fit`
      log.odd({ kind: 'unknown-revision', detail, imported: true })
    }
    const users = database
      .users()
      .filter(name => checkImportedName(name, { student: name, detail: 'a user' }, log.odd))
    log.countUsers(await importUsers(users, { ...run, odd: log.odd }))
    const courses = database.courses()
    for (const [index, row] of courses.entries()) {
      if (!checkImportedName(row.name, { detail: `course ${row.key}` }, log.odd)) {
        tellContents(database, row, log.odd)
        continue
      }
      const files = new SourceFiles(run.dryRun || run.exchange === null ? null : run.exchange.content)
      const reader = new CourseReader({ database, folder: from.storageFolder, files, odd: log.odd })
      await log.bring(reader.read({ key: row.key, name: row.name }), { at: index + 1, of: courses.length })
    }
    tellOrphans(database, log.odd)
    await tellFilesWithoutRows(database, from.storageFolder, log.odd)
    return log.report(`the Python ngshare ${from.databasePath}`)
  } finally {
    database.close()
  }
}

/** A wrong folder would make every file a missing one. */
function checkStorage(database: Ngshare06Database, folder: string): void {
  if (!existsSync(folder)) throw new CommandFailed(`there is no folder ${folder}`)
  const names = database.someStoredNames(500)
  if (names.length > 0 && !names.some(name => existsSync(join(folder, name)))) {
    throw new CommandFailed(
      `none of the first ${names.length} files that the database names is in ${folder}: is this its --from-storage?`,
    )
  }
}

/** One course's rows as what the exchange takes in. */
class CourseReader {
  readonly #database: Ngshare06Database
  readonly #folder: string
  readonly #files: SourceFiles
  readonly #odd: (oddity: Oddity) => void

  constructor(parts: {
    database: Ngshare06Database
    folder: string
    files: SourceFiles
    odd: (oddity: Oddity) => void
  }) {
    this.#database = parts.database
    this.#folder = parts.folder
    this.#files = parts.files
    this.#odd = parts.odd
  }

  read({ key, name }: { key: number; name: string }): CourseToImport {
    const rows = this.#database
      .assignments(key)
      .filter((row): row is Ngshare06Assignment & { name: string } => this.#checkAssignment(name, row))
    const byName = Map.groupBy(rows, row => row.name)
    return {
      course: name,
      members: this.#members(name),
      assignments: [...byName].map(([assignment, those]) => this.#assignment(name, assignment, those)),
    }
  }

  #members(course: string): CourseToImport['members'] {
    const members = new Map<string, CourseToImport['members'][number]>()
    for (const row of this.#database.members(course)) {
      const { username, role, firstName, lastName, email, isUser } = row
      const person = { student: username ?? undefined, detail: `a ${role} of course ${course}` }
      if (!checkImportedName(username, person, this.#odd)) continue
      this.#checkUser(username, isUser)
      if (members.has(username)) {
        this.#odd({
          ...{ kind: 'duplicate-member', course, student: username, imported: false },
          detail: `is an instructor; the row as a student (${wordNames(row)}) was left out`,
        })
        continue
      }
      members.set(username, { username, role, firstName, lastName, email })
    }
    return [...members.values()]
  }

  #checkAssignment(course: string, row: Ngshare06Assignment): boolean {
    const submissions = () => this.#database.submissions(row.key)
    if (checkImportedName(row.name, { course, detail: `assignment ${row.key}` }, this.#odd)) {
      if (row.due !== null) {
        const detail = `the due date ${row.due} has no place here: nbgrader keeps it in the gradebook`
        this.#odd({ kind: 'due-date', course, assignment: row.name, detail, imported: false })
      }
      return true
    }
    for (const submission of submissions()) tellSubmission(submission, { course }, this.#odd)
    return false
  }

  /** Nothing kept the Python server from making an assignment twice; after that it could not read either. */
  #assignment(course: string, assignment: string, rows: readonly Ngshare06Assignment[]): AssignmentToImport {
    if (rows.length > 1) {
      this.#odd({
        ...{ kind: 'duplicate-assignment', course, assignment, imported: true },
        detail: `is there ${rows.length} times: the releases became versions of one, the last is served`,
      })
    }
    const context = { course, assignment }
    const submissions = rows
      .flatMap(row => this.#submissions(row.key, context))
      .sort((one, other) => one.key - other.key)
    return {
      assignment,
      releases: rows.map(row =>
        this.#database.releaseFiles(row.key).flatMap(file => this.#file(file, context)),
      ),
      submissions: separateMoments(submissions).map(({ row, receivedAt }): SubmissionToImport => {
        const { student, files, feedback } = row
        if (receivedAt !== row.at) {
          this.#odd({
            ...{ kind: 'duplicate-timestamp', ...context, student, imported: true },
            timestamp: formatTimestamp(row.at),
            detail: `is there more than once; this one is now of ${formatTimestamp(receivedAt)}`,
          })
        }
        return { student, receivedAt, files, feedback }
      }),
    }
  }

  #submissions(assignmentKey: number, context: { course: string; assignment: string }): ReadSubmission[] {
    const files = Map.groupBy(this.#database.submissionFiles(assignmentKey), file => file.owner)
    const feedback = Map.groupBy(this.#database.feedbackFiles(assignmentKey), file => file.owner)
    return this.#database.submissions(assignmentKey).flatMap(row => {
      const { key, student, isUser } = row
      const person = { student: student ?? undefined, detail: `who made submission ${key}` }
      if (!checkImportedName(student, person, this.#odd)) {
        tellSubmission(row, context, this.#odd)
        return []
      }
      this.#checkUser(student, isUser)
      const at = this.#moment(row, { ...context, student })
      const of = { ...context, student, timestamp: formatTimestamp(at) }
      const tree = (rows: readonly Ngshare06File[] | undefined) =>
        (rows ?? []).flatMap(file => this.#file(file, of))
      return [{ key, student, at, files: tree(files.get(key)), feedback: tree(feedback.get(key)) }]
    })
  }

  /** The Python server wrote UTC without saying so. */
  #moment(row: Ngshare06Submission, context: Partial<Oddity>): Micros {
    const at = parseTimestamp(row.timestamp ?? '')
    if (at !== null) return at
    const made = momentWithoutTimestamp(`submission ${row.key}`)
    this.#odd({
      ...{ ...context, kind: 'timestamp-unreadable', imported: true },
      timestamp: formatTimestamp(made),
      detail: `submission ${row.key} says ${JSON.stringify(row.timestamp)}; a moment in 1970 stands for it`,
    })
    return made
  }

  #checkUser(student: string, isUser: 0 | 1): void {
    if (isUser === 1) return
    this.#odd({ kind: 'unknown-user', student, detail: 'was no user there, and is one here', imported: true })
  }

  #file(row: Ngshare06File, context: Partial<Oddity>): FileToImport[] {
    const { fileKey, path, md5, storedName } = row
    if (row.found === null || path === null || storedName === null || !isPlainName(storedName)) {
      const detail = row.found === null ? 'has no row' : `its row is no good (stored as ${storedName})`
      this.#odd({
        ...{ ...context, kind: 'file-missing', path: path ?? undefined, imported: false },
        detail: `file ${fileKey} ${detail}`,
      })
      return []
    }
    const tell = (kind: 'file-missing' | 'checksum-mismatch', detail: string) =>
      this.#odd({ ...context, kind, path, detail, imported: kind === 'checksum-mismatch' })
    let told = false
    const stage = async () => {
      try {
        const blob = await this.#files.stage(join(this.#folder, storedName))
        const problem = mismatch(row, blob)
        if (problem !== null && !told) tell('checksum-mismatch', problem)
        told = true
        return blob
      } catch (error) {
        if (!(error instanceof FileNotThere)) throw error
        if (!told) tell('file-missing', `${storedName} ${error.message}`)
        told = true
        return null
      }
    }
    return [{ path, isExecutable: false, md5, stage }]
  }
}

interface ReadSubmission {
  readonly key: number
  readonly student: string
  readonly at: Micros
  readonly files: readonly FileToImport[]
  readonly feedback: readonly FileToImport[]
}

function mismatch(row: Ngshare06File, blob: { md5: string; sizeBytes: number }): string | null {
  const bytesStay = 'the bytes that are there came over'
  if (row.md5 === null) return `had no checksum, and is ${blob.md5}; ${bytesStay}`
  if (row.md5.toLowerCase() !== blob.md5) {
    return `should be ${row.md5} (MD5), and is ${blob.md5}; ${bytesStay}`
  }
  if (row.sizeBytes !== null && row.sizeBytes !== blob.sizeBytes) {
    return `should have ${row.sizeBytes} bytes, and has ${blob.sizeBytes}; ${bytesStay}`
  }
  return null
}

/** The Python server keeps its files side by side in one folder. */
function isPlainName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name)
}

function wordNames({ firstName, lastName, email }: Ngshare06Member): string {
  return [firstName, lastName, email].map(text => JSON.stringify(text)).join(' ')
}

function tellSubmission(
  row: Ngshare06Submission,
  context: Partial<Oddity>,
  odd: (oddity: Oddity) => void,
): void {
  odd({
    ...{ ...context, kind: 'orphan-row', student: row.student ?? undefined, imported: false },
    timestamp: row.timestamp ?? undefined,
    detail: `submission ${row.key} belongs to nothing that could come over`,
  })
}

/** What is in a course that cannot come over itself. */
function tellContents(
  database: Ngshare06Database,
  { key }: Ngshare06Course,
  odd: (oddity: Oddity) => void,
): void {
  for (const assignment of database.assignments(key)) {
    const name = assignment.name ?? undefined
    const detail = `assignment ${assignment.key} is of course ${key}, which has no name`
    odd({ kind: 'orphan-row', assignment: name, detail, imported: false })
    for (const row of database.submissions(assignment.key)) tellSubmission(row, { assignment: name }, odd)
  }
}

function tellOrphans(database: Ngshare06Database, odd: (oddity: Oddity) => void): void {
  const orphan = (context: Partial<Oddity>, detail: string) =>
    odd({ ...context, kind: 'orphan-row', detail, imported: false })
  for (const row of database.orphanMembers()) {
    const context = { course: row.course ?? undefined, student: row.username ?? undefined }
    orphan(context, `is there as ${row.role} (${wordNames(row)}) of a course that is not there`)
  }
  for (const { key, name } of database.orphanAssignments()) {
    orphan({ assignment: name ?? undefined }, `assignment ${key} is of a course that is not there`)
  }
  for (const row of database.orphanSubmissions()) {
    tellSubmission(row, { assignment: row.assignment ?? undefined }, odd)
  }
  for (const { table, owner, fileKey } of database.orphanLinks()) {
    orphan({}, `${table} gives file ${fileKey} to ${owner}, which is not there`)
  }
  for (const { key, path, storedName } of database.orphanFiles()) {
    orphan({ path: path ?? undefined }, `file ${key}, stored as ${storedName}, is of nothing`)
  }
}

/** The Python server never deleted a file: of replaced feedback, of deleted assignments. */
async function tellFilesWithoutRows(
  database: Ngshare06Database,
  folder: string,
  odd: (oddity: Oddity) => void,
): Promise<void> {
  for await (const entry of await opendir(folder)) {
    if (entry.isDirectory() && ourFolders.has(entry.name)) continue
    if (database.hasStoredName(entry.name)) continue
    const detail = 'is in the storage folder, and no row names it: of something deleted or replaced there'
    odd({ kind: 'file-without-row', path: entry.name, detail, imported: false })
  }
}
