/** Moments of submissions as other exchanges wrote them down. */
import { hash } from 'node:crypto'
import type { Micros } from '../../domain/timestamp.ts'

/** A moment of its own near the beginning of 1970, always the same, for what has none: nothing else is there. */
export function momentWithoutTimestamp(identity: string): Micros {
  return Number.parseInt(hash('sha256', identity).slice(0, 8), 16)
}

/**
 * Gives each submission a moment that no other of its student has: in the order of time, and of `rows` where that is
 * the same, one goes to the next microsecond. Always the same for the same rows.
 */
export function separateMoments<Row extends { readonly student: string; readonly at: Micros }>(
  rows: readonly Row[],
): { row: Row; receivedAt: Micros }[] {
  const last = new Map<string, Micros>()
  const moments = new Map<Row, Micros>()
  for (const row of [...rows].sort((one, other) => one.at - other.at)) {
    const receivedAt = Math.max(row.at, (last.get(row.student) ?? Number.NEGATIVE_INFINITY) + 1)
    last.set(row.student, receivedAt)
    moments.set(row, receivedAt)
  }
  return rows.map(row => ({ row, receivedAt: moments.get(row) ?? row.at }))
}
