// The server that is killed again and again. Each time it is started at once: on the same data, at the same port.

import { readFileSync, statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Exit, type Launch, ServerProcess } from '../peers/server-process.ts'

/** A start that did not come to listening, or a process that ended although nobody ended it. */
export type Mishap = {
  what: 'start failed' | 'ended by itself' | 'never well'
  exit: Exit | null
  log: string
}

/** What starts services waits as long before it tries again. */
const AFTER_MISHAP_MS = 200
const SHOWN_LOG = 1500
/** Longer than any start, also on a busy machine. */
const MOST_START_MS = 60_000

export class Victim {
  readonly port: number
  readonly startsMs: number[] = []
  readonly mishaps: Mishap[] = []
  kills = 0
  killsWhileStarting = 0
  readonly #launch: Launch
  readonly #server: ServerProcess
  #isWell = false
  #isKilled = false
  #isOver = false
  #living: Promise<void> = Promise.resolve()

  constructor(launch: Launch) {
    this.port = launch.port
    this.#launch = launch
    this.#server = new ServerProcess(launch)
  }

  /** Resolves when it is well for the first time. From then on it is kept alive. */
  async start(): Promise<void> {
    this.#living = this.#keepAlive()
    await this.untilWell()
  }

  /** Resolves when there was something to kill, and it is gone. */
  async kill(): Promise<void> {
    while (!this.#isOver && !this.#server.kill()) await sleep(5)
    if (this.#isOver) return
    this.#isKilled = true
    this.kills++
    if (!this.#isWell) this.killsWhileStarting++
    await this.#server.ended
  }

  /** @throws when it does not come back */
  async untilWell(): Promise<void> {
    const endsAt = performance.now() + MOST_START_MS
    while (!this.#isWell && !this.#isOver) {
      if (performance.now() > endsAt)
        throw new Error(`the server does not come back: ${this.mishaps.at(-1)?.log ?? 'it says nothing'}`)
      await sleep(10)
    }
  }

  /** An orderly stop, and no new start. */
  async stop(): Promise<Exit> {
    this.#isOver = true
    const { ended } = this.#server
    await this.#server.stop()
    await this.#living
    return ended
  }

  async #keepAlive(): Promise<void> {
    while (!this.#isOver) {
      const logBefore = this.#logLength()
      this.#isKilled = false
      const isUp = await this.#startOnce()
      const exit = await this.#server.ended
      this.#isWell = false
      if (this.#isKilled || this.#isOver) continue
      this.mishaps.push({
        what: isUp ? 'ended by itself' : 'start failed',
        exit,
        log: readFileSync(this.#launch.logFile, 'utf8').slice(logBefore).slice(-SHOWN_LOG),
      })
      await sleep(AFTER_MISHAP_MS)
    }
  }

  async #startOnce(): Promise<boolean> {
    const startedAt = performance.now()
    try {
      await this.#server.start()
      this.startsMs.push(performance.now() - startedAt)
      this.#isWell = true
      return true
    } catch (error) {
      // It ended, which whoever waits for the end will see; or it lives, and does not answer.
      if (this.#server.kill()) this.mishaps.push({ what: 'never well', exit: null, log: String(error) })
      return false
    }
  }

  #logLength(): number {
    return statSync(this.#launch.logFile, { throwIfNoEntry: false })?.size ?? 0
  }
}
