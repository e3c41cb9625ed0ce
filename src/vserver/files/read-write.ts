/** The calls `read` and `write`. */
import type { FileHandle } from 'node:fs/promises'
import {
  CallFailed,
  checkUsable,
  clientPath,
  type FileCall,
  findEntry,
  getPath,
  isFolder,
  reporting,
} from './call.ts'
import { openToRead, openToWrite } from './content.ts'
import { decodeBase64, encodeBase64Lines } from './python/base64.ts'
import { named } from './python/errors.ts'
import { splitPath } from './python/paths.ts'
import { repr } from './python/repr.ts'

export const read: FileCall = reporting(async (root, argument, limits) => {
  const path = getPath(root, argument)
  const entry = findEntry(root, path)
  if (entry === null) throw new CallFailed(`File ${repr(path.real)} does not exist`)
  let file: FileHandle | undefined
  try {
    file = await openToRead(entry)
    const bytes = await readUpTo(file, limits.maxFileBytes)
    if (bytes === null) {
      throw new CallFailed(`File ${repr(path.real)} has more than ${limits.maxFileBytes} bytes`)
    }
    return { content: encodeBase64Lines(bytes) }
  } catch (error) {
    throw named(path.real, error)
  } finally {
    entry.release()
    await file?.close()
  }
})

export const write: FileCall = reporting(async (root, argument, limits) => {
  const path = getPath(root, argument)
  const content = argument('content')
  if (content === undefined) throw new CallFailed('Please supply content using HTTP GET')
  const bytes = decodeBase64(content)
  if (bytes === null) throw new CallFailed('Content cannot be base64 decoded')
  if (bytes.length > limits.maxFileBytes) {
    throw new CallFailed(`Content has more than ${limits.maxFileBytes} bytes`)
  }
  const folder = clientPath(root, splitPath(path.real)[0])
  if (!isFolder(root, folder)) throw new CallFailed(`Directory ${repr(folder.real)} does not exist`)
  checkUsable(path)
  let file: FileHandle | undefined
  try {
    file = await openToWrite(root, path.given)
    await file.writeFile(bytes)
  } catch (error) {
    throw named(path.real, error)
  } finally {
    await file?.close()
  }
  const message = `Written ${bytes.length} bytes to ${repr(path.real)}`
  return { length: bytes.length, pathname: path.real, message }
})

const chunkBytes = 256 * 1024

/** Null when there are more; they may become more while we read. */
async function readUpTo(file: FileHandle, maxBytes: number): Promise<Buffer | null> {
  const { size } = await file.stat()
  const chunks: Buffer[] = []
  let length = 0
  while (size <= maxBytes && length <= maxBytes) {
    // One byte more than told shows the end without another round.
    const room = Math.max(chunkBytes, Math.min(size - length + 1, maxBytes + 1))
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(room), 0, room, null)
    if (bytesRead === 0) return Buffer.concat(chunks, length)
    chunks.push(buffer.subarray(0, bytesRead))
    length += bytesRead
  }
  return null
}
