/** Moments in time: one integer of microseconds since 1970 (UTC) inside, text on the wire. */

/** Microseconds since 1970-01-01T00:00:00Z: fits a JavaScript number until the year 2255. */
export type Micros = number

/** A source of the current moment. */
export type Clock = () => Micros

/**
 * The system's wall clock with microseconds. `Date.now()` has milliseconds only, so the finer digits come from
 * the monotonic clock, anchored anew whenever the wall clock was set.
 */
export function systemClock(): Clock {
  let anchorMs = Date.now() - performance.now()
  return () => {
    const wallMs = Date.now()
    const preciseMs = anchorMs + performance.now()
    if (Math.abs(preciseMs - wallMs) <= 2) return Math.floor(preciseMs * 1000)
    anchorMs = wallMs - performance.now()
    return wallMs * 1000
  }
}

const microsPerDay = 86_400_000_000
let formattedDay = Number.NaN
let formattedDate = ''

/**
 * The 26 characters of the v1 contract, `2026-11-22 19:43:50.238451`: UTC without saying so. Students' cache and
 * feedback folders carry this very text as their name.
 */
export function formatTimestamp(at: Micros): string {
  const day = Math.floor(at / microsPerDay)
  if (day !== formattedDay) {
    formattedDate = new Date(day * 86_400_000).toISOString().slice(0, 10)
    formattedDay = day
  }
  const ofDay = at - day * microsPerDay
  const seconds = Math.floor(ofDay / 1_000_000)
  const micros = String(ofDay - seconds * 1_000_000).padStart(6, '0')
  const hour = Math.floor(seconds / 3600)
  const minute = Math.floor((seconds % 3600) / 60)
  return `${formattedDate} ${twoDigits(hour)}:${twoDigits(minute)}:${twoDigits(seconds % 60)}.${micros}`
}

function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : String(value)
}

const timestampForm =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:\s+|T)(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,6}))?\s*(UTC|GMT|Z|[+-]\d{2}:?\d{2})?$/i

/**
 * Reads a timestamp of a client: `2026-11-22 19:43:50.238451`, with or without fraction, with a blank or `T`
 * in the middle, with an optional `UTC`, `GMT`, `Z` or `±HH[:]MM`, which is converted. Null if it is none.
 */
export function parseTimestamp(text: string): Micros | null {
  const match = timestampForm.exec(text.trim())
  if (match === null) return null
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const ms = Date.UTC(year, month - 1, day, hour, minute, second)
  const back = new Date(ms)
  // Date.UTC rolls impossible dates over (30 February → 1 March) and reads years below 100 as 19xx.
  const isReal =
    back.getUTCFullYear() === year &&
    back.getUTCMonth() === month - 1 &&
    back.getUTCDate() === day &&
    hour < 24 &&
    minute < 60 &&
    second < 60
  const offset = zoneOffsetMinutes(match[8])
  if (!isReal || offset === null) return null
  const micros = Number((match[7] ?? '').padEnd(6, '0'))
  return (ms - offset * 60_000) * 1000 + micros
}

function zoneOffsetMinutes(zone: string | undefined): number | null {
  const numeric = /^([+-])(\d{2}):?(\d{2})$/.exec(zone ?? '')
  if (numeric === null) return 0
  const [, sign, hours, minutes] = numeric
  if (Number(hours) > 23 || Number(minutes) > 59) return null
  return (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1)
}
