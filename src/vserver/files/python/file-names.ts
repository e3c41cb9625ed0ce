/**
 * File names as Python shows them (`os.fsdecode`, `os.fsencode`): UTF-8, and each byte that is not part of it as a
 * lone surrogate U+DC80…U+DCFF, so that every name there can be on a disk survives.
 */
import { isUtf8 } from 'node:buffer'
import { PythonError } from './errors.ts'

export function decodeFileName(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString()
  let text = ''
  for (let i = 0; i < bytes.length; ) {
    const character = bytes.subarray(i, i + characterBytes(bytes[i] as number))
    if (isUtf8(character)) {
      text += character.toString()
      i += character.length
    } else {
      text += String.fromCharCode(0xdc00 + (bytes[i] as number))
      i++
    }
  }
  return text
}

/** @throws PythonError `UnicodeEncodeError` for a surrogate that stands for no byte */
export function encodeFileName(name: string): Buffer {
  if (name.isWellFormed()) return Buffer.from(name)
  const bad = /[\ud800-\udfff]*(?:[\ud800-\udc7f]|[\udd00-\udfff])[\ud800-\udfff]*/u.exec(name)
  if (bad !== null) throw encodeError(name, bad)
  const pieces = name.split(/([\udc80-\udcff]+)/u)
  return Buffer.concat(
    pieces.map((piece, i) =>
      i % 2 === 0 ? Buffer.from(piece) : Buffer.from(piece, 'utf16le').filter((_, at) => at % 2 === 0),
    ),
  )
}

/** A path that can be given to a system call. @throws PythonError `ValueError` and its kinds */
export function checkPath(path: string): void {
  encodeFileName(path)
  if (path.includes('\0')) throw new PythonError('ValueError', 'embedded null byte')
}

function characterBytes(first: number): number {
  return first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
}

function encodeError(name: string, bad: RegExpExecArray): PythonError {
  const first = [...name.slice(0, bad.index)].length
  const count = bad[0].length
  const what =
    count === 1
      ? `character '\\u${bad[0].charCodeAt(0).toString(16)}' in position ${first}`
      : `characters in position ${first}-${first + count - 1}`
  return new PythonError('UnicodeEncodeError', `'utf-8' codec can't encode ${what}: surrogates not allowed`)
}
