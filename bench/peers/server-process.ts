// Starts and ends the servers that are measured.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

export type PeerName = 'ours' | 'python' | 'bare'

/** How to run one kind of server. */
export type Launch = {
  command: string
  args: string[]
  env: Record<string, string>
  logFile: string
  port: number
}

// No proxy settings, and nothing else of the caller's surroundings: every server starts alike.
export const ENVIRONMENT = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '' }

export type Exit = { code: number | null; signal: NodeJS.Signals | null }

const START_MS = 20_000
const STOP_MS = 5_000

const running = new Set<ChildProcess>()
// Whatever ends the benchmark, no server outlives it.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

export class ServerProcess {
  readonly port: number
  readonly #launch: Launch
  #child: ChildProcess | null = null
  #ended: Promise<Exit> = Promise.resolve({ code: null, signal: null })

  constructor(launch: Launch) {
    this.#launch = launch
    this.port = launch.port
  }

  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error('the server is not running')
    return this.#child.pid
  }

  /** Resolves when the process that was started last is gone, however it went. */
  get ended(): Promise<Exit> {
    return this.#ended
  }

  /** Resolves when the server says that it is well. */
  async start(): Promise<void> {
    const { command, args, env, logFile, port } = this.#launch
    const log = openSync(logFile, 'a')
    const child = spawn(command, args, { env, stdio: ['ignore', log, log] })
    closeSync(log)
    this.#child = child
    running.add(child)
    child.once('exit', () => running.delete(child))
    this.#ended = once(child, 'exit').then(([code, signal]) => ({ code, signal }))

    const endsAt = performance.now() + START_MS
    while (!(await isWell(port))) {
      if (hasEnded(child)) throw new Error(`${command} ended at once, see ${logFile}`)
      if (performance.now() > endsAt) throw new Error(`${command} does not answer, see ${logFile}`)
      await sleep(50)
    }
  }

  /** Asks to end; insists when that takes too long. */
  async stop(): Promise<void> {
    const insist = setTimeout(() => this.#child?.kill('SIGKILL'), STOP_MS)
    await this.#end('SIGTERM')
    clearTimeout(insist)
  }

  /** As `kill -9` in the middle of the work, and a new start on the same data. */
  async killAndRestart(): Promise<void> {
    await this.#end('SIGKILL')
    await this.start()
  }

  /** At once, whether it listens yet or not. False where there is nothing to kill. */
  kill(): boolean {
    const child = this.#child
    return child !== null && !hasEnded(child) && child.kill('SIGKILL')
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    this.#child = null
    if (!child || hasEnded(child)) return
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}

async function isWell(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/healthz`)
    await response.arrayBuffer()
    return response.ok
  } catch {
    // Refused: it does not listen yet.
    return false
  }
}
