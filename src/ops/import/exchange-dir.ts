/** nbgrader's own exchange directory: COURSE/outbound, COURSE/inbound, COURSE/feedback. */
import { hash } from 'node:crypto'
import type { Dirent } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode } from '../../domain/errors.ts'
import { formatTimestamp, type Micros } from '../../domain/timestamp.ts'
import { checkImportedName } from '../../exchange/imported.ts'
import type { AssignmentToImport, CourseToImport, Oddity } from '../../exchange/imported-facts.ts'
import type { FileToImport } from '../../exchange/imported-trees.ts'
import { CommandFailed } from '../../terminal/failure.ts'
import { momentWithoutTimestamp, separateMoments } from './moments.ts'
import { parseNbgraderTime } from './nbgrader-time.ts'
import { ImportLog, type ImportReport, type ImportRun } from './report.ts'
import { FileNotThere, readPlainFile, SourceFiles } from './source-files.ts'

const parts = ['outbound', 'inbound', 'feedback'] as const
/** What `nbgrader submit` adds to a student's files; clients of ours write their own when they collect. */
const timestampFile = 'timestamp.txt'
const secretFile = 'submission_secret.txt'

/**
 * Brings over what is not here yet, a course in a transaction; the directory is only read. Safe to repeat. `courses`
 * empty: all. @throws CommandFailed: no such directory or course; Trouble: what came over before stays
 */
export async function importExchangeDir(
  from: { readonly folder: string; readonly courses: readonly string[] },
  run: ImportRun,
): Promise<ImportReport> {
  const log = new ImportLog(run)
  const found = await findCourses(from.folder, log.odd)
  const missing = from.courses.filter(course => !found.includes(course))
  if (missing.length > 0) throw new CommandFailed(`${from.folder} has no course ${missing.join(', ')}`)
  const courses = from.courses.length === 0 ? found : found.filter(course => from.courses.includes(course))
  if (courses.length === 0) {
    throw new CommandFailed(
      `${from.folder} is no exchange directory: no folder in it has outbound, inbound or feedback`,
    )
  }
  for (const [index, course] of courses.entries()) {
    if (!checkImportedName(course, { course, detail: 'a course' }, log.odd)) continue
    const files = new SourceFiles(run.dryRun || run.exchange === null ? null : run.exchange.content)
    const reader = new CourseReader({ course, folder: join(from.folder, course), files, odd: log.odd })
    await log.bring(await reader.read(), { at: index + 1, of: courses.length })
  }
  return log.report(`the exchange directory ${from.folder}`)
}

async function findCourses(folder: string, odd: (oddity: Oddity) => void): Promise<string[]> {
  const courses: string[] = []
  for (const entry of await entriesOf(folder).catch(error => {
    throw new CommandFailed(`cannot read ${folder}: ${(error as Error).message}`)
  })) {
    const inside = entry.isDirectory() ? await readdir(join(folder, entry.name)).catch(() => []) : []
    if (parts.some(part => inside.includes(part))) courses.push(entry.name)
    else odd({ kind: 'skipped-file', path: entry.name, detail: 'is no course', imported: false })
  }
  return courses
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  return entries.sort((one, other) => (one.name < other.name ? -1 : 1))
}

interface FoundSubmission {
  readonly student: string
  readonly assignment: string
  readonly at: Micros
  /** The folder's name. */
  readonly name: string
  readonly files: readonly FileToImport[]
  readonly feedback: readonly FileToImport[]
}

class CourseReader {
  readonly #course: string
  readonly #folder: string
  readonly #files: SourceFiles
  readonly #odd: (oddity: Oddity) => void

  constructor(parts: {
    course: string
    folder: string
    files: SourceFiles
    odd: (oddity: Oddity) => void
  }) {
    this.#course = parts.course
    this.#folder = parts.folder
    this.#files = parts.files
    this.#odd = parts.odd
  }

  async read(): Promise<CourseToImport> {
    const releases = await this.#releases()
    const submissions = await this.#submissions(releases)
    const students = new Set(submissions.map(submission => submission.student))
    const names = new Set([...releases.keys(), ...submissions.map(submission => submission.assignment)])
    this.#odd({
      ...{ kind: 'no-instructor', course: this.#course, imported: false },
      detail: 'an exchange directory does not say who teaches: until an admin adds them, only admins do',
    })
    return {
      course: this.#course,
      members: [...students].map(username => ({
        ...{ username, role: 'student' },
        ...{ firstName: null, lastName: null, email: null },
      })),
      assignments: [...names].map(assignment =>
        this.#assignment(
          assignment,
          releases.get(assignment),
          submissions.filter(submission => submission.assignment === assignment),
        ),
      ),
    }
  }

  #assignment(
    assignment: string,
    release: readonly FileToImport[] | undefined,
    found: readonly FoundSubmission[],
  ): AssignmentToImport {
    const context = { course: this.#course, assignment }
    if (release === undefined) {
      const detail = 'has submissions and is not released (any more): it came over without files'
      this.#odd({ ...context, kind: 'file-missing', detail, imported: true })
    }
    return {
      assignment,
      releases: release === undefined ? [] : [release],
      submissions: separateMoments(found).map(({ row, receivedAt }) => {
        if (receivedAt !== row.at) {
          this.#odd({
            ...{ ...context, kind: 'duplicate-timestamp', student: row.student, imported: true },
            timestamp: formatTimestamp(row.at),
            detail: `is there more than once; ${row.name} is now of ${formatTimestamp(receivedAt)}`,
          })
        }
        return { student: row.student, receivedAt, files: row.files, feedback: row.feedback }
      }),
    }
  }

  /** In the order of release, as far as the folders tell. */
  async #releases(): Promise<Map<string, readonly FileToImport[]>> {
    const found: { assignment: string; releasedAt: number; files: readonly FileToImport[] }[] = []
    for (const entry of await this.#entries('outbound')) {
      const assignment = entry.name
      const folder = join(this.#folder, 'outbound', assignment)
      if (!entry.isDirectory()) {
        this.#skipped({ path: join('outbound', assignment) }, 'is no folder')
        continue
      }
      if (
        !checkImportedName(
          assignment,
          { course: this.#course, assignment, detail: 'an assignment' },
          this.#odd,
        )
      )
        continue
      const { mtimeMs } = await lstat(folder)
      const files = await this.#tree(folder, { course: this.#course, assignment })
      found.push({ assignment, releasedAt: mtimeMs, files })
    }
    found.sort((one, other) => one.releasedAt - other.releasedAt)
    return new Map(found.map(({ assignment, files }) => [assignment, files]))
  }

  async #submissions(releases: ReadonlyMap<string, readonly FileToImport[]>): Promise<FoundSubmission[]> {
    const feedback = new Set((await this.#entries('feedback')).map(entry => entry.name))
    const unclaimed = new Set(feedback)
    const found: FoundSubmission[] = []
    for (const entry of await this.#entries('inbound')) {
      const parsed = parseSubmissionName(entry.name)
      if (!entry.isDirectory() || parsed === null) {
        this.#skipped({ path: join('inbound', entry.name) }, 'is no submission: STUDENT+ASSIGNMENT+TIMESTAMP')
        continue
      }
      const folder = join(this.#folder, 'inbound', entry.name)
      const { student, assignment } = parsed
      const context = { course: this.#course, assignment, student }
      const at = await this.#moment({ ...parsed, folder, name: entry.name }, context)
      const of = { ...context, timestamp: formatTimestamp(at) }
      const all = await this.#tree(folder, of)
      const own = all.filter(file => file.path !== timestampFile && file.path !== secretFile)
      const known = { ...parsed, folder, files: own, release: releases.get(assignment) ?? [] }
      const given = await this.#feedback(known, { ...of, feedback, unclaimed })
      found.push({ student, assignment, at, name: entry.name, files: own, feedback: given })
    }
    for (const path of unclaimed) {
      this.#odd({
        ...{ kind: 'feedback-of-nobody', course: this.#course, path: join('feedback', path) },
        detail: 'is feedback for none of the submissions that are there',
        imported: false,
      })
    }
    return found
  }

  /** The name tells, as for nbgrader; the file in it should say the same. */
  async #moment(
    of: { timestamp: string; folder: string; name: string },
    context: Partial<Oddity>,
  ): Promise<Micros> {
    const written = (await textOf(join(of.folder, timestampFile)))?.trim() ?? null
    const named = parseNbgraderTime(of.timestamp)
    const time = named ?? parseNbgraderTime(written ?? '')
    const at = time?.at ?? momentWithoutTimestamp(of.name)
    const tell = (kind: 'timestamp-unreadable' | 'timestamp-zone' | 'timestamp-differs', detail: string) =>
      this.#odd({ ...context, kind, timestamp: formatTimestamp(at), detail, imported: true })
    if (time === null) {
      tell(
        'timestamp-unreadable',
        `neither ${of.name} nor ${timestampFile} has one; a moment in 1970 stands for it`,
      )
    } else if (time.unknownZone !== null) {
      tell(
        'timestamp-zone',
        `${time.unknownZone} is no zone that nbgrader knows; it was taken for UTC, as there`,
      )
    }
    if (written === null || parseNbgraderTime(written)?.at !== at) {
      const says = written === null ? `has no ${timestampFile}` : `${timestampFile} says ${written}`
      if (time !== null) tell('timestamp-differs', `${of.name} ${says}`)
    }
    return at
  }

  /**
   * Feedback lies under a digest that leads back to nobody, so it is looked up the way `nbgrader fetch_feedback` does:
   * MD5 of secret and notebook; without a secret, of the notebook's bytes and the key `course+assignment+notebook+
   * student+timestamp`, or of its bytes alone. Also for notebooks that were released and not handed in.
   */
  async #feedback(
    of: {
      readonly student: string
      readonly assignment: string
      readonly timestamp: string
      readonly folder: string
      readonly files: readonly FileToImport[]
      readonly release: readonly FileToImport[]
    },
    context: Partial<Oddity> & { feedback: ReadonlySet<string>; unclaimed: Set<string> },
  ): Promise<FileToImport[]> {
    const { feedback, unclaimed, ...where } = context
    if (feedback.size === 0) return []
    const secret = await textOf(join(of.folder, secretFile))
    const notebooks = new Set(
      [...of.files, ...of.release].flatMap(({ path }) => /^([^/]+)\.ipynb$/.exec(path)?.[1] ?? []),
    )
    const found: FileToImport[] = []
    for (const notebook of notebooks) {
      const names = secret
        ? [md5(secret, notebook)]
        : await legacyNames(join(of.folder, `${notebook}.ipynb`), [
            this.#course,
            of.assignment,
            notebook,
            of.student,
            of.timestamp,
          ])
      const name = names.map(digest => `${digest}.html`).find(candidate => feedback.has(candidate))
      if (name === undefined) continue
      unclaimed.delete(name)
      found.push(this.#file({ path: `${notebook}.html`, at: join(this.#folder, 'feedback', name) }, where))
    }
    return found
  }

  /** All regular files below, by name; links and the like are told and left out. */
  async #tree(folder: string, context: Partial<Oddity>): Promise<FileToImport[]> {
    const files: FileToImport[] = []
    const walk = async (at: Buffer, prefix: string): Promise<void> => {
      let names: { name: Buffer; entry: Dirent<Buffer> }[]
      try {
        const entries = await readdir(at, { withFileTypes: true, encoding: 'buffer' })
        names = entries.map(entry => ({ name: entry.name, entry }))
      } catch (error) {
        this.#skipped({ ...context, path: prefix }, `cannot be read (${errorCode(error)})`)
        return
      }
      names.sort((one, other) => Buffer.compare(one.name, other.name))
      for (const { name, entry } of names) {
        const path = prefix + name.toString()
        const full = Buffer.concat([at, Buffer.from('/'), name])
        if (entry.isDirectory()) await walk(full, `${path}/`)
        else if (entry.isFile()) files.push(this.#file({ path, at: full }, context))
        else this.#skipped({ ...context, path }, 'is a link or a device, and was left out')
      }
    }
    await walk(Buffer.from(folder), '')
    return files
  }

  #file(of: { path: string; at: string | Buffer }, context: Partial<Oddity>): FileToImport {
    let told = false
    const stage = async () => {
      try {
        return await this.#files.stage(of.at)
      } catch (error) {
        if (!(error instanceof FileNotThere)) throw error
        const detail = `${of.at} ${error.message}`
        if (!told) this.#odd({ ...context, kind: 'file-missing', path: of.path, detail, imported: false })
        told = true
        return null
      }
    }
    return { path: of.path, isExecutable: false, md5: null, stage }
  }

  async #entries(part: (typeof parts)[number]): Promise<Dirent[]> {
    try {
      return await entriesOf(join(this.#folder, part))
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') {
        this.#skipped({ path: part }, `cannot be read (${errorCode(error)}): run this as its owner`)
      }
      return []
    }
  }

  #skipped(context: Partial<Oddity>, detail: string): void {
    this.#odd({ course: this.#course, ...context, kind: 'skipped-file', detail, imported: false })
  }
}

/**
 * `STUDENT+ASSIGNMENT+TIMESTAMP` with or without `+RANDOM`. Assignments have no `+`; students may, so the timestamp is
 * looked for; where there is none, the name is read as `nbgrader list` does.
 */
function parseSubmissionName(
  name: string,
): { student: string; assignment: string; timestamp: string } | null {
  const [, student, assignment, timestamp] =
    /^(.+)\+([^+]+)\+(\d{4}-\d{1,2}-\d{1,2}[ T][^+]*(?:\+\d{2}:?\d{2})?)(?:\+[^+]*)?$/.exec(name) ??
    /^([^+]+)\+([^+]+)\+([^+]*)(?:\+.*)?$/.exec(name) ??
    []
  if (student === undefined || assignment === undefined || timestamp === undefined) return null
  return { student, assignment, timestamp }
}

async function legacyNames(notebook: string, key: readonly string[]): Promise<string[]> {
  const bytes = await readPlainFile(notebook)
  return bytes === null ? [] : [md5(bytes, key.join('+')), md5(bytes)]
}

function md5(...pieces: readonly (string | Buffer)[]): string {
  return hash('md5', Buffer.concat(pieces.map(piece => Buffer.from(piece))), 'hex')
}

async function textOf(path: string): Promise<string | null> {
  return (await readPlainFile(path))?.toString() ?? null
}
