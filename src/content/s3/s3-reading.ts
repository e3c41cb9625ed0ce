/** Reads an object to its end, over as many requests as it takes: a connection that breaks is replaced by another. */
import { Trouble } from '../../domain/errors.ts'
import type { ObjectBytes, S3Calls } from './s3-calls.ts'

/** So often in a row without a single byte. */
const maxBroken = 3

/** Null where there is no such object. @throws Trouble */
export async function readObject(calls: S3Calls, key: string): Promise<AsyncIterable<Buffer> | null> {
  const first = await calls.get(key)
  return first === null ? null : chunksOf(calls, key, first)
}

async function* chunksOf(calls: S3Calls, key: string, first: ObjectBytes): AsyncGenerator<Buffer> {
  const { etag, sizeBytes } = first
  let { chunks } = first
  let read = 0
  for (let broken = 0; ; broken++) {
    const before = read
    try {
      for await (const chunk of chunks) {
        read += chunk.length
        yield chunk
      }
    } catch (error) {
      if (read === before && broken >= maxBroken) throw brokenOff(error)
    }
    if (read >= sizeBytes) return
    if (read > before) broken = 0
    else if (broken >= maxBroken) throw brokenOff(undefined)
    const rest = await calls.get(key, read, etag)
    if (rest === null) throw new Trouble('blob-missing', `the object ${key} was removed while it was read`)
    chunks = rest.chunks
  }
}

function brokenOff(cause: unknown): Trouble {
  return new Trouble('storage', 'the S3 store breaks off its answers again and again', { cause })
}
