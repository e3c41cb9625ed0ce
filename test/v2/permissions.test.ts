/** Who may do what in the second API, by every kind of caller. */
import { describe, expect, it } from 'vitest'
import { registeredRoutes } from '../docs/routes.ts'
import { aHubForTheFile } from '../support/fake-hub.ts'
import { aHubServiceForTheFile } from '../support/hub-service.ts'
import { file } from '../support/trees.ts'
import { sha256 } from './people.ts'

/**
 * Names in paths: C the course, A its assignment, S the student's submission, N that of another student, X a file that
 * everyone may send. What is not there is `nothing`. The roles: no token, an unknown token, a token that another service
 * got for the student, someone outside of the course, the student, an instructor, an admin.
 */
const table = `
  operation                                       | nobody bad foreign | outsider student instructor admin
  GET                                             | 401    401 403     | 200      200     200        200
  GET receipt-keys                                | 401    401 403     | 200      200     200        200
  GET courses                                     | 401    401 403     | 200      200     200        200
  POST courses                                    | 401    401 403     | 403      403     403        201
  GET courses/C                                   | 401    401 403     | 403      200     200        200
  GET courses/nothing                             | 401    401 403     | 404      404     404        404
  DELETE courses/C                                | 401    401 403     | 403      403     403        204
  GET courses/C/members                           | 401    401 403     | 403      200     200        200
  POST courses/C/members                          | 401    401 403     | 403      403     200        200
  GET courses/C/members/carl                      | 401    401 403     | 403      404     200        200
  PUT courses/C/members/carl                      | 401    401 403     | 403      403     200        200
  DELETE courses/C/members/carl                   | 401    401 403     | 403      403     204        204
  DELETE courses/C/members/ann                    | 401    401 403     | 403      403     403        204
  GET assignments                                 | 401    401 403     | 200      200     200        200
  GET courses/C/assignments/A                     | 401    401 403     | 403      200     200        200
  GET courses/C/assignments/nothing               | 401    401 403     | 403      404     404        404
  DELETE courses/C/assignments/A                  | 401    401 403     | 403      403     204        204
  GET courses/C/assignments/A/releases            | 401    401 403     | 403      200     200        200
  POST courses/C/assignments/A/releases           | 401    401 403     | 403      403     409        409
  POST courses/C/assignments/new/releases         | 401    401 403     | 403      403     201        201
  GET courses/C/assignments/A/releases/1          | 401    401 403     | 403      200     200        200
  GET courses/C/assignments/A/releases/1/manifest | 401    401 403     | 403      200     200        200
  GET courses/C/assignments/A/releases/1/files    | 401    401 403     | 403      200     200        200
  GET courses/C/assignments/A/releases/1/archive  | 401    401 403     | 403      200     200        200
  POST courses/C/assignments/A/submissions        | 401    401 403     | 403      201     201        201
  POST courses/C/uploads/missing                  | 401    401 403     | 403      200     200        200
  PUT courses/C/uploads/X                         | 401    401 403     | 403      204     204        204
  GET submissions                                 | 401    401 403     | 200      200     200        200
  GET submissions/S                               | 401    401 403     | 404      200     200        200
  GET submissions/S/receipt                       | 401    401 403     | 404      200     200        200
  GET submissions/S/manifest                      | 401    401 403     | 404      200     200        200
  GET submissions/S/files                         | 401    401 403     | 404      200     200        200
  GET submissions/S/archive                       | 401    401 403     | 404      200     200        200
  GET submissions/S/feedback/manifest             | 401    401 403     | 404      200     200        200
  GET submissions/S/feedback/files                | 401    401 403     | 404      200     200        200
  GET submissions/S/feedback/archive              | 401    401 403     | 404      200     200        200
  PUT submissions/S/feedback                      | 401    401 403     | 404      403     200        200
  GET submissions/N                               | 401    401 403     | 404      404     200        200
  GET submissions/N/receipt                       | 401    401 403     | 404      404     200        200
  GET submissions/N/manifest                      | 401    401 403     | 404      404     200        200
  GET submissions/N/files                         | 401    401 403     | 404      404     200        200
  GET submissions/N/archive                       | 401    401 403     | 404      404     200        200
  GET submissions/N/feedback/manifest             | 401    401 403     | 404      404     200        200
  GET submissions/N/feedback/files                | 401    401 403     | 404      404     200        200
  GET submissions/N/feedback/archive              | 401    401 403     | 404      404     200        200
  PUT submissions/N/feedback                      | 401    401 403     | 404      404     200        200
  GET events                                      | 401    401 403     | 200      200     200        200
`

/** For everyone: they tell nothing about anyone. */
const open = ['GET openapi.json', 'GET docs', 'GET problems']

const [head = '', ...lines] = table.trim().split('\n')
const roles = head.split('|').slice(1).join(' ').trim().split(/\s+/)
const rows = lines.map(line => {
  const [operation = '', ...cells] = line.split('|').map(cell => cell.trim())
  const [method = '', path = ''] = operation.split(' ')
  return { method, path, expected: cells.join(' ').split(/\s+/).map(Number) }
})

const hub = await aHubForTheFile()
const service = await aHubServiceForTheFile({ hub })
const files = [file('ps1.ipynb', 'x')]
const tokens = new Map([
  ['bad', 'unknown-token'],
  ['foreign', hub.foreignToken('bob')],
  ['outsider', hub.notebookToken('olga')],
  ['student', hub.notebookToken('bob')],
  ['instructor', hub.notebookToken('ann')],
  ['admin', hub.notebookToken('root')],
])
let courses = 0

/** A course of its own: bob and carl have submitted, and have feedback. */
async function aWorld(): Promise<Record<string, string>> {
  const course = `course-${++courses}`
  const assignments = { ps1: files }
  await service.aCourse(course, { instructors: ['ann'], students: ['bob', 'carl'], assignments })
  const ids: string[] = []
  for (const student of ['bob', 'carl']) {
    const answer = await service.as(student).post(`submission/${course}/ps1`, { files })
    await service
      .as('ann')
      .post(`feedback/${course}/ps1/${student}`, { timestamp: answer.json.timestamp, files })
    ids.push(String(answer.json.receipt))
  }
  const [S = '', N = ''] = ids
  return { C: course, A: 'ps1', S, N, X: sha256('x') }
}

async function statusFor(role: string, method: string, path: string): Promise<number> {
  const world = await aWorld()
  const named = path
    .split('/')
    .map(part => world[part] ?? part)
    .join('/')
  const query = path.endsWith('/files') ? '?path=ps1.ipynb' : ''
  const token = tokens.get(role)
  const answer = await fetch(`http://127.0.0.1:${service.port}${service.prefix}v2/${named}${query}`, {
    method,
    headers: { ...(token && { authorization: `token ${token}` }), ...typeOf(method, path) },
    ...(method === 'POST' || method === 'PUT' ? { body: bodyOf(path) } : {}),
  })
  await answer.arrayBuffer()
  return answer.status
}

function typeOf(method: string, path: string): Record<string, string> {
  if (method !== 'POST' && method !== 'PUT') return {}
  return { 'content-type': path.includes('uploads/X') ? 'application/octet-stream' : 'application/json' }
}

function bodyOf(path: string): string {
  if (path.endsWith('/X')) return 'x'
  if (path.endsWith('/missing')) return JSON.stringify({ assignment: 'ps1', files: [] })
  if (path === 'courses') return JSON.stringify({ course: `new-${++courses}` })
  if (path.endsWith('/members')) return JSON.stringify({ members: [{ user: 'new', role: 'student' }] })
  if (path.includes('/members/')) return JSON.stringify({ role: 'student' })
  return JSON.stringify({ files: [] })
}

describe.each(rows)('$method v2/$path', ({ method, path, expected }) => {
  it('is answered for each as the table says', async () => {
    const statuses: number[] = []
    for (const role of roles) statuses.push(await statusFor(role, method, path))
    expect(Object.fromEntries(roles.map((role, i) => [role, statuses[i]]))).toEqual(
      Object.fromEntries(roles.map((role, i) => [role, expected[i]])),
    )
  })
})

describe('the table', () => {
  it('has every operation of the second API', async () => {
    const names = /\b(C|A|S|N|X|1|carl|ann|new|nothing)\b(?=\/|$)/g
    const known = [...rows.map(({ method, path }) => `${method} ${path.replace(names, '<>')}`), ...open]
    const routes = (await registeredRoutes()).filter(route => route.includes(' /api/v2/'))
    const missing = routes.map(route => route.replace('/api/v2/', '')).filter(route => !known.includes(route))
    expect(missing).toEqual([])
  })
})
