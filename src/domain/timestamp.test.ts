import { describe, expect, it } from 'vitest'
import { formatTimestamp, parseTimestamp, systemClock } from './timestamp.ts'

describe('a timestamp', () => {
  it('is written with 26 characters, in UTC, without a zone', () => {
    expect(formatTimestamp(1_577_836_800_000_000)).toBe('2020-01-01 00:00:00.000000')
    expect(formatTimestamp(1_795_376_630_238_451)).toBe('2026-11-22 19:43:50.238451')
  })

  it('is read back as the same microsecond', () => {
    for (const at of [0, 1, 1_577_836_800_000_000, 1_795_376_630_238_451, 4_102_444_799_999_999]) {
      expect(parseTimestamp(formatTimestamp(at))).toBe(at)
    }
  })

  it.each([
    '2026-11-22 19:43:50.5',
    '2026-11-22 19:43:50.500000 UTC',
    '2026-11-22T19:43:50.5Z',
    '2026-11-22 19:43:50.5 gmt',
    '  2026-11-22   19:43:50.5  ',
    '2026-11-22 20:43:50.5 +01:00',
    '2026-11-22 20:43:50.5+0100',
    '2026-11-22T14:13:50.5-05:30',
  ])('may be written %j', text => {
    expect(parseTimestamp(text)).toBe(parseTimestamp('2026-11-22 19:43:50.500000'))
  })

  it('may have no fraction and single digits', () => {
    expect(parseTimestamp('2020-1-1 0:0:0')).toBe(1_577_836_800_000_000)
  })

  it.each([
    '',
    'yesterday',
    '2026-11-22',
    '2026-11-22 19:43:50.1234567',
    '2026-02-30 00:00:00.0',
    '2026-13-01 00:00:00.0',
    '2026-11-22 24:00:00.0',
    '2026-11-22 19:43:60.0',
    '0026-11-22 19:43:50.0',
    '2026-11-22 19:43:50.0 CET',
    '2026-11-22 19:43:50.0 +99:00',
    '２０26-11-22 19:43:50.0',
  ])('is not %j', text => {
    expect(parseTimestamp(text)).toBeNull()
  })

  it('of the system clock has microseconds and never lies by more than 5 ms', () => {
    const clock = systemClock()
    const seen = Array.from({ length: 2000 }, () => clock())
    expect(seen.some(at => at % 1000 !== 0)).toBe(true)
    expect(Math.abs(clock() / 1000 - Date.now())).toBeLessThan(5)
  })
})
