// The honest lower bound: what a server on Node cannot leave out (buffer, decode, hash, fsync), and nothing else.
// No login, no database, no streaming; the index is in memory, the files are on disk.
//
//   node bench/peers/bare-server.ts --port 8082 --storage DIR

import { createHash, randomUUID } from 'node:crypto'
import { open, readFile, rename } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

type StoredFile = { path: string; md5: string; sha256: string; storedAs: string }
type Submission = { student: string; timestamp: string; files: StoredFile[] }
type Assignment = { files: StoredFile[]; submissions: Submission[]; latest: Map<string, Submission> }
type Handler = (ids: string[], user: string, form: URLSearchParams) => unknown

const { values: options } = parseArgs({
  options: { port: { type: 'string' }, storage: { type: 'string', default: '.' } },
})
const courses = new Map<string, { members: Set<string>; assignments: Map<string, Assignment> }>()

const handlers: Record<string, Handler> = {
  'GET courses': (_ids, user) => ({
    courses: [...courses].flatMap(([id, course]) => (course.members.has(user) ? [id] : [])),
  }),
  'POST course': ([course = ''], _user, form) => {
    courses.set(course, { members: new Set(JSON.parse(text(form, 'instructors'))), assignments: new Map() })
  },
  'POST students': ([course = ''], _user, form) => {
    const members = courses.get(course)?.members
    for (const { username } of JSON.parse(text(form, 'students'))) members?.add(username)
  },
  'POST assignment': async ([course = '', assignment = ''], _user, form) => {
    const files = await storeFiles(text(form, 'files'))
    courses.get(course)?.assignments.set(assignment, { files, submissions: [], latest: new Map() })
  },
  'GET assignment': async ids => ({ files: await readFiles(findAssignment(ids).files) }),
  'POST submission': async (ids, student, form) => {
    const assignment = findAssignment(ids)
    const submission = { student, timestamp: nextTimestamp(), files: await storeFiles(text(form, 'files')) }
    assignment.submissions.push(submission)
    assignment.latest.set(student, submission)
    return { timestamp: submission.timestamp }
  },
  'GET submissions': ids => ({
    submissions: findAssignment(ids).submissions.map(({ student, timestamp }) => ({
      student_id: student,
      timestamp,
    })),
  }),
  'GET submission': async ids => {
    const submission = findAssignment(ids).latest.get(ids[2] ?? '')
    return { files: await readFiles(submission?.files ?? []), timestamp: submission?.timestamp }
  },
}

const server = createServer(async (request, response) => {
  try {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    const [, , resource, ...ids] = pathname.split('/')
    const form = new URLSearchParams(request.method === 'POST' ? await readBody(request) : '')
    const handle = handlers[`${request.method} ${resource}`]
    const fields = handle ? await handle(ids, searchParams.get('user') ?? '', form) : {}
    const body = JSON.stringify({ success: true, ...(fields ?? {}) })
    response.writeHead(200, {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body),
    })
    response.end(body)
  } catch (error) {
    response.writeHead(500, { 'Content-Type': 'application/json' })
    response.end(JSON.stringify({ success: false, message: String(error) }))
  }
})
server.listen(Number(options.port), '127.0.0.1')

function findAssignment([course = '', assignment = '']: string[]): Assignment {
  const found = courses.get(course)?.assignments.get(assignment)
  if (!found) throw new Error(`no assignment ${assignment} in ${course}`)
  return found
}

function text(form: URLSearchParams, field: string): string {
  return form.get(field) ?? ''
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part)
  return Buffer.concat(parts).toString('latin1')
}

async function storeFiles(text: string): Promise<StoredFile[]> {
  const files: { path: string; content: string }[] = JSON.parse(text)
  return Promise.all(
    files.map(async ({ path, content }) => {
      const bytes = Buffer.from(content, 'base64')
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      const md5 = createHash('md5').update(bytes).digest('hex')
      return { path, md5, sha256, storedAs: await storeBytes(bytes) }
    }),
  )
}

async function storeBytes(bytes: Buffer): Promise<string> {
  const name = join(options.storage, randomUUID())
  const file = await open(`${name}.part`, 'wx')
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${name}.part`, name)
  return name
}

function readFiles(files: StoredFile[]) {
  return Promise.all(
    files.map(async ({ path, md5, storedAs }) => {
      const bytes = await readFile(storedAs)
      return { path, checksum: md5, content: bytes.toString('base64').replace(/.{1,76}/g, '$&\n') }
    }),
  )
}

let microseconds = 0
/** The text of the contract; the clock's milliseconds, and a counter where it has no more digits. */
function nextTimestamp(): string {
  microseconds = (microseconds + 1) % 1000
  const text = new Date().toISOString().replace('T', ' ').replace('Z', '')
  return text + String(microseconds).padStart(3, '0')
}
