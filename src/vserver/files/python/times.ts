/** Moments as Python's `os.stat` tells them. */

const nanosecondsPerSecond = 1_000_000_000n

/** Seconds since 1970, rounded as Python rounds them. */
export function inSeconds(nanoseconds: bigint): number {
  const rest = ((nanoseconds % nanosecondsPerSecond) + nanosecondsPerSecond) % nanosecondsPerSecond
  return Number((nanoseconds - rest) / nanosecondsPerSecond) + 1e-9 * Number(rest)
}
