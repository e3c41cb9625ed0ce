/** `bin/ngshare` as an admin sets it up: as a service that the hub starts, or one that runs by itself. */
import { Agent } from 'node:http'
import { join } from 'node:path'
import { type Answer, type AskOptions, ask } from '../../support/client.ts'
import type { Hub, ServiceSpec } from './hub.ts'
import { type Exit, Program, repository } from './program.ts'

export const program = join(repository, 'bin', 'ngshare')

/** The API as the bearer of a token uses it; paths begin at the prefix. */
export interface Client {
  get(path: string, options?: AskOptions): Promise<Answer>
  post(path: string, fields?: Readonly<Record<string, unknown>>): Promise<Answer>
  delete(path: string): Promise<Answer>
}

export interface NgsharePlan {
  readonly folder: string
  readonly port: number
  readonly prefix: string
  /** Options for ngshare besides those that keep it in the test's folder. */
  readonly options: readonly string[]
  readonly apiToken: string
  /** Whether the hub asks people before they log in here. */
  readonly asksForConsent: boolean
}

export function argumentsOf({ folder, options }: NgsharePlan): string[] {
  const places = ['--database', `sqlite:///${folder}/ngshare.db`, '--storage', join(folder, 'files')]
  return ['--host', '127.0.0.1', ...places, ...options]
}

/** The entry in `JupyterHub.services` of a service that the hub starts. */
export function managedSpec(plan: NgsharePlan, scheme = 'http'): ServiceSpec {
  return { ...externalSpec(plan, scheme), command: [program, ...argumentsOf(plan)] }
}

/** The entry of a service that runs elsewhere. */
export function externalSpec(plan: NgsharePlan, scheme = 'http'): ServiceSpec {
  return {
    name: 'ngshare',
    url: `${scheme}://127.0.0.1:${plan.port}`,
    api_token: plan.apiToken,
    oauth_no_confirm: !plan.asksForConsent,
  }
}

/** An ngshare that runs by itself, with the variables that its deployment has to give it. */
export class ExternalNgshare {
  readonly #plan: NgsharePlan
  readonly #run: Program

  static async started(plan: NgsharePlan, hub: Hub, baseUrl: string): Promise<ExternalNgshare> {
    const ngshare = new ExternalNgshare(plan, hub, baseUrl)
    await ngshare.#run.until('ngshare that is healthy', () => isHealthy(plan.port))
    return ngshare
  }

  private constructor(plan: NgsharePlan, hub: Hub, baseUrl: string) {
    this.#plan = plan
    this.#run = new Program(process.execPath, {
      args: [program, ...argumentsOf(plan)],
      folder: plan.folder,
      environment: {
        JUPYTERHUB_API_URL: hub.apiUrl,
        JUPYTERHUB_API_TOKEN: plan.apiToken,
        JUPYTERHUB_SERVICE_PREFIX: plan.prefix,
        JUPYTERHUB_SERVICE_URL: `http://127.0.0.1:${plan.port}`,
        ...(baseUrl === '/' ? {} : { JUPYTERHUB_BASE_URL: baseUrl }),
      },
    })
  }

  get output(): string {
    return this.#run.output
  }

  get isRunning(): boolean {
    return this.#run.isRunning
  }

  /** Without the proxy, as notebook servers in a cluster may ask. */
  with(token: string): Client {
    return clientAt(this.#plan.port, this.#plan.prefix, token)
  }

  ask(path: string, options: AskOptions = {}): Promise<Answer> {
    return ask({ port: this.#plan.port, prefix: '', agent: oneRequestEach }, 'GET', path, options)
  }

  stop(signal?: NodeJS.Signals): Promise<Exit> {
    return this.#run.stop(signal)
  }
}

// No connection that a test left open may keep a program from stopping, or a port from being free.
const oneRequestEach = new Agent({ keepAlive: false })

export function clientAt(port: number, prefix: string, token: string): Client {
  const server = { port, prefix: '', agent: oneRequestEach }
  const headers = { authorization: `token ${token}` }
  const send = (method: string, path: string, options: AskOptions) =>
    ask(server, method, prefix + path, { ...options, headers: { ...headers, ...options.headers } })
  return {
    get: (path, options = {}) => send('GET', path, options),
    post: (path, fields = {}) => send('POST', path, { fields }),
    delete: path => send('DELETE', path, {}),
  }
}

async function isHealthy(port: number): Promise<boolean> {
  try {
    return (await ask({ port, prefix: '', agent: oneRequestEach }, 'GET', '/healthz')).status === 200
  } catch {
    return false // does not listen yet
  }
}
