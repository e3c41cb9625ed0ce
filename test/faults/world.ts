/** A folder of its own for each test, and the servers that run on it: the real `bin/ngshare`, in processes. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { onTestFailed, onTestFinished } from 'vitest'

const ownProgram = fileURLToPath(new URL('../../bin/ngshare', import.meta.url))
const startTimeoutMs = 30_000
const exitTimeoutMs = 30_000
const shownLogLength = 4000

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** Where a server keeps what it is told. */
export interface Place {
  readonly database: string
  readonly storage: string
}

interface StartOptions extends Partial<Place> {
  readonly args?: readonly string[]
  /** Instead of all the usual options. */
  readonly bare?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  /** Another build of the server than this one: its `bin/ngshare`. */
  readonly program?: string
  /** A command that runs the server and that its process becomes, such as a tracer. */
  readonly under?: readonly string[]
}

export class World implements Place {
  readonly folder = mkdtempSync(join(tmpdir(), 'ngshare-faults-'))
  readonly database = join(this.folder, 'ngshare.db')
  readonly storage = join(this.folder, 'files')
  readonly #servers: Server[] = []

  /** Resolves when the server listens. */
  async start(options: StartOptions = {}): Promise<Server> {
    const { database = this.database, storage = this.storage, args = [] } = options
    const usual = ['--port', '0', ...placeOptions({ database, storage }), ...quietStandAlone, ...args]
    const server = new Server(spawnProgram(options.bare ?? usual, options))
    this.#servers.push(server)
    await server.listening
    return server
  }

  /** What the servers had to say, for whoever looks into a failure. */
  get logs(): string {
    return this.#servers.map(server => server.log).join('')
  }

  /** Ends what still runs, and removes everything. */
  async end(): Promise<void> {
    for (const server of this.#servers) await server.kill()
    await rm(this.folder, { recursive: true, force: true })
  }
}

/** A world that lasts as long as the test that asks for it. */
export function aWorld(): World {
  const world = new World()
  onTestFailed(() => {
    console.error(world.logs.slice(-shownLogLength))
  })
  onTestFinished(() => world.end())
  return world
}

const quietStandAlone = ['--vngshare', '--debug', '--admins', 'root', '--log-level', 'warn']

/** The options that name a place. */
export function placeOptions(place: Place): string[] {
  return ['--database', `sqlite:///${place.database}`, '--storage', place.storage]
}

export class Server {
  readonly #process: ChildProcess
  readonly #startedAt = performance.now()
  readonly exited: Promise<Exit>
  readonly listening: Promise<void>
  #log = ''
  #home: URL | null = null
  #startMs = 0

  constructor(process: ChildProcess) {
    this.#process = process
    this.exited = once(process, 'exit').then(([code, signal]) => ({ code, signal }))
    process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#log += text
    })
    this.listening = this.#untilListening()
  }

  /** The API's first path, as the server itself says it. */
  get home(): URL {
    if (this.#home === null) throw new Error('the server does not listen yet')
    return this.#home
  }

  get pid(): number {
    if (this.#process.pid === undefined) throw new Error('the server could not be spawned')
    return this.#process.pid
  }

  /** From nothing to listening. */
  get startMs(): number {
    return this.#startMs
  }

  /** Warnings and errors, one a line. */
  get log(): string {
    return this.#log
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal)
  }

  /** As the operating system or an impatient admin does it: without a chance to tidy up. */
  async kill(): Promise<void> {
    this.signal('SIGKILL')
    await this.exited
  }

  async stop(): Promise<Exit> {
    this.signal('SIGTERM')
    return this.exitWithin(exitTimeoutMs)
  }

  /** @throws when the process is still there by then */
  async exitWithin(ms: number): Promise<Exit> {
    const late = new AbortController()
    const tooLate = sleep(ms, null, { signal: late.signal }).catch(() => null)
    const exit = await Promise.race([this.exited, tooLate])
    late.abort()
    if (exit === null) throw new Error(`the server is still there after ${ms} ms`)
    return exit
  }

  async #untilListening(): Promise<void> {
    let said = ''
    const saysHome = new Promise<void>(resolve => {
      this.#process.stdout?.setEncoding('utf8').on('data', (text: string) => {
        said += text
        const home = /Please go to (http:\S+)\n/.exec(said)?.[1]
        if (home === undefined || this.#home !== null) return
        this.#home = new URL(home)
        this.#startMs = Math.round(performance.now() - this.#startedAt)
        resolve()
      })
    })
    const ended = this.exited.then(({ code, signal }) => {
      throw new Error(`the server ended (${code ?? signal}) instead of listening: ${this.#log}`)
    })
    ended.catch(() => undefined) // it ends some day; of interest only before it listens
    const late = sleep(startTimeoutMs, null, { ref: false }).then(() => {
      throw new Error(`the server did not listen within ${startTimeoutMs} ms: ${this.#log}`)
    })
    late.catch(() => undefined) // as above
    await Promise.race([saysHome, ended, late])
  }
}

/** Runs the program until it ends by itself. */
export async function runProgram(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ code: number | null; said: string; complained: string }> {
  const process = spawnProgram(args, { environment })
  const output = { said: '', complained: '' }
  process.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output.said += text
  })
  process.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output.complained += text
  })
  const timer = setTimeout(() => process.kill('SIGKILL'), exitTimeoutMs)
  const [code] = await once(process, 'close')
  clearTimeout(timer)
  return { code, ...output }
}

/** Nothing of the surrounding environment that the server would listen to reaches it. */
function spawnProgram(
  args: readonly string[],
  {
    under = [],
    environment = {},
    program = ownProgram,
  }: Pick<StartOptions, 'under' | 'environment' | 'program'>,
): ChildProcess {
  const [command = '', ...rest] = [...under, process.execPath, program, ...args]
  const { PATH = '' } = process.env
  return spawn(command, rest, { env: { PATH, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] })
}
