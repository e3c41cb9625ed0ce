/** One blob all the way into a content store and out of it. */
import { createHash, randomBytes } from 'node:crypto'
import type { ContentStore } from '../../content/content-store.ts'

/** Leaves nothing behind. @throws Trouble; Error when other bytes came back */
export async function tryBlob(store: ContentStore): Promise<void> {
  const bytes = randomBytes(4096)
  const blob = await store.create()
  let location: string
  try {
    await blob.write(bytes)
    await blob.end(createHash('sha256').update(bytes).digest('hex'))
    location = await blob.place()
  } catch (error) {
    await blob.discard().catch(() => undefined) // the first error is the one to tell
    throw error
  }
  try {
    const back = Buffer.concat(await Array.fromAsync(await store.read(location)))
    if (!back.equals(bytes)) throw new Error('a file was not read back as it was written')
  } finally {
    await store.remove(location)
  }
}
