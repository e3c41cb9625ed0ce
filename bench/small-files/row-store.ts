// Keeps blobs as SQLite rows: every blob that arrives while a commit is being made durable goes into the next commit.

import { fdatasync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import Database from 'better-sqlite3'
import type { Blob, BlobStore } from './blob-store.ts'

const makeDurable = promisify(fdatasync)

type Waiting = { blob: Blob; resolve: () => void; reject: (error: unknown) => void }

export async function openRowStore(folder: string): Promise<BlobStore> {
  const database = new Database(join(folder, 'blobs.db'))
  database.pragma('journal_mode = WAL')
  // NORMAL leaves the sync of each commit to us: one fdatasync of the log per batch, off the main thread.
  database.pragma('synchronous = NORMAL')
  database.exec(
    'CREATE TABLE blobs (id INTEGER PRIMARY KEY, sha256 BLOB NOT NULL UNIQUE, bytes BLOB NOT NULL)',
  )
  const insert = database.prepare('INSERT INTO blobs (sha256, bytes) VALUES (?, ?)')
  const select = database.prepare<[Buffer], Buffer>('SELECT bytes FROM blobs WHERE sha256 = ?').pluck()
  const insertAll = database.transaction((batch: Waiting[]) => {
    for (const { blob } of batch) insert.run(blob.key, blob.bytes)
  })
  const log = await open(join(folder, 'blobs.db-wal'), 'r+')

  let queue: Waiting[] = []
  let committing = false

  async function commitUntilEmpty(): Promise<void> {
    while (queue.length > 0) {
      const batch = queue
      queue = []
      try {
        insertAll(batch)
        await makeDurable(log.fd)
        for (const { resolve } of batch) resolve()
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    committing = false
  }

  return {
    write(blob) {
      return new Promise((resolve, reject) => {
        queue.push({ blob, resolve, reject })
        // Everything that becomes ready in this turn of the event loop shares the first commit too.
        if (!committing) {
          committing = true
          setImmediate(commitUntilEmpty)
        }
      })
    },
    async read(key) {
      const bytes = select.get(key)
      if (!bytes) throw new Error(`no row for blob ${key.toString('hex')}`)
      return bytes
    },
    async close() {
      await log.close()
      database.close()
    },
  }
}
