/** A hub and the ngshare beside it, for the tests of one `describe`. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Answer } from '../../support/client.ts'
import { aFreePort } from '../../support/ports.ts'
import { Browser } from './browser.ts'
import { aToken, Hub, type HubOptions, type ServiceSpec } from './hub.ts'
import {
  type Client,
  clientAt,
  ExternalNgshare,
  externalSpec,
  managedSpec,
  type NgsharePlan,
  program,
} from './ngshare.ts'
import { childrenOf } from './program.ts'
import { Secrets } from './secrets.ts'

export interface WorldOptions extends Partial<Omit<HubOptions, 'folder' | 'secrets' | 'services'>> {
  /** Who starts ngshare. */
  readonly ngshare: 'managed' | 'external'
  /** Options for ngshare besides those that keep it in the test's folder. */
  readonly options?: readonly string[]
  /** Whether the hub asks people before they log in to ngshare. */
  readonly asksForConsent?: boolean
  /** Without it the hub makes up a new one at each start, where it starts ngshare. */
  readonly hasFixedToken?: boolean
  /** Services without a page, each with a token of its own. */
  readonly bots?: readonly string[]
  readonly otherServices?: readonly ServiceSpec[]
}

const shownOutputLength = 6000

export class World {
  readonly secrets = new Secrets()
  readonly #options: WorldOptions
  readonly #bots = new Map<string, string>()
  readonly #externals: ExternalNgshare[] = []
  readonly #browsers: Browser[] = []
  readonly folder: string
  readonly baseUrl: '/' | '/jhub/'
  readonly #plan: NgsharePlan
  #hub: Hub | null = null

  static async made(options: WorldOptions): Promise<World> {
    const folder = await mkdtemp(join(tmpdir(), 'ngshare-hubs-'))
    const world = new World(options, folder, await aFreePort())
    try {
      await world.#start()
    } catch (error) {
      await world.end()
      throw error
    }
    return world
  }

  private constructor(options: WorldOptions, folder: string, port: number) {
    this.#options = options
    this.folder = folder
    this.baseUrl = options.baseUrl ?? '/'
    this.#plan = {
      folder: join(folder, 'ngshare'),
      port,
      prefix: `${this.baseUrl}services/ngshare/`,
      options: options.options ?? [],
      apiToken: aToken(this.secrets, 'token of ngshare'),
      asksForConsent: options.asksForConsent ?? false,
    }
  }

  get hub(): Hub {
    if (this.#hub === null) throw new Error('there is no hub yet')
    return this.#hub
  }

  /** Our page at the proxy, or one below it. */
  page(path = ''): string {
    return `${this.hub.ngshareOrigin}${this.prefix}${path}`
  }

  get prefix(): string {
    return this.#plan.prefix
  }

  /** Where ngshare itself listens, behind the proxy. */
  get port(): number {
    return this.#plan.port
  }

  /** The API through the proxy. */
  with(token: string): Client {
    return clientAt(Number(new URL(this.hub.origin).port), this.prefix, token)
  }

  withoutProxy(token: string): Client {
    return clientAt(this.port, this.prefix, token)
  }

  async asUser(name: string): Promise<Client> {
    return this.with((await this.hub.apiTokenOf(name)).token)
  }

  botToken(bot: string): string {
    const token = this.#bots.get(bot)
    if (token === undefined) throw new Error(`this hub has no service ${bot}`)
    return token
  }

  browserOf(person: string): Browser {
    const browser = new Browser(person, this.secrets)
    this.#browsers.push(browser)
    return browser
  }

  /** Our own cookie that keeps a person logged in. */
  sessionOf(browser: Browser) {
    return browser.jar.all.find(cookie => cookie.name === 'service-ngshare-session')
  }

  /** The ngshare that runs by itself. */
  get external(): ExternalNgshare {
    const [external] = this.#externals
    if (external === undefined) throw new Error('the hub starts this ngshare')
    return external
  }

  /** Another ngshare with the same variables but other options, reached without the proxy. */
  async alsoExternal(options: readonly string[]): Promise<ExternalNgshare> {
    return this.#startExternal({
      ...this.#plan,
      folder: join(this.folder, `ngshare-${this.#externals.length + 1}`),
      port: await aFreePort(),
      options,
    })
  }

  /** The processes that the hub has started from `bin/ngshare`. */
  managedPids(): number[] {
    return childrenOf(this.hub.pid, program)
  }

  /** The lines that ngshare printed, wherever they went. */
  log(): string[] {
    const ofHub = /^(\[[A-Z] |[\d:.TZ-]+ \[ConfigProxy\])/
    const managed = this.hub.output.split('\n').filter(line => !ofHub.test(line))
    return [...managed, ...this.#externals.flatMap(({ output }) => output.split('\n'))].filter(line => line)
  }

  async end(): Promise<void> {
    for (const browser of this.#browsers) browser.close()
    await this.#hub?.end()
    for (const external of this.#externals) await external.stop()
    await rm(this.folder, { recursive: true, force: true })
  }

  showOutput(): void {
    console.error(`--- hub\n${this.#hub?.output.slice(-shownOutputLength)}`)
    for (const { output } of this.#externals)
      console.error(`--- ngshare\n${output.slice(-shownOutputLength)}`)
  }

  async #start(): Promise<void> {
    const { ngshare, hasFixedToken = true, bots = [], otherServices = [] } = this.#options
    for (const bot of bots) this.#bots.set(bot, aToken(this.secrets, `token of service ${bot}`))
    const scheme = this.#options.internalSsl ? 'https' : 'http'
    const specOf = ngshare === 'managed' ? managedSpec : externalSpec
    const { api_token, ...fixed } = specOf(this.#plan, scheme)
    this.#hub = await Hub.planned({
      people: 'have default roles',
      ...this.#options,
      baseUrl: this.baseUrl,
      folder: this.folder,
      secrets: this.secrets,
      services: [
        { ...fixed, ...(hasFixedToken ? { api_token } : {}) },
        ...[...this.#bots].map(([name, token]) => ({ name, api_token: token })),
        ...otherServices,
      ],
    })
    await mkdir(this.#plan.folder)
    // First, because hub 6 waits for it.
    if (ngshare === 'external') await this.#startExternal(this.#plan)
    await this.#hub.start()
  }

  async #startExternal(plan: NgsharePlan): Promise<ExternalNgshare> {
    await mkdir(plan.folder, { recursive: true })
    const external = await ExternalNgshare.started(plan, this.hub, this.baseUrl)
    this.#externals.push(external)
    return external
  }
}

/** A world for the tests of the surrounding `describe`: call it there, and ask for the world in the tests. */
export function aWorld(options: WorldOptions): () => World {
  let world: World | null = null
  beforeAll(async () => {
    world = await World.made(options)
  })
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') world?.showOutput()
  })
  afterAll(() => world?.end())
  return () => {
    if (world === null) throw new Error('a world is there in tests only')
    return world
  }
}

/** The last tests of a `describe`: they look at everything that the tests before them made ngshare say. */
export function keepsItsLogClean(world: () => World): void {
  test('no token, cookie, code or state of all this is in the log of ngshare', () => {
    expect(world().secrets.count).toBeGreaterThan(2)
    expect(world().log().flatMap(entryIn).length).toBeGreaterThan(0)
    expect(world().secrets.foundIn(world().log())).toEqual([])
  })

  test('nor any fault of its own', () => {
    const errors = world()
      .log()
      .flatMap(entryIn)
      .flatMap(({ err }) => err ?? [])
    const unexpected = errors.filter(({ type }) => type !== 'Trouble').map(({ stack }) => stack)
    expect([...new Set(unexpected)]).toEqual([])
  })
}

interface LogEntry {
  readonly err?: { readonly type: string; readonly stack: string }
}

function entryIn(line: string): LogEntry[] {
  return line.startsWith('{"level"') ? [JSON.parse(line) as LogEntry] : []
}

export function expectRefusal(answer: Answer, status: number, message: string | RegExp): void {
  expect({ status: answer.status, ...answer.json }).toEqual({
    status,
    success: false,
    message: typeof message === 'string' ? message : expect.stringMatching(message),
  })
}
