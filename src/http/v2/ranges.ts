/** Requests for a part of a file: RFC 9110, section 14. */
import type { FastifyRequest } from 'fastify'

/**
 * The one range that was asked for, `to` exclusive; null for the whole: nothing was asked for, more than one was, it
 * cannot be read, or it is of other bytes than these.
 */
export function rangeOf(
  request: FastifyRequest,
  file: { sha256: string; sizeBytes: number },
): { from: number; to: number } | 'unsatisfiable' | null {
  const { range } = request.headers
  const ifRange = request.headers['if-range']
  if (range === undefined || (ifRange !== undefined && ifRange !== `"${file.sha256}"`)) return null
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(range.trim())
  if (match === null) return null
  const [, first = '', last = ''] = match
  if (first === '' && last === '') return null
  const size = file.sizeBytes
  if (first === '') {
    const length = Math.min(Number(last), size)
    return length === 0 ? 'unsatisfiable' : { from: size - length, to: size }
  }
  const from = Number(first)
  if (last !== '' && Number(last) < from) return null
  if (from >= size) return 'unsatisfiable'
  return { from, to: last === '' ? size : Math.min(Number(last) + 1, size) }
}
