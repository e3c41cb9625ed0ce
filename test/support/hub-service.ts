/**
 * The whole service as a hub runs it: composed as in production from the hub's environment, listening on a free port,
 * on fresh files of its own. When it closes, its log must not hold any secret.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { Agent } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { pino, stdSerializers } from 'pino'
import { afterAll, onTestFinished } from 'vitest'
import { readCommandLine } from '../../src/config/command-line.ts'
import { type Config, checkSettings } from '../../src/config/config.ts'
import { Browser, parseCookie, xsrfTokenIn } from './browser.ts'
import { type Answer, type Arguments, type AskOptions, ask, type Person } from './client.ts'
import { databaseUrl, makeDatabase } from './database.ts'
import type { FakeHub } from './fake-hub.ts'
import { listen } from './replicas.ts'
import type { CourseOptions } from './service.ts'
import type { WireFile } from './trees.ts'

export interface HubServiceOptions {
  readonly hub: FakeHub
  readonly prefix?: string
  /** Behind `--admins=root`, so that later ones win. */
  readonly args?: readonly string[]
  /** Added to what a hub gives; undefined takes away. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** For what a process knows by itself (whom it asked the hub about, and when), also where all others are replicas. */
  readonly oneProcess?: boolean
  /** Where another service keeps its database and files, to share them or to take them over. */
  readonly folder?: string
}

export interface HubService {
  readonly hub: FakeHub
  readonly app: FastifyInstance
  readonly port: number
  readonly prefix: string
  readonly folder: string
  /** What was logged, a JSON line an event, from debug on. */
  readonly log: readonly string[]
  /** A request as it is; the path begins at the root. */
  ask(method: string, path: string, options?: AskOptions): Promise<Answer>
  /** The API as the bearer of a token uses it; paths begin at the prefix. */
  with(token: string): Person
  /** The API as a person's notebook server uses it, the same one each time. */
  as(name: string): Person
  aBrowser(options?: { scheme?: 'http' | 'https' }): Browser
  /** A browser in which that person has logged in. */
  aBrowserOf(name: string, options?: { scheme?: 'http' | 'https' }): Promise<Browser>
  /** Creates a course with people and released assignments, as the admin `root`. */
  aCourse(course: string, options?: CourseOptions): Promise<void>
  /** Submits and returns the timestamp. `to` is `course/assignment`. */
  submission(student: string, to: string, files: readonly WireFile[]): Promise<string>
  /** Something that must never be logged, beside what this file and the hub know of. */
  keepSecret(text: string): void
  close(): Promise<void>
}

/** Lives until the running test ends. */
export async function aHubService(options: HubServiceOptions): Promise<HubService> {
  const service = await openHubService(options)
  onTestFinished(() => service.close())
  return service
}

export async function aHubServiceForTheFile(options: HubServiceOptions): Promise<HubService> {
  const service = await openHubService(options)
  afterAll(() => service.close())
  return service
}

/** What a hub of today sets for a service that it runs. */
export function hubEnvironment(hub: FakeHub, prefix: string): Record<string, string> {
  const scopes = '["access:services", "access:services!service=ngshare"]'
  return {
    JUPYTERHUB_API_TOKEN: hub.serviceToken,
    JUPYTERHUB_API_URL: hub.apiUrl,
    JUPYTERHUB_BASE_URL: hub.base,
    JUPYTERHUB_CLIENT_ID: hub.clientId,
    JUPYTERHUB_COOKIE_HOST_PREFIX_ENABLED: '0',
    JUPYTERHUB_HOST: '',
    JUPYTERHUB_OAUTH_ACCESS_SCOPES: scopes,
    JUPYTERHUB_OAUTH_CALLBACK_URL: hub.redirectUri,
    JUPYTERHUB_OAUTH_CLIENT_ALLOWED_SCOPES: '[]',
    JUPYTERHUB_OAUTH_SCOPES: scopes,
    JUPYTERHUB_PUBLIC_HUB_URL: '',
    JUPYTERHUB_PUBLIC_URL: '',
    JUPYTERHUB_SERVER_NAME: '',
    JUPYTERHUB_SERVICE_NAME: 'ngshare',
    JUPYTERHUB_SERVICE_PREFIX: prefix,
    JUPYTERHUB_SERVICE_URL: 'http://127.0.0.1:10101',
    JUPYTERHUB_USER: '',
  }
}

/** The settings as a hub and an operator would give them. @throws ConfigMistakes */
export function hubConfigFrom(input: {
  args?: readonly string[]
  environment: Readonly<Record<string, string | undefined>>
}): Config {
  const commandLine = readCommandLine({
    args: input.args ?? [],
    environment: input.environment,
    version: 'test',
  })
  if (commandLine.kind !== 'run') throw new Error('the command line of a test does not run')
  return checkSettings(commandLine.texts, commandLine.usage)
}

async function openHubService(options: HubServiceOptions): Promise<HubService> {
  const { hub } = options
  const prefix = options.prefix ?? '/services/ngshare/'
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'ngshare-test-')))
  await mkdir(folder, { recursive: true })
  const config = hubConfigFrom({
    args: [
      `--database=${databaseUrl(join(folder, 'ngshare.db'))}`,
      `--storage=${join(folder, 'files')}`,
      '--admins=root',
      ...(options.args ?? []),
    ],
    environment: { ...hubEnvironment(hub, prefix), ...options.environment },
  })
  const log: string[] = []
  const serializers = { err: stdSerializers.errWithCause }
  const logger = pino({ level: 'debug', base: null, serializers }, { write: line => log.push(line) })
  await makeDatabase(join(folder, 'ngshare.db'))
  const service = await listen(config, logger, { oneProcess: options.oneProcess ?? false })
  const { port } = service
  const agent = new Agent({ keepAlive: true })
  const secrets = new Set<string>()

  const askAndListen = async (method: string, path: string, askOptions: AskOptions = {}) => {
    for (const secret of secretsSent(path, askOptions)) secrets.add(secret)
    const answer = await ask({ port, prefix, agent }, method, path, askOptions)
    for (const secret of secretsReceived(answer)) secrets.add(secret)
    return answer
  }
  const tokens = new Map<string, string>()
  const notebookToken = (name: string) => {
    const token = tokens.get(name) ?? hub.notebookToken(name)
    tokens.set(name, token)
    return token
  }
  const bearer = (token: string): Person => bearerAt(askAndListen, prefix, token)
  const as = (name: string) => bearer(notebookToken(name))
  const aBrowser = (browserOptions: { scheme?: 'http' | 'https' } = {}) => {
    const browser = new Browser({ ask: askAndListen, prefix, port, hub }, browserOptions)
    secrets.add(browser.session)
    return browser
  }
  let isOpen = true
  return {
    hub,
    app: service.app,
    port,
    prefix,
    folder,
    log,
    ask: askAndListen,
    with: bearer,
    as,
    aBrowser,
    async aBrowserOf(name, browserOptions) {
      const browser = aBrowser(browserOptions)
      const answer = await browser.logIn(name)
      if (answer.status !== 302) throw new Error(`a test could not log in: ${answer.status} ${answer.text}`)
      return browser
    },
    async aCourse(course, { instructors = [], students = [], assignments = {} } = {}) {
      const root = as('root')
      const id = encodeURIComponent(course)
      await must(root.post(`course/${id}`, { instructors }))
      for (const student of students) {
        const details = { first_name: '', last_name: '', email: '' }
        await must(root.post(`student/${id}/${encodeURIComponent(student)}`, details))
      }
      for (const [assignment, files] of Object.entries(assignments)) {
        await must(root.post(`assignment/${id}/${encodeURIComponent(assignment)}`, { files }))
      }
    },
    async submission(student, to, files) {
      const answer = await must(as(student).post(`submission/${to}`, { files }))
      return String(answer.json.timestamp)
    },
    keepSecret(text) {
      secrets.add(text)
    },
    async close() {
      if (!isOpen) return
      isOpen = false
      agent.destroy()
      await service.close()
      if (options.folder === undefined) await rm(folder, { recursive: true, force: true })
      refuseSecrets(log, new Set([...secrets, ...hub.secrets]))
    },
  }
}

/** @throws with the place of every secret that is found, without the secret */
export function refuseSecrets(lines: readonly string[], secrets: ReadonlySet<string>): void {
  const found = lines.flatMap(line => {
    const within = [...secrets].filter(secret => secret.length >= 8 && line.includes(secret))
    return within.length === 0
      ? []
      : [within.reduce((text, secret) => text.replaceAll(secret, '<SECRET>'), line)]
  })
  if (found.length > 0) throw new Error(`secrets were logged:\n${found.join('')}`)
}

function bearerAt(send: HubService['ask'], prefix: string, token: string): Person {
  const go = (method: string, path: string, query: Arguments | undefined, options: AskOptions = {}) =>
    send(method, prefix + path, {
      ...options,
      ...(query === undefined ? {} : { query }),
      headers: { authorization: `token ${token}`, ...options.headers },
    })
  return {
    get: (path, query, options) => go('GET', path, query, options),
    head: (path, query, options) => go('HEAD', path, query, options),
    post: (path, fields = {}, options) => go('POST', path, undefined, { fields, ...options }),
    put: (path, fields = {}, options) => go('PUT', path, undefined, { fields, ...options }),
    delete: (path, options = {}) => go('DELETE', path, undefined, options),
  }
}

/** Words behind schemes, values of cookies, and what the hub or a person puts into the query. */
function secretsSent(path: string, { headers = {}, query = {} }: AskOptions): string[] {
  const arguments_ = Array.isArray(query) ? query : Object.entries(query)
  const inPath = [...new URLSearchParams(path.split('?')[1] ?? '')]
  const isSecret = (name: string) => ['token', 'code', 'state', '_xsrf'].includes(name)
  return [
    ...(headers.authorization ?? '').split(/\s+/).slice(-1),
    ...(headers.cookie ?? '').split('; ').map(pair => pair.slice(pair.indexOf('=') + 1)),
    ...[...arguments_, ...inPath].filter(([name]) => isSecret(name)).map(([, value]) => String(value)),
  ].filter(text => text !== '')
}

function secretsReceived({ headers, text }: Answer): string[] {
  const cookies = (headers['set-cookie'] ?? []).map(line => parseCookie(line).value)
  const state = new URL(headers.location ?? '', 'http://service').searchParams.get('state')
  const xsrf = xsrfTokenIn(text)
  return [...cookies, ...cookies.map(decoded), state ?? '', xsrf ?? ''].filter(text => text !== '')
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

async function must(asked: Promise<Answer>): Promise<Answer> {
  const answer = await asked
  if (answer.status !== 200)
    throw new Error(`a test could not make its world: ${answer.status} ${answer.text}`)
  return answer
}
