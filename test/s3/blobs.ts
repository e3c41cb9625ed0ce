/** Blobs for tests that harm their way into a store and out of it. */
import { createHash } from 'node:crypto'
import type { ContentStore, UnplacedBlob } from '../../src/content/content-store.ts'

export const megabyte = 1024 * 1024
const pieceBytes = 256 * 1024

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** In the pieces in which the server writes. `at`: called when so many bytes have been written. */
export async function writeInPieces(
  blob: UnplacedBlob,
  bytes: Buffer,
  { at, act }: { at: number; act: () => void } = { at: -1, act: () => undefined },
): Promise<void> {
  for (let from = 0; from < bytes.length; from += pieceBytes) {
    if (from <= at && at < from + pieceBytes) act()
    await blob.write(bytes.subarray(from, from + pieceBytes))
  }
}

export async function stored(store: ContentStore, bytes: Buffer): Promise<string> {
  const blob = await store.create()
  await writeInPieces(blob, bytes)
  await blob.end(sha256(bytes))
  return blob.place()
}

/** `after`: called with the number of bytes that have come, after each chunk. */
export async function readAll(
  store: ContentStore,
  location: string,
  after: (bytes: number) => void = () => undefined,
): Promise<Buffer> {
  const chunks: Buffer[] = []
  let sum = 0
  for await (const chunk of await store.read(location)) {
    chunks.push(Buffer.from(chunk))
    sum += chunk.length
    after(sum)
  }
  return Buffer.concat(chunks)
}
