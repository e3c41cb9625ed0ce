/** Trouble beneath the server is the same for all who ask: the log tells of the first, and then once in a while. */
import { Trouble, type TroubleKind } from '../domain/errors.ts'
import { factsOf } from './errors.ts'

const everyMs = 10_000

/** What is about one file is told each time: the next may be about another. */
const each: ReadonlySet<TroubleKind> = new Set(['blob-missing', 'blob-damaged'])

interface Log {
  error(facts: object, message: string): void
}

/** `alike`: how many of the same kind have not been told since the last that was. */
export function createTroubleLog(): (log: Log, error: unknown, message: string) => void {
  const last = new Map<TroubleKind, { toldAt: number; alike: number }>()
  return (log, error, message) => {
    if (!(error instanceof Trouble) || each.has(error.kind)) {
      log.error(factsOf(error), message)
      return
    }
    const before = last.get(error.kind)
    const now = performance.now()
    if (before !== undefined && now - before.toldAt < everyMs) {
      before.alike++
      return
    }
    const alike = before === undefined || before.alike === 0 ? {} : { alike: before.alike }
    log.error({ ...factsOf(error), ...alike }, message)
    last.set(error.kind, { toldAt: now, alike: 0 })
  }
}
