/** Timestamps of 2020: the server's local time, which they do not say, and a blank where its zone was meant to stand. */
import { formatTimestamp, type Micros, parseTimestamp } from '../domain/timestamp.ts'

/** `2020-01-01 00:00:00.000000 `, with the blank. */
export function formatLocalTimestamp(at: Micros): string {
  const offsetMinutes = new Date(at / 1000).getTimezoneOffset()
  return `${formatTimestamp(at - Math.round(offsetMinutes * 60_000_000))} `
}

/**
 * Reads a timestamp of a client into the form of `formatLocalTimestamp`, by which moments are told apart: local times
 * come twice when clocks are set back. A zone that is named is converted. Null if it is none.
 */
export function normalizeLocalTimestamp(text: string): string | null {
  const at = parseTimestamp(text)
  if (at === null) return null
  return namedZone.test(text) ? formatLocalTimestamp(at) : `${formatTimestamp(at)} `
}

const namedZone = /(UTC|GMT|Z|[+-]\d\d:?\d\d)\s*$/i
