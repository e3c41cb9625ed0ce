/** A program of a test: what it prints is kept, and it never outlives the test run. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

export const repository = fileURLToPath(new URL('../../..', import.meta.url))
export const tools = join(repository, 'node_modules', '.bin')

/** The little of our own environment that programs get; Node is the project's. */
export const path = [tools, process.env.PATH ?? ''].join(delimiter)

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** How long it took from the signal. */
  readonly afterMs: number
}

export interface ProgramOptions {
  readonly args: readonly string[]
  readonly folder: string
  readonly environment?: Readonly<Record<string, string>>
}

export class Program {
  readonly name: string
  readonly #process: ChildProcess
  readonly #exited: Promise<unknown[]>
  #output = ''

  constructor(command: string, { args, folder, environment = {} }: ProgramOptions) {
    this.name = [command, ...args].join(' ')
    this.#process = spawn(command, args, {
      cwd: folder,
      env: { PATH: path, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    running.add(this.#process)
    this.#exited = once(this.#process, 'exit').finally(() => running.delete(this.#process))
    this.#exited.catch(() => undefined) // could not be spawned: whoever waits for it is told
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text
      })
    }
  }

  /** All that it has printed. */
  get output(): string {
    return this.#output
  }

  get pid(): number {
    if (this.#process.pid === undefined) throw new Error(`could not be started: ${this.name}`)
    return this.#process.pid
  }

  get isRunning(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null
  }

  /** @throws what it printed, when it ends first or takes too long */
  async until(what: string, isTrue: () => boolean | Promise<boolean>, timeoutMs = 60_000): Promise<void> {
    const until = performance.now() + timeoutMs
    while (!(await isTrue())) {
      if (!this.isRunning) throw new Error(`${this.name} ended before this: ${what}\n${this.output}`)
      if (performance.now() > until) throw new Error(`${this.name}: no ${what} in time\n${this.output}`)
      await sleep(30)
    }
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM', timeoutMs = 30_000): Promise<Exit> {
    const startedAt = performance.now()
    if (this.isRunning) {
      this.#process.kill(signal)
      const late = setTimeout(() => this.#process.kill('SIGKILL'), timeoutMs)
      await this.#exited
      clearTimeout(late)
    }
    const { exitCode: code, signalCode } = this.#process
    return { code, signal: signalCode, afterMs: Math.round(performance.now() - startedAt) }
  }
}

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Direct children of a process whose command line has this in it. */
export function childrenOf(parent: number, commandPart: string): number[] {
  return processesWith(commandPart).filter(pid => {
    const [, fields = ''] = read(`/proc/${pid}/stat`).split(') ')
    return Number(fields.split(' ')[1]) === parent
  })
}

export function processesWith(commandPart: string): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .filter(pid => read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').includes(commandPart))
}

/** Resolves when they are gone. */
export async function endProcesses(pids: readonly number[]): Promise<void> {
  for (const pid of pids.filter(isAlive)) process.kill(pid)
  for (let tries = 0; pids.some(isAlive) && tries < 200; tries++) await sleep(50)
  for (const pid of pids.filter(isAlive)) process.kill(pid, 'SIGKILL')
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return '' // the process ended while we looked
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false // no such process
  }
}
