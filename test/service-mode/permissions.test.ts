/** Who may do what, for every way to be someone, every operation, and everything that may or may not be there. */
import { describe, expect, it } from 'vitest'
import { registeredRoutes } from '../docs/routes.ts'
import { routesOf } from '../support/app-routes.ts'
import type { Answer } from '../support/client.ts'
import { aHubForTheFile } from '../support/fake-hub.ts'
import { aHubService, aHubServiceForTheFile } from '../support/hub-service.ts'
import { file } from '../support/trees.ts'

/**
 * Names in paths: C the course, A the assignment, I an instructor, S the student who asks, N another student.
 * `foreign`: a token that another service got for the student. `bot`: a token of another service of the hub. `page`: the
 * student by browser, from one of our pages; `script`: the same without its token.
 */
const table = `
  operation             | what is there   | nobody bad foreign | outsider student instructor admin | bot page script
  GET                   | -               | 401    401 403     | 200      200     200        200   | 200 200  403
  GET courses           | -               | 401    401 403     | 200      200     200        200   | 200 200  403
  GET limits            | -               | 401    401 403     | 200      200     200        200   | 200 200  403
  POST course/C         | nothing         | 401    401 403     | 403      403     403        200   | 403 403  403
  POST course/C         | course          | 401    401 403     | 403      403     403        409   | 403 403  403
  DELETE course/C       | nothing         | 401    401 403     | 403      403     403        404   | 403 403  403
  DELETE course/C       | course          | 401    401 403     | 403      403     403        200   | 403 403  403
  GET instructors/C     | nothing         | 401    401 403     | 404      404     404        404   | 404 404  403
  GET instructors/C     | course          | 401    401 403     | 403      200     200        200   | 403 200  403
  GET instructor/C/I    | nothing         | 401    401 403     | 404      404     404        404   | 404 404  403
  GET instructor/C/I    | course          | 401    401 403     | 403      200     200        200   | 403 200  403
  POST instructor/C/I   | nothing         | 401    401 403     | 404      404     404        404   | 404 404  403
  POST instructor/C/I   | course          | 401    401 403     | 403      403     200        200   | 403 403  403
  POST instructor/C/S   | course          | 401    401 403     | 403      403     403        200   | 403 403  403
  DELETE instructor/C/I | nothing         | 401    401 403     | 403      403     403        404   | 403 403  403
  DELETE instructor/C/I | course          | 401    401 403     | 403      403     403        200   | 403 403  403
  GET students/C        | nothing         | 401    401 403     | 404      404     404        404   | 404 404  403
  GET students/C        | course          | 401    401 403     | 403      403     200        200   | 403 403  403
  POST students/C       | nothing         | 401    401 403     | 404      404     404        404   | 404 404  403
  POST students/C       | course          | 401    401 403     | 403      403     200        200   | 403 403  403
  GET student/C/S       | nothing         | 401    401 403     | 404      404     404        404   | 404 404  403
  GET student/C/S       | course          | 401    401 403     | 403      200     200        200   | 403 200  403
  GET student/C/N       | course          | 401    401 403     | 403      403     200        200   | 403 403  403
  POST student/C/S      | nothing         | 401    401 403     | 404      404     404        404   | 404 404  403
  POST student/C/S      | course          | 401    401 403     | 403      403     200        200   | 403 403  403
  DELETE student/C/S    | nothing         | 401    401 403     | 404      404     404        404   | 404 404  403
  DELETE student/C/S    | course          | 401    401 403     | 403      403     200        200   | 403 403  403
  GET assignments/C     | nothing         | 401    401 403     | 404      404     404        404   | 404 404  403
  GET assignments/C     | course          | 401    401 403     | 403      200     200        200   | 403 200  403
  GET assignment/C/A    | nothing         | 401    401 403     | 404      404     404        404   | 404 404  403
  GET assignment/C/A    | course          | 401    401 403     | 403      404     404        404   | 403 404  403
  GET assignment/C/A    | hidden          | 401    401 403     | 403      404     404        404   | 403 404  403
  GET assignment/C/A    | released        | 401    401 403     | 403      200     200        200   | 403 200  403
  POST assignment/C/A   | nothing         | 401    401 403     | 404      404     404        404   | 404 404  403
  POST assignment/C/A   | course          | 401    401 403     | 403      403     200        200   | 403 403  403
  POST assignment/C/A   | hidden          | 401    401 403     | 403      403     200        200   | 403 403  403
  POST assignment/C/A   | released        | 401    401 403     | 403      403     409        409   | 403 403  403
  PUT assignment/C/A    | nothing         | 401    401 403     | 404      404     404        404   | 404 404  403
  PUT assignment/C/A    | course          | 401    401 403     | 403      403     200        200   | 403 403  403
  PUT assignment/C/A    | hidden          | 401    401 403     | 403      403     200        200   | 403 403  403
  PUT assignment/C/A    | released        | 401    401 403     | 403      403     200        200   | 403 403  403
  DELETE assignment/C/A | nothing         | 401    401 403     | 404      404     404        404   | 404 404  403
  DELETE assignment/C/A | course          | 401    401 403     | 403      403     404        404   | 403 403  403
  DELETE assignment/C/A | hidden          | 401    401 403     | 403      403     404        404   | 403 403  403
  DELETE assignment/C/A | released        | 401    401 403     | 403      403     200        200   | 403 403  403
  GET submissions/C/A   | nothing         | 401    401 403     | 404      404     404        404   | 404 404  403
  GET submissions/C/A   | course          | 401    401 403     | 403      403     404        404   | 403 403  403
  GET submissions/C/A   | hidden          | 401    401 403     | 403      403     404        404   | 403 403  403
  GET submissions/C/A   | released        | 401    401 403     | 403      403     200        200   | 403 403  403
  GET submissions/C/A/S | nothing         | 401    401 403     | 404      404     404        404   | 404 404  403
  GET submissions/C/A/S | course          | 401    401 403     | 403      404     404        404   | 403 404  403
  GET submissions/C/A/S | hidden          | 401    401 403     | 403      404     404        404   | 403 404  403
  GET submissions/C/A/S | released        | 401    401 403     | 403      200     200        200   | 403 200  403
  GET submissions/C/A/N | released        | 401    401 403     | 403      403     200        200   | 403 403  403
  POST submission/C/A   | nothing         | 401    401 403     | 404      404     404        404   | 404 404  403
  POST submission/C/A   | course          | 401    401 403     | 403      404     404        404   | 403 404  403
  POST submission/C/A   | hidden          | 401    401 403     | 403      404     404        404   | 403 404  403
  POST submission/C/A   | released        | 401    401 403     | 403      200     200        200   | 403 200  403
  GET submission/C/A/S  | nothing         | 401    401 403     | 404      404     404        404   | 404 404  403
  GET submission/C/A/S  | course          | 401    401 403     | 403      404     404        404   | 403 404  403
  GET submission/C/A/S  | hidden          | 401    401 403     | 403      404     404        404   | 403 404  403
  GET submission/C/A/S  | released        | 401    401 403     | 403      200     200        200   | 403 200  403
  GET submission/C/A/N  | released        | 401    401 403     | 403      403     200        200   | 403 403  403
  GET receipt/C/A/S     | nothing         | 401    401 403     | 404      404     404        404   | 404 404  403
  GET receipt/C/A/S     | course          | 401    401 403     | 403      404     404        404   | 403 404  403
  GET receipt/C/A/S     | hidden          | 401    401 403     | 403      404     404        404   | 403 404  403
  GET receipt/C/A/S     | released        | 401    401 403     | 403      200     200        200   | 403 200  403
  GET receipt/C/A/N     | released        | 401    401 403     | 403      403     200        200   | 403 403  403
  GET receipt-keys      | -               | 401    401 403     | 200      200     200        200   | 200 200  403
  GET events            | -               | 401    401 403     | 200      200     200        200   | 200 200  403
  GET events/C          | nothing         | 401    401 403     | 404      404     404        404   | 404 404  403
  GET events/C          | course          | 401    401 403     | 403      403     200        200   | 403 403  403
  GET feedback/C/A/S    | nothing         | 401    401 403     | 404      404     404        404   | 404 404  403
  GET feedback/C/A/S    | course          | 401    401 403     | 403      404     404        404   | 403 404  403
  GET feedback/C/A/S    | hidden          | 401    401 403     | 403      404     404        404   | 403 404  403
  GET feedback/C/A/S    | released        | 401    401 403     | 403      200     200        200   | 403 200  403
  GET feedback/C/A/N    | released        | 401    401 403     | 403      403     200        200   | 403 403  403
  POST feedback/C/A/S   | nothing         | 401    401 403     | 404      404     404        404   | 404 404  403
  POST feedback/C/A/S   | course          | 401    401 403     | 403      403     404        404   | 403 403  403
  POST feedback/C/A/S   | hidden          | 401    401 403     | 403      403     404        404   | 403 403  403
  POST feedback/C/A/S   | released        | 401    401 403     | 403      403     200        200   | 403 403  403
`

/** For everyone, at the root or the prefix: nothing there is anybody's. */
const open = [
  'GET /healthz',
  'GET /readyz',
  'GET /metrics',
  'GET healthz',
  'GET readyz',
  'GET favicon.ico',
  'GET masonry.min.js',
  'GET ngshare_exchange-1.0.0a1-py3-none-any.whl',
  'GET simple/',
  'GET simple/ngshare-exchange/',
]
/** The steps of a login and its end, which have tests of their own. */
const login = ['GET oauth_callback', 'POST logout']
/** The second API has a table of its own: `test/v2/permissions.test.ts`. */
const isOfV1 = (route: string) => !/ \/(\S+\/)?v2\//.test(route)
/** In stand-alone mode only. */
const standAlone = ['GET initialize-Data6ase', 'POST initialize-Data6ase']

type Role =
  | 'nobody'
  | 'bad'
  | 'foreign'
  | 'outsider'
  | 'student'
  | 'instructor'
  | 'admin'
  | 'bot'
  | 'page'
  | 'script'
type State = '-' | 'nothing' | 'course' | 'hidden' | 'released'

interface Row {
  readonly method: string
  readonly path: string
  readonly state: State
  readonly expected: Readonly<Record<Role, number>>
}

const [head = [], ...lines] = table
  .trim()
  .split('\n')
  .map(line => line.split('|').map(cell => cell.trim()))
const roles = head.slice(2).join(' ').split(/\s+/) as Role[]
const rows: Row[] = lines.map(([operation = '', state, ...cells]) => {
  const [method = '', path = ''] = operation.split(' ')
  const statuses = cells.join(' ').split(/\s+/).map(Number)
  const expected = Object.fromEntries(roles.map((role, number) => [role, statuses[number] ?? 0]))
  return { method, path, state: state as State, expected: expected as Record<Role, number> }
})

const hub = await aHubForTheFile()
const service = await aHubServiceForTheFile({ hub })
const [instructor, student, neighbour] = ['ann', 'bob', 'carl']
const assignment = 'ps1'
const bot = hub.botToken('bot')
const foreign = hub.foreignToken(student)
const browser = await service.aBrowserOf(student)
const xsrf = await browser.xsrfToken()
const files = [file('ps1.ipynb', '{}')]

let courseCount = 0

/** A course of its own for each request; with a submission of both students, since feedback needs one. */
async function aWorld(state: State): Promise<{ course: string; timestamp: string }> {
  const course = `course ${++courseCount}`
  const id = encodeURIComponent(course)
  if (state === '-' || state === 'nothing') return { course: id, timestamp: '2020-01-01 00:00:00.000000' }
  const assignments = state === 'course' ? {} : { [assignment]: files }
  await service.aCourse(course, { instructors: [instructor], students: [student, neighbour], assignments })
  if (state === 'course') return { course: id, timestamp: '2020-01-01 00:00:00.000000' }
  await service.submission(neighbour, `${id}/${assignment}`, files)
  const timestamp = await service.submission(student, `${id}/${assignment}`, files)
  const ofNeighbour = await service.as(instructor).get(`submissions/${id}/${assignment}/${neighbour}`)
  if (state === 'hidden') await service.as(instructor).delete(`assignment/${id}/${assignment}`)
  neighbourTimestamps.set(id, (ofNeighbour.json.submissions as { timestamp: string }[])[0]?.timestamp ?? '')
  return { course: id, timestamp }
}

const neighbourTimestamps = new Map<string, string>()

function pathIn(course: string, path: string): string {
  const words: Record<string, string> = { C: course, A: assignment, I: instructor, S: student, N: neighbour }
  return path
    .split('/')
    .map(part => words[part] ?? part)
    .join('/')
}

async function statusFor(role: Role, { method, path, state }: Row): Promise<number> {
  const { course, timestamp } = await aWorld(state)
  const at = service.prefix + pathIn(course, path)
  const students = [{ username: 'new', first_name: '', last_name: '', email: '' }]
  const sent = {
    first_name: 'A',
    last_name: 'B',
    email: 'c',
    instructors: [],
    students,
    files,
    timestamp,
  }
  const query = { timestamp: path.endsWith('/N') ? (neighbourTimestamps.get(course) ?? '') : timestamp }
  const options = method === 'GET' ? { query } : { fields: sent }
  if (role === 'page') return (await browser.script(method, at, { ...options, xsrf })).status
  if (role === 'script') return (await browser.script(method, at, options)).status
  const answer = await service.ask(method, at, { ...options, headers: headersOf(role) })
  return answer.status
}

function headersOf(role: Exclude<Role, 'page' | 'script'>): Record<string, string> {
  const token = { bad: 'unknown-token', foreign, bot }
  if (role === 'nobody') return {}
  if (role in token) return { authorization: `token ${token[role as keyof typeof token]}` }
  const people = { outsider: 'olga', student, instructor, admin: 'root' }
  return { authorization: `token ${tokenOf(people[role as keyof typeof people])}` }
}

const tokens = new Map<string, string>()

function tokenOf(name: string): string {
  const token = tokens.get(name) ?? hub.notebookToken(name)
  tokens.set(name, token)
  return token
}

describe.each(rows)('$method $path, where there is: $state', row => {
  it('is answered for each as the table says', async () => {
    const statuses: Partial<Record<Role, number>> = {}
    for (const role of roles) statuses[role] = await statusFor(role, row)
    expect(statuses).toEqual(row.expected)
  })
})

describe('the table', () => {
  const known = (prefix: string) => [
    ...rows.map(({ method, path }) => `${method} ${prefix}${path.replace(/\b[CAISN]\b/g, '<>')}`),
    ...[...open, ...login, ...standAlone].map(operation => operation.replace(/ (?!\/)/, ` ${prefix}`)),
    `GET ${prefix.slice(0, -1)}`,
  ]

  it('has every operation of the server, in service mode and stand-alone', async () => {
    const debugging = await aHubService({ hub, args: ['--debug'] })
    const served = (await routesOf(debugging.app)).filter(isOfV1)
    expect(served.length).toBeGreaterThan(25)
    expect(served.filter(route => !known(debugging.prefix).includes(route))).toEqual([])
    const alone = (await registeredRoutes()).filter(isOfV1)
    expect(alone.filter(route => !known('/api/').includes(route))).toEqual([])
  })

  it('has every path of the server with every state', () => {
    const states = new Map<string, Set<State>>()
    for (const { method, path, state } of rows) {
      const operation = `${method} ${path.replace(/[ISN]$/, 'U')}`
      states.set(operation, (states.get(operation) ?? new Set()).add(state))
    }
    for (const [operation, seen] of states) {
      const expected = operation.includes('/A')
        ? ['course', 'hidden', 'nothing', 'released']
        : operation.includes('/C')
          ? ['course', 'nothing']
          : ['-']
      expect([operation, [...seen].sort()]).toEqual([operation, expected])
    }
  })
})

describe.each(open)('%s', operation => {
  it('is open to everyone', async () => {
    const [method = '', path = ''] = operation.split(' ')
    const at = path.startsWith('/') ? path : service.prefix + path
    for (const role of ['nobody', 'bad', 'foreign', 'student'] as const) {
      expect((await service.ask(method, at, { headers: headersOf(role) })).status).toBe(200)
    }
  })
})

describe('the page that shows, fills and clears the database', () => {
  it('is not there, not even for admins in debug mode', async () => {
    const debugging = await aHubService({ hub, args: ['--debug'] })
    await debugging.aCourse('physics')
    for (const action of ['dump', 'clear', 'init']) {
      const path = `initialize-Data6ase?action=${action}`
      expect((await debugging.as('root').get(path)).status).toBe(404)
      expect([404, 405]).toContain((await debugging.as('root').post(path)).status)
    }
    expect((await debugging.as('root').get('courses')).json.courses).toEqual(['physics'])
  })
})

describe('nobody in particular', () => {
  const paths = [...new Set(rows.map(row => row.path).filter(path => path.includes('/C')))]
  const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND', 'QUERY']

  it.each(paths)('learns nothing of what there is: %s', async path => {
    const there = await aWorld('released')
    const hidden = await aWorld('hidden')
    const bare = await aWorld('course')
    for (const method of methods) {
      for (const headers of [
        {},
        { authorization: 'token unknown-token' },
        { accept: 'text/html', 'sec-fetch-mode': 'cors' },
        { 'if-none-match': '*' },
      ] as Record<string, string>[]) {
        const ask = async ({ course }: { course: string }) => {
          const at = service.prefix + pathIn(course, path)
          return essence(
            await service.ask(method, at, { headers, ...(method === 'POST' && { fields: { files } }) }),
          )
        }
        const expected = await ask({ course: 'missing' })
        for (const world of [there, hidden, bare]) expect(await ask(world)).toEqual(expected)
      }
    }
  })

  it.each(paths)('is sent to log in whether it is there or not: %s', async path => {
    const there = await aWorld('released')
    const headers = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-site': 'cross-site' }
    const [one, other] = await Promise.all(
      [there.course, 'missing'].map(course =>
        service.ask('GET', service.prefix + pathIn(course, path), { headers }),
      ),
    )
    expect(one?.status).toBe(other?.status)
    expect(Object.keys(one?.headers ?? {})).toEqual(Object.keys(other?.headers ?? {}))
    expect(one?.text).toBe(other?.text)
  })
})

/** All of an answer but the time of day. */
function essence({ status, headers, text }: Answer) {
  const { date, connection, ...rest } = headers
  return { status, headers: rest, text }
}
