/** Where a list goes on: the key of the last item, for nobody to read. */
import { InvalidRequest } from './problems.ts'

export function writeCursor(key: string | number | null): string | null {
  return key === null ? null : Buffer.from(JSON.stringify(key)).toString('base64url')
}

/** @throws InvalidRequest: none of ours */
export function readCursor<Kind extends 'string' | 'number'>(
  cursor: string | undefined,
  kind: Kind,
): (Kind extends 'string' ? string : number) | undefined {
  if (cursor === undefined) return undefined
  const key = parse(Buffer.from(cursor, 'base64url').toString())
  const isOurs = typeof key === kind && (typeof key === 'string' || Number.isSafeInteger(key))
  if (!isOurs) throw new InvalidRequest('cursor is none that this server has given out')
  return key as Kind extends 'string' ? string : number
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
