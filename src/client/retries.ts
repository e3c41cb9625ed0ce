/** Whether a request that failed is sent again, and when. */
import { NoAnswer, ProblemError } from './errors.ts'

/** Each waits twice as long as the one before, and a random bit more, so that a class does not come back as one. */
const firstPauseMs = 500
/** Who is asked to wait longer than this is told so instead. */
const longestPauseMs = 60_000

/**
 * How long to wait before the next attempt; null: it is over. Where the server itself asks us to come back, nothing was
 * done. Otherwise the request may have been carried out without our hearing of it: only what may be done twice is repeated.
 */
export function pauseAfter(
  error: unknown,
  { attempt, maxAttempts, isRepeatable }: { attempt: number; maxAttempts: number; isRepeatable: boolean },
): number | null {
  if (attempt >= maxAttempts) return null
  const pauseMs = firstPauseMs * 2 ** (attempt - 1) * (1 + Math.random() / 2)
  if (error instanceof NoAnswer) return isRepeatable ? pauseMs : null
  if (!(error instanceof ProblemError)) return null
  const { status, retryAfterMs } = error
  if (retryAfterMs !== null && (status === 429 || status === 503))
    return retryAfterMs > longestPauseMs ? null : Math.max(retryAfterMs, pauseMs)
  return isRepeatable && [502, 503, 504].includes(status) ? pauseMs : null
}
