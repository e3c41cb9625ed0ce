/** Names of courses, assignments and users: what may be created anew. Odd old names stay readable. */
import { Refusal } from './errors.ts'

/** The length limit of a new name, in bytes of UTF-8: what file systems allow for one path component. */
export const maxNameBytes = 255

/**
 * Whether a course, assignment or user may be created under this name: not empty, at most 255 bytes of
 * UTF-8, no control characters or lone surrogates, not `.` or `..`.
 */
export function isNewName(name: string): boolean {
  if (name === '' || name === '.' || name === '..') return false
  return Buffer.byteLength(name) <= maxNameBytes && name.isWellFormed() && !hasControlCharacter(name)
}

/** @throws Refusal `illegal-name` */
export function checkNewName(name: string): void {
  if (!isNewName(name)) throw new Refusal('illegal-name')
}

/** U+0000 to U+001F and U+007F. */
export function hasControlCharacter(text: string): boolean {
  return /[\u0000-\u001f\u007f]/.test(text)
}
