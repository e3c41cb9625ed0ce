/** How locations are written: the SHA-256 of the bytes, and random digits that no other blob has. */
import { randomBytes } from 'node:crypto'

/** Sixteen random digits where the store knew the bytes when it named them; thirty-two where it did not yet. */
const form = /^[0-9a-f]{64}\.([0-9a-f]{16}|[0-9a-f]{32})$/

export function newLocation(sha256: string): string {
  return `${sha256}.${randomBytes(8).toString('hex')}`
}

/** In hex. */
export function sha256Of(location: string): string {
  return location.slice(0, location.indexOf('.'))
}

export function isLocation(text: string): boolean {
  return form.test(text)
}

/** A client must never name a place outside of the store. @throws Error: a mistake of ours */
export function mustBeLocation(text: string): void {
  if (!isLocation(text)) throw new Error(`not a location of this store: ${text}`)
}
