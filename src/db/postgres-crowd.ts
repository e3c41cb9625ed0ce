/** Acts that come in crowds, several in one transaction: they share its way to the server, and its commit. */
import { Trouble } from '../domain/errors.ts'
import type { Act, Later, Writer } from './database.ts'
import { runAct } from './postgres-acts.ts'
import { isConflict, troubleOf } from './postgres-errors.ts'
import type { Sessions } from './postgres-sessions.ts'

type Deliver = () => void

interface WaitingAct {
  readonly by: string
  /** Resolves to what tells whoever waits for it, to be called once the act is durable. */
  run(trx: Writer, later: Later): Promise<Deliver>
  /** In a transaction of its own, and tells how it ended. */
  runAlone(): Promise<void>
  fail(error: unknown): void
}

/** Each must not wait for too many others, and takes its share of what is lost when one of them is refused. */
const maxTogether = 16
/** So long acts wait for those before them, to be joined by others. Where those are held up, they go on without them. */
const patienceMs = 1
/** What has come to nothing so late is not tried again alone. */
const lateMs = 2000

export class Crowd {
  readonly #sessions: Sessions
  readonly #runAlone: <Result>(act: Act<Result>) => Promise<Result>
  #waiting: WaitingAct[] = []
  #underWay = 0
  #isNext = false
  #patience: NodeJS.Timeout | undefined

  /** `runAlone` tries again for as long as it may go well, and throws as `Database.write` does. */
  constructor(sessions: Sessions, runAlone: <Result>(act: Act<Result>) => Promise<Result>) {
    this.#sessions = sessions
    this.#runAlone = runAlone
  }

  /** As `Database.write` for an act that may share with those of others. */
  write<Result>(act: Act<Result>, by: string): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({
        by,
        run: async (trx, later) => {
          const result = await act(trx, later)
          return () => resolve(result)
        },
        runAlone: () => this.#runAlone(act).then(resolve, reject),
        fail: reject,
      })
      this.#schedule()
    })
  }

  #schedule(): void {
    if (this.#isNext || this.#waiting.length === 0) return
    if (this.#underWay === 0 || this.#waiting.length >= maxTogether) {
      this.#isNext = true
      setImmediate(() => this.#begin()) // requests whose bytes have arrived join it
    } else {
      this.#patience ??= setTimeout(() => this.#begin(), patienceMs)
    }
  }

  #begin(): void {
    clearTimeout(this.#patience)
    this.#patience = undefined
    this.#isNext = false
    const acts = this.#takeNext()
    if (acts.length === 0) return
    this.#underWay++
    void this.#run(acts).finally(() => {
      this.#underWay--
      this.#schedule()
    })
    this.#schedule()
  }

  /** The first of each, in their order. */
  #takeNext(): WaitingAct[] {
    const next = new Map<string, WaitingAct>()
    const later: WaitingAct[] = []
    for (const act of this.#waiting) {
      if (next.size < maxTogether && !next.has(act.by)) next.set(act.by, act)
      else later.push(act)
    }
    this.#waiting = later
    return [...next.values()]
  }

  async #run(acts: readonly WaitingAct[]): Promise<void> {
    const began = performance.now()
    try {
      if (acts.length > 1) return await this.#runTogether(acts)
    } catch (error) {
      const trouble = troubleOf(error)
      const isLate = performance.now() - began > lateMs
      // Trouble as it was thrown: the transaction may have been committed all the same.
      if (error instanceof Trouble || (trouble instanceof Trouble && isLate && !isConflict(error))) {
        for (const act of acts) act.fail(trouble)
        return
      }
    }
    // One was refused, or in the way of another: alone, each gets what is its own.
    await Promise.all(acts.map(act => act.runAlone()))
  }

  /** All or none; the first failure is thrown when all have come to their end. */
  async #runTogether(acts: readonly WaitingAct[]): Promise<void> {
    const delivery = await this.#sessions.use(session =>
      runAct(session, async (trx, later) => {
        const outcomes = await Promise.allSettled(acts.map(act => act.run(trx, later)))
        return outcomes.map(outcome => {
          if (outcome.status === 'rejected') throw outcome.reason
          return outcome.value
        })
      }),
    )
    for (const deliver of delivery) deliver()
  }
}
