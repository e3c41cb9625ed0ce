/** Rosters as CSV files: student_id, first_name, last_name, email and role, as nbgrader's tools know them. */
import { CsvError, type Options, parse } from 'csv-parse/sync'
import { stringify } from 'csv-stringify/sync'
import type { Member } from '../client/operations.ts'
import { CommandFailed } from '../terminal/failure.ts'
import { printable } from '../terminal/table.ts'
import { counted } from '../terminal/words.ts'

export type Role = Member['role']

/** One person of a file. What the file does not say is left out; empty fields are empty texts. */
export interface RosterEntry {
  readonly user: string
  readonly role?: Role
  readonly firstName?: string
  readonly lastName?: string
  readonly email?: string
}

export interface RosterFile {
  readonly entries: readonly RosterEntry[]
  /** What whoever wrote the file may want to know. */
  readonly notes: readonly string[]
}

/** As they are written. */
const columns = ['student_id', 'first_name', 'last_name', 'email', 'role'] as const
type Column = (typeof columns)[number]

/** `id` is what nbgrader's own files of students say. */
const otherNames: Readonly<Record<string, Column>> = { id: 'student_id' }
/** A column of nbgrader's that ngshare has no place for. */
const ignoredColumns = ['lms_user_id']

const known = `known are ${columns.join(', ')}`
const mostMistakes = 20

/** What `import` reads. */
export function writeRoster(members: readonly Member[]): string {
  return stringify([[...columns], ...members.map(member => [...detailsOf(member), member.role])])
}

/** What `nbgrader db student import` reads. */
export function writeForNbgrader(members: readonly Member[]): string {
  const students = members.filter(({ role }) => role === 'student')
  return stringify([['id', 'first_name', 'last_name', 'email'], ...students.map(detailsOf)])
}

function detailsOf({ user, firstName, lastName, email }: Member): (string | null)[] {
  return [user, firstName, lastName, email]
}

/**
 * Reads a file as spreadsheets write it: with commas, semicolons or tabs, in UTF-8 or UTF-16; `encoding` names another.
 * @throws CommandFailed with everything that is wrong, a line each
 */
export function readRoster(
  bytes: Uint8Array,
  { encoding, ignoreUnknown }: { encoding?: string | undefined; ignoreUnknown: boolean },
): RosterFile {
  const text = decode(bytes, encoding)
  const delimiter = delimiterOf(text)
  const [header, ...rows] = records(text, delimiter)
  if (header === undefined) throw new CommandFailed('the file is empty')
  const mistakes: string[] = []
  const names = header.fields.map(columnName)
  while (names.at(-1) === '') names.pop()
  const unknown = names.filter(name => !isColumn(name) && !ignoredColumns.includes(name))
  const twice = columns.filter(column => names.filter(name => name === column).length > 1)
  const at = (line: number, mistake: string) => mistakes.push(`line ${line}: ${mistake}`)
  if (!names.includes('student_id')) {
    at(header.line, `the first line must name the columns, student_id among them (${known})`)
  } else if (unknown.length > 0 && !ignoreUnknown) {
    const listed = unknown.map(name => `'${printable(name)}'`).join(', ')
    at(header.line, `unknown columns: ${listed} (${known}); --ignore-unknown leaves them out`)
  }
  if (twice.length > 0) at(header.line, `${twice.join(', ')}: there are several columns of this name`)
  if (mistakes.length > 0) throw new CommandFailed(mistakes.join('\n'))

  const lineOf = new Map<string, number>()
  const entries: RosterEntry[] = []
  for (const { fields, line } of rows) {
    while (fields.length > names.length && fields.at(-1) === '') fields.pop()
    if (fields.every(field => field === '')) continue
    if (fields.length !== names.length) {
      const why = fields.length > names.length ? '; a field with a separator in it needs quotes' : ''
      at(line, `${counted(fields.length, 'field')}, but the first line has ${names.length}${why}`)
      continue
    }
    const cells = Object.fromEntries(names.map((name, i) => [name, fields[i] ?? '']))
    const entry = readEntry(cells, mistake => at(line, mistake))
    if (entry === null) continue
    const first = lineOf.get(entry.user)
    if (first !== undefined) at(line, `'${printable(entry.user)}' stands in line ${first} already`)
    lineOf.set(entry.user, line)
    entries.push(entry)
  }
  if (mistakes.length > mostMistakes) {
    mistakes.splice(
      mostMistakes,
      Number.POSITIVE_INFINITY,
      `… and ${mistakes.length - mostMistakes} more mistakes`,
    )
  }
  if (mistakes.length > 0) throw new CommandFailed(mistakes.join('\n'))
  return { entries, notes: notesOn(names, unknown, delimiter) }
}

type Cells = Readonly<Partial<Record<Column, string>>>

function readEntry(cells: Cells, mistake: (text: string) => void): RosterEntry | null {
  const { student_id: user = '', role = '', first_name: firstName, last_name: lastName, email } = cells
  if (user === '') {
    mistake('student_id is empty')
    return null
  }
  const lower = role.toLowerCase()
  if (lower !== '' && lower !== 'student' && lower !== 'instructor') {
    mistake(`the role '${printable(role)}' is neither student nor instructor`)
    return null
  }
  return {
    user,
    ...(lower === '' ? {} : { role: lower }),
    ...(firstName === undefined ? {} : { firstName }),
    ...(lastName === undefined ? {} : { lastName }),
    ...(email === undefined ? {} : { email }),
  }
}

function isColumn(name: string): name is Column {
  return columns.some(column => column === name)
}

/** `First Name` is `first_name`. */
function columnName(text: string): string {
  const name = text.toLowerCase().replace(/[\s-]+/g, '_')
  return otherNames[name] ?? name
}

function notesOn(names: readonly string[], unknown: readonly string[], delimiter: string): string[] {
  const separators: Readonly<Record<string, string>> = { ';': 'semicolons', '\t': 'tabs' }
  const separator = separators[delimiter]
  const leftOut = [...unknown, ...names.filter(name => ignoredColumns.includes(name))]
  return [
    ...(separator === undefined ? [] : [`the fields are separated by ${separator}`]),
    ...(leftOut.length === 0 ? [] : [`left out: ${leftOut.map(printable).join(', ')}`]),
  ]
}

/** The one with which the first line names most columns that we know. */
function delimiterOf(text: string): string {
  const [first = ''] = text.trimStart().split(/\r\n|\r|\n/, 1)
  const count = (delimiter: string) =>
    first.split(delimiter).filter(name => isColumn(columnName(name.replaceAll('"', '').trim()))).length
  return [',', ';', '\t'].reduce((best, delimiter) => (count(delimiter) > count(best) ? delimiter : best))
}

interface Row {
  readonly fields: string[]
  /** Where it ends, counted from 1. */
  readonly line: number
}

/** @throws CommandFailed */
function records(text: string, delimiter: string): Row[] {
  const options = {
    delimiter,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    trim: true,
  } satisfies Options
  try {
    const read = parse(text, options) as unknown as { record: string[]; info: { lines: number } }[]
    return read.map(({ record, info }) => ({ fields: record, line: info.lines }))
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    const line = Number((error as { lines?: unknown }).lines)
    throw new CommandFailed(`line ${line}: ${csvMistakes[error.code] ?? error.message}`, { cause: error })
  }
}

const csvMistakes: Readonly<Partial<Record<string, string>>> = {
  CSV_QUOTE_NOT_CLOSED: 'a quote (") is opened here or before, and never closed',
  INVALID_OPENING_QUOTE: 'a quote (") in the middle of a field: write it twice, and quotes around the field',
  CSV_INVALID_CLOSING_QUOTE: 'text behind a quote ("): write quotes within a field twice',
}

/** @throws CommandFailed where it is not text in that encoding */
function decode(bytes: Uint8Array, encoding: string | undefined): string {
  const [first = 0, second = 0] = bytes
  const mark = first * 256 + second
  const label = encoding ?? (mark === 0xff_fe ? 'utf-16le' : mark === 0xfe_ff ? 'utf-16be' : 'utf-8')
  let decoder: TextDecoder
  try {
    decoder = new TextDecoder(label, { fatal: true })
  } catch {
    throw new CommandFailed(
      `the encoding '${label}' is not known; windows-1252 and utf-16le, for instance, are`,
    )
  }
  try {
    return decoder.decode(bytes)
  } catch (error) {
    const where = encoding === undefined ? ` (line ${firstWrongLine(bytes, label)})` : ''
    const advice =
      'save it as "CSV UTF-8", or name its encoding: --encoding windows-1252 is what older spreadsheets write'
    throw new CommandFailed(`the file is not in ${label}${where}: ${advice}`, { cause: error })
  }
}

/** Counted from 1. */
function firstWrongLine(bytes: Uint8Array, label: string): number {
  const text = new TextDecoder(label).decode(bytes)
  return text.slice(0, text.indexOf('\ufffd')).split('\n').length
}
