/** Harms what a service has stored, as bad disks and careless people do. */
import { readdirSync } from 'node:fs'
import { open, rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import type { Place } from '../faults/world.ts'
import { sha256Of } from './stories.ts'

/** Where the bytes of a large file are. */
export function storedFile(place: Place, bytes: Buffer): string {
  const sha256 = sha256Of(bytes)
  const folder = join(place.storage, 'blobs', sha256.slice(0, 2))
  const name = readdirSync(folder).find(name => name.startsWith(`${sha256}.`))
  if (name === undefined) throw new Error('these bytes are not in the folder')
  return join(folder, name)
}

export async function flipBit(path: string, position: number): Promise<void> {
  const file = await open(path, 'r+')
  try {
    const byte = Buffer.alloc(1)
    await file.read(byte, 0, 1, position)
    byte[0] = (byte[0] ?? 0) ^ 1
    await file.write(byte, 0, 1, position)
  } finally {
    await file.close()
  }
}

export async function cutShort(path: string, sizeBytes: number): Promise<void> {
  await truncate(path, sizeBytes)
}

export async function removeFile(path: string): Promise<void> {
  await rm(path)
}

/** Behind the back of the service, without its foreign keys. */
export function changeRows(place: Place, statement: string, ...values: unknown[]): void {
  const sqlite = new Sqlite(place.database)
  try {
    sqlite.pragma('foreign_keys = off')
    const { changes } = sqlite.prepare(statement).run(...values)
    if (changes === 0) throw new Error(`nothing to harm: ${statement}`)
  } finally {
    sqlite.close()
  }
}

/** Of a file that is kept in the database. */
export function changeStoredBytes(place: Place, bytes: Buffer, wrong: Buffer): void {
  changeRows(place, 'update blobs set bytes = ? where sha256 = ?', wrong, sha256Of(bytes))
}

/** Where a table or an index of the database begins. Nobody may have it open. */
export async function wipePage(place: Place, name: string): Promise<void> {
  const sqlite = new Sqlite(place.database)
  const page = sqlite.prepare('select rootpage from sqlite_master where name = ?').pluck().get(name) as number
  const size = sqlite.pragma('page_size', { simple: true }) as number
  sqlite.close()
  const file = await open(place.database, 'r+')
  await file.write(Buffer.alloc(size), 0, size, (page - 1) * size)
  await file.close()
}
