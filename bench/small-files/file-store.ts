// Keeps each blob in a file of its own: temporary name, fdatasync, rename, fsync of the folder.

import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { BlobStore } from './blob-store.ts'
import { openRowStore } from './row-store.ts'

const FAN_OUT = 256

export async function openFileStore(folder: string): Promise<BlobStore> {
  for (let i = 0; i < FAN_OUT; i++) await mkdir(join(folder, i.toString(16).padStart(2, '0')))

  return {
    async write({ key, bytes }) {
      const name = key.toString('hex')
      const parent = join(folder, name.slice(0, 2))
      const temporary = join(parent, `${name}.part`)
      const file = await open(temporary, 'wx')
      try {
        await file.write(bytes)
        await file.datasync()
      } finally {
        await file.close()
      }
      await rename(temporary, join(parent, name))
      const directory = await open(parent, 'r')
      try {
        await directory.sync()
      } finally {
        await directory.close()
      }
    },
    read(key) {
      const name = key.toString('hex')
      return readFile(join(folder, name.slice(0, 2), name))
    },
    async close() {},
  }
}

/** As the file store, followed by the row that must name the file: what an upload really waits for. */
export async function openFileAndRowStore(folder: string): Promise<BlobStore> {
  const files = await openFileStore(folder)
  const rows = await openRowStore(folder)
  const nothing = Buffer.alloc(0)
  return {
    async write(blob) {
      await files.write(blob)
      await rows.write({ key: blob.key, bytes: nothing })
    },
    async read(key) {
      await rows.read(key)
      return files.read(key)
    },
    async close() {
      await rows.close()
      await files.close()
    },
  }
}
