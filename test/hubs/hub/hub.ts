/** A real JupyterHub: dummy authenticator, local processes as notebook servers, everything in a folder of the test. */
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { Agent } from 'node:http'
import { join } from 'node:path'
import { type Answer, ask } from '../../support/client.ts'
import { aFreePort } from '../../support/ports.ts'
import { type Exit, endProcesses, Program, processesWith, repository, tools } from './program.ts'
import type { Secrets } from './secrets.ts'

/** The major version under test: `npx vitest --project jupyterhub-6`. */
export const version = process.env.HUB_VERSION ?? '6'
export const major = Number(version)

export type Role = Readonly<Record<string, unknown>> & { readonly name: string }
export type ServiceSpec = Readonly<Record<string, unknown>> & { readonly name: string }

export interface HubOptions {
  readonly folder: string
  readonly secrets: Secrets
  readonly baseUrl: '/' | '/jhub/'
  /** Whether the hub has the role configuration that its admin is told to add, or none. */
  readonly people: 'may use ngshare' | 'have default roles'
  /** Scopes that people get besides; only where they may use ngshare. */
  readonly otherScopes?: readonly string[]
  readonly services: readonly ServiceSpec[]
  readonly roles?: readonly Role[]
  readonly groups?: Readonly<Record<string, readonly string[]>>
  readonly hubAdmins?: readonly string[]
  /** A proxy that stays when the hub stops. */
  readonly proxyIsSeparate?: boolean
  readonly internalSsl?: boolean
  /** Whether services and people's servers have host names of their own; only browsers can resolve them. */
  readonly hasSubdomains?: boolean
}

/** Browsers take everything below `localhost` for this machine. */
const domain = 'hub.localhost'

type Ports = Readonly<Record<'publicPort' | 'hubPort' | 'proxyApiPort', number>>

/** What the test itself may do at the hub. */
const harness = {
  name: 'harness',
  scopes: ['admin:users', 'admin:servers', 'admin:groups', 'tokens'],
}

export class Hub {
  readonly #options: HubOptions
  readonly #ports: Ports
  readonly #token: string
  readonly #agent = new Agent({ keepAlive: true })
  readonly #runs: Program[] = []
  #proxy: Program | null = null

  static async planned(options: HubOptions): Promise<Hub> {
    const [publicPort, hubPort, proxyApiPort] = [await aFreePort(), await aFreePort(), await aFreePort()]
    return new Hub(options, { publicPort, hubPort, proxyApiPort })
  }

  private constructor(options: HubOptions, ports: Ports) {
    this.#options = options
    this.#ports = ports
    this.#token = aToken(options.secrets, 'token of the test at the hub')
  }

  /** Where people go: the proxy. */
  get origin(): string {
    return `http://${this.#options.hasSubdomains ? domain : '127.0.0.1'}:${this.#ports.publicPort}`
  }

  /** Where people find ngshare. */
  get ngshareOrigin(): string {
    if (!this.#options.hasSubdomains) return this.origin
    const host = major >= 5 ? `ngshare--service.${domain}` : `services.${domain}`
    return `http://${host}:${this.#ports.publicPort}`
  }

  /** Where services ask: the hub itself, not its proxy. */
  get apiUrl(): string {
    return `http://127.0.0.1:${this.#ports.hubPort}${this.#options.baseUrl}hub/api`
  }

  /** `/hub/logout` and the like, for people. */
  page(path: string): string {
    return `${this.origin}${this.#options.baseUrl}hub/${path}`
  }

  get pid(): number {
    return this.#run.pid
  }

  /** All that the hub and its children printed, over all its runs. */
  get output(): string {
    return this.#runs.map(run => run.output).join('')
  }

  async start(): Promise<void> {
    const { folder, proxyIsSeparate = false } = this.#options
    const { services, roles = [] } = this.#options
    const file = join(folder, 'hub.json')
    const told = {
      folder,
      ...this.#ports,
      baseUrl: this.#options.baseUrl,
      proxyToken: this.#token,
      proxyCommand: [join(tools, 'configurable-http-proxy')],
      proxyIsSeparate,
      internalSsl: this.#options.internalSsl ?? false,
      subdomainHost: this.#options.hasSubdomains ? this.origin : '',
      people: this.#options.people,
      otherScopes: this.#options.otherScopes ?? [],
      hubAdmins: this.#options.hubAdmins ?? [],
      groups: this.#options.groups ?? {},
      services: [...services, { name: harness.name, api_token: this.#token }],
      roles: [...roles, { name: 'harness', services: [harness.name], scopes: harness.scopes }],
    }
    await writeFile(file, JSON.stringify(told))
    if (proxyIsSeparate && this.#proxy === null) this.#proxy = this.#startProxy()
    const run = new Program(join(repository, '.venv', `jupyterhub-${version}`, 'bin', 'python'), {
      args: ['-m', 'jupyterhub', '--config', join(import.meta.dirname, 'jupyterhub_config.py')],
      folder,
      environment: { HUB_UNDER_TEST: file, HOME: folder, USER: 'hub', LANG: 'C.UTF-8' },
    })
    this.#runs.push(run)
    await run.until('running hub', () => run.output.includes('JupyterHub is now running'))
    await run.until('answering hub', async () => (await this.api('GET', '')).status === 200)
  }

  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> {
    return this.#run.stop(signal)
  }

  /** Ends what is left, notebook servers as well. */
  async end(): Promise<void> {
    for (const run of this.#runs) await run.stop()
    await this.#proxy?.stop()
    await endProcesses([...this.#notebookPids(), ...this.#leftPids()])
    this.#agent.destroy()
  }

  /** The hub's API with the rights of the test. */
  api(method: string, path: string, body?: unknown): Promise<Answer> {
    return this.apiAs(this.#token, method, path, body)
  }

  apiAs(token: string, method: string, path: string, body?: unknown): Promise<Answer> {
    // Within a hub with internal TLS nobody is heard without a certificate.
    const api = this.#options.internalSsl ? this.page('api') : this.apiUrl
    const url = new URL(`${api}/${path}`)
    const server = { port: Number(url.port), prefix: '', agent: this.#agent }
    return ask(server, method, url.pathname + url.search, {
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      headers: { authorization: `token ${token}` },
    })
  }

  /** A token as people get it on the hub's token page. */
  async apiTokenOf(user: string, expiresInSeconds = 600): Promise<{ token: string; id: string }> {
    await this.#addUser(user)
    const answer = await this.#must('POST', `users/${user}/tokens`, {
      note: 'by a test',
      expires_in: expiresInSeconds,
    })
    const { token, id } = answer.json as { token: string; id: string }
    this.#options.secrets.keep(`API token of ${user}`, token)
    return { token, id }
  }

  async revoke(user: string, id: string): Promise<void> {
    await this.#must('DELETE', `users/${user}/tokens/${id}`)
  }

  /** Starts the user's notebook server, and returns the token that the hub gave it. */
  async notebookTokenOf(user: string): Promise<string> {
    await this.#addUser(user)
    await this.#must('POST', `users/${user}/server`, {})
    const file = join(this.#notebooks, `${user}.json`)
    await this.#run.until(`notebook server of ${user}`, () => existsSync(file))
    const { token } = JSON.parse(readFileSync(file, 'utf8')) as { token: string }
    return this.#options.secrets.keep(`notebook token of ${user}`, token)
  }

  async stopNotebookOf(user: string): Promise<void> {
    await this.#must('DELETE', `users/${user}/server`)
  }

  async removeFromGroup(group: string, user: string): Promise<void> {
    await this.#must('DELETE', `groups/${group}/users`, { users: [user] })
  }

  async addToGroup(group: string, user: string): Promise<void> {
    await this.#addUser(user)
    await this.#must('POST', `groups/${group}/users`, { users: [user] })
  }

  async #addUser(user: string): Promise<void> {
    const answer = await this.api('POST', `users/${user}`)
    if (answer.status !== 201 && answer.status !== 409) throw new Error(`no user ${user}: ${answer.text}`)
  }

  async #must(method: string, path: string, body?: unknown): Promise<Answer> {
    const answer = await this.api(method, path, body)
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`)
    return answer
  }

  get #run(): Program {
    const run = this.#runs.at(-1)
    if (run === undefined) throw new Error('the hub was not started')
    return run
  }

  get #notebooks(): string {
    return join(this.#options.folder, 'notebooks')
  }

  #notebookPids(): number[] {
    if (!existsSync(this.#notebooks)) return []
    return readdirSync(this.#notebooks)
      .map(name => JSON.parse(readFileSync(join(this.#notebooks, name), 'utf8')) as { pid: number })
      .map(({ pid }) => pid)
  }

  /** What a hub leaves behind that was killed, or that gave up when it started. */
  #leftPids(): number[] {
    const proxies = processesWith(`--api-port ${this.#ports.proxyApiPort} `)
    return [...proxies, ...processesWith(this.#options.folder)]
  }

  #startProxy(): Program {
    const { publicPort, hubPort, proxyApiPort } = this.#ports
    const settings = {
      ip: '127.0.0.1',
      port: publicPort,
      'api-ip': '127.0.0.1',
      'api-port': proxyApiPort,
      'error-target': `http://127.0.0.1:${hubPort}${this.#options.baseUrl}hub/error`,
    }
    return new Program(join(tools, 'configurable-http-proxy'), {
      args: Object.entries(settings).map(([name, value]) => `--${name}=${value}`),
      folder: this.#options.folder,
      environment: { CONFIGPROXY_AUTH_TOKEN: this.#token },
    })
  }
}

/** As `openssl rand -hex 32` makes them. */
export function aToken(secrets: Secrets, kind: string): string {
  return secrets.keep(kind, randomBytes(32).toString('hex'))
}
