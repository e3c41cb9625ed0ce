/** Timestamps as nbgrader's own exchange writes them, `2015-02-02 15:58:23.948203 UTC`. */
import { type Micros, parseTimestamp } from '../../domain/timestamp.ts'

export interface NbgraderTime {
  readonly at: Micros
  /** The zone that nobody can tell; it was taken for UTC, as nbgrader does. Null where all is clear. */
  readonly unknownZone: string | null
}

const microsPerDay = 86_400_000_000

/** Abbreviations that name a zone by themselves; others (`PST`, `CEST`) nbgrader takes for UTC. */
const zoneAbbreviations = new Set(['EST', 'MST', 'HST', 'CET', 'MET', 'EET', 'WET'])

/** As nbgrader's `parse_utc` reads it; an offset such as `+0100` is taken for what it says. Null if it is none. */
export function parseNbgraderTime(text: string): NbgraderTime | null {
  const plain = parseTimestamp(text)
  if (plain !== null) return { at: plain, unknownZone: null }
  const [, moment = '', zone = ''] = /^(.*\d) ([A-Za-z][\w/+-]*)$/.exec(text.trim()) ?? []
  const local = parseTimestamp(moment)
  if (local === null) return null
  if (!zone.includes('/') && !/\d/.test(zone) && !zoneAbbreviations.has(zone)) {
    return { at: local, unknownZone: zone }
  }
  const at = fromZone(local, zone)
  return at === null ? { at: local, unknownZone: zone } : { at, unknownZone: null }
}

/** The moment at which clocks of the zone show what clocks of UTC show at `local`. Null: no such zone. */
function fromZone(local: Micros, zone: string): Micros | null {
  let clock: Intl.DateTimeFormat
  try {
    clock = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
  // An hour that comes twice is the first of the two; one that is left out is counted on, as Python does both.
  const before = offsetAt(clock, local - microsPerDay)
  const after = offsetAt(clock, local + microsPerDay)
  const offset =
    offsetAt(clock, local - before) !== before && offsetAt(clock, local - after) === after ? after : before
  return local - offset
}

function offsetAt(clock: Intl.DateTimeFormat, at: Micros): Micros {
  const name = clock.formatToParts(at / 1000).find(part => part.type === 'timeZoneName')?.value ?? ''
  const [, sign, hours = '0', minutes = '0'] = /^GMT(?:([+-])(\d+):(\d+))?/.exec(name) ?? []
  return (Number(hours) * 60 + Number(minutes)) * 60_000_000 * (sign === '-' ? -1 : 1)
}
