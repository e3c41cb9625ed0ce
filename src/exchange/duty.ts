/** Work that comes again and again, and that one process at a time does. */
import type { Exchange } from './exchange.ts'
import { type Lease, LeaseLost } from './leases.ts'

export interface Duty {
  /** Ends after the step that is under way. */
  stop(): Promise<void>
}

/** One round: writes through that exchange only, and ends between two steps when the signal is aborted. */
export type Round = (exchange: Exchange, signal: AbortSignal) => Promise<void>

/**
 * There is a round so often while the lease is held, one at a time. `failed` is told what a round throws, if it was not
 * told to end. `begins`: whether there is one at once when the lease is taken; `isFinished`: at the stop.
 */
export function startDuty(
  exchange: Exchange,
  options: {
    lease: Lease
    everyMs: number
    round: Round
    failed: (error: unknown) => void
    begins?: boolean
    isFinished?: boolean
  },
): Duty {
  const { lease, everyMs, round, failed, begins = true, isFinished = false } = options
  const guarded = { ...exchange, db: lease.guard(exchange.db) }
  const stopped = new AbortController()
  let underWay: Promise<void> | null = null

  async function run(signal: AbortSignal): Promise<void> {
    try {
      await round(guarded, signal)
    } catch (error) {
      if (!(error instanceof LeaseLost) && !signal.aborted) failed(error)
    }
  }

  const start = () => {
    const { held } = lease
    if (held === null || stopped.signal.aborted) return
    underWay ??= run(AbortSignal.any([held, stopped.signal])).finally(() => {
      underWay = null
    })
  }
  if (begins) lease.onTaken(start)
  const timer = setInterval(start, everyMs)
  timer.unref()
  return {
    async stop() {
      clearInterval(timer)
      stopped.abort()
      await underWay
      if (isFinished) await lease.looked()
      const { held } = lease
      if (isFinished && held !== null) await run(held)
    },
  }
}
