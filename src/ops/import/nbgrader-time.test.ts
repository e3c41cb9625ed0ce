import { describe, expect, it } from 'vitest'
import { formatTimestamp } from '../../domain/timestamp.ts'
import { parseNbgraderTime } from './nbgrader-time.ts'

describe('a timestamp of nbgrader', () => {
  // The right column is what `parse_utc` of nbgrader 0.9.6 said.
  it.each([
    ['2015-02-02 15:58:23.948203 UTC', '2015-02-02 15:58:23.948203'],
    ['2015-02-02 15:58:23.948203', '2015-02-02 15:58:23.948203'],
    ['2015-02-02 15:58:23 UTC', '2015-02-02 15:58:23.000000'],
    ['2015-07-02 15:58:23.948203 CET', '2015-07-02 13:58:23.948203'],
    ['2015-02-02 15:58:23.948203 CET', '2015-02-02 14:58:23.948203'],
    ['2015-07-02 15:58:23.5 Europe/Paris', '2015-07-02 13:58:23.500000'],
    ['2015-07-02 15:58:23.948203 America/St_Johns', '2015-07-02 18:28:23.948203'],
    ['2015-07-02 15:58:23.948203 EST', '2015-07-02 20:58:23.948203'],
    ['2015-07-02 15:58:23.948203 PST8PDT', '2015-07-02 22:58:23.948203'],
    ['2015-07-02T15:58:23.948203Z', '2015-07-02 15:58:23.948203'],
    ['2015-07-02T15:58:23.948203+01:00', '2015-07-02 14:58:23.948203'],
    ['2015-03-29 02:30:00.000000 Europe/Paris', '2015-03-29 01:30:00.000000'],
    ['2015-10-25 02:30:00.000000 Europe/Paris', '2015-10-25 00:30:00.000000'],
    ['2015-03-29 03:00:00.0 Europe/Paris', '2015-03-29 01:00:00.000000'],
    ['2015-03-29 01:59:59.999999 Europe/Paris', '2015-03-29 00:59:59.999999'],
  ])('%s is read as nbgrader reads it', (text, expected) => {
    const time = parseNbgraderTime(text)
    expect(time?.unknownZone).toBeNull()
    expect(formatTimestamp(time?.at ?? 0)).toBe(expected)
  })

  it.each(['PST', 'CEST', 'IST', 'Mars/Base'])('with %s is UTC, as for nbgrader, and says so', zone => {
    const time = parseNbgraderTime(`2015-07-02 15:58:23.948203 ${zone}`)
    expect(time?.unknownZone).toBe(zone)
    expect(formatTimestamp(time?.at ?? 0)).toBe('2015-07-02 15:58:23.948203')
  })

  it('with an offset is what it says, where nbgrader takes the offset for seconds', () => {
    expect(formatTimestamp(parseNbgraderTime('2015-07-02 15:58:23.0 +0100')?.at ?? 0)).toBe(
      '2015-07-02 14:58:23.000000',
    )
  })

  it.each(['', 'yesterday', '2015-13-02 15:58:23.0 UTC', '2015-07-02'])('is none: %j', text => {
    expect(parseNbgraderTime(text)).toBeNull()
  })
})
