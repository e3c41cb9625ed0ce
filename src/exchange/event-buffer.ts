/**
 * Events that change nothing (what was fetched, what was refused): remembered a moment later and many at once, so that
 * reading does not wait for the disk. A crash may lose the last second of them.
 */
import { type NewEvent, recordEvents } from './events.ts'
import type { Exchange } from './exchange.ts'

const flushMs = 1000
/** Beyond that, when the database is in trouble, the oldest are dropped. */
const maxKept = 10_000
const batchSize = 500
/** The disk that is full may be the log's, too. */
const tellEveryMs = 60_000

/** Where trouble is told. */
interface Log {
  error(facts: object, message: string): void
}

export interface EventBuffer {
  add(event: NewEvent): void
  /** Writes what is there. */
  stop(): Promise<void>
}

export function startEventBuffer(exchange: Exchange, logger: Log): EventBuffer {
  let waiting: NewEvent[] = []
  let underWay: Promise<void> | null = null
  let toldAt = Number.NEGATIVE_INFINITY

  async function flush(): Promise<void> {
    try {
      while (waiting.length > 0) {
        const batch = waiting.slice(0, batchSize)
        await exchange.db.write(trx => recordEvents(trx, batch))
        waiting = waiting.slice(batch.length)
      }
    } catch (error) {
      if (waiting.length > maxKept) waiting = waiting.slice(-maxKept)
      if (performance.now() - toldAt < tellEveryMs) return
      toldAt = performance.now()
      logger.error({ err: error }, 'events could not be recorded; trying again every second')
    }
  }

  const start = () => {
    // Where nothing waits it ends at once: what comes after it must not come before.
    underWay ??= flush().finally(() => {
      underWay = null
    })
    return underWay
  }
  const timer = setInterval(start, flushMs)
  timer.unref()
  return {
    add(event) {
      waiting.push(event)
    },
    async stop() {
      clearInterval(timer)
      await underWay
      await start()
    },
  }
}
