/** Rides out short outages of the other side: asks again, with growing pauses, for as long as it makes sense. */
import { setTimeout as sleep } from 'node:timers/promises'

/** An upload goes on through an outage of so long; after it, nobody waits for the other side any more. */
const patienceMs = 15_000
const firstPauseMs = 100
const longestPauseMs = 2000

export class Patience {
  /** Since nothing has succeeded any more; null while all is well. */
  #downSince: number | null = null
  readonly #mayPass: (error: unknown) => boolean

  constructor(mayPass: (error: unknown) => boolean) {
    this.#mayPass = mayPass
  }

  /** The work must be safe to repeat. Throws what it threw last. */
  async of<Result>(work: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    let failingSince: number | null = null
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
      const begun = performance.now()
      try {
        const result = await work()
        this.#downSince = null
        return result
      } catch (error) {
        if (!this.#mayPass(error)) {
          this.#downSince = null // it has answered
          throw error
        }
        this.#downSince ??= begun
        failingSince ??= begun
        const until = Math.min(this.#downSince, failingSince) + patienceMs
        const pause = pauseMs * (0.5 + Math.random() / 2)
        if (signal?.aborted || performance.now() + pause > until) throw error
        await sleep(pause, undefined, signal === undefined ? {} : { signal })
      }
    }
  }
}
