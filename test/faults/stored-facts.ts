/** Looks at what a server keeps, behind its back: the rows, the files, and whether they belong together. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import type { Place } from './world.ts'

interface BlobRow {
  readonly id: number
  readonly sha256: string
  readonly md5: string
  readonly size_bytes: number
  readonly location: string | null
  readonly bytes: Buffer | null
}

export interface StoredFacts {
  /** What should not be, in words; empty when all is well. */
  readonly faults: readonly string[]
  readonly blobs: number
  /** Placed files that no row points at: harmless, and swept later. */
  readonly unused: readonly string[]
  readonly lastBlobId: number
}

/** `afterBlob`: blobs up to that one were read before, and are trusted to be as they were. */
export function inspect(place: Place, options: { afterBlob?: number } = {}): StoredFacts {
  const sqlite = new Sqlite(place.database, { readonly: true })
  try {
    const placed = new Set(placedFiles(place))
    const faults = [...brokenRules(sqlite), ...incompleteTrees(sqlite)]
    const all = sqlite.prepare('select id, location from blobs order by id').all() as BlobRow[]
    for (const { id, location } of all) {
      if (location !== null && !placed.has(location)) faults.push(`blob ${id} has no file ${location}`)
      if (location !== null) placed.delete(location)
    }
    const fresh = sqlite.prepare('select * from blobs where id > ?').iterate(options.afterBlob ?? 0)
    for (const blob of fresh as IterableIterator<BlobRow>) faults.push(...wrongBytes(place, blob))
    return { faults, blobs: all.length, unused: [...placed], lastBlobId: all.at(-1)?.id ?? 0 }
  } finally {
    sqlite.close()
  }
}

/** Uploads that have not been placed. */
export function stagedFiles(place: Place): string[] {
  return readdirSync(join(place.storage, 'staging'))
}

/** Locations of large blobs, whoever points at them. */
export function placedFiles(place: Place): string[] {
  const blobs = join(place.storage, 'blobs')
  return readdirSync(blobs).flatMap(folder => readdirSync(join(blobs, folder)))
}

function brokenRules(sqlite: Sqlite.Database): string[] {
  const integrity = sqlite.pragma('integrity_check') as { integrity_check: string }[]
  const strangers = sqlite.pragma('foreign_key_check') as object[]
  return [
    ...integrity.map(row => row.integrity_check).filter(text => text !== 'ok'),
    ...strangers.map(row => `a row points at nothing: ${JSON.stringify(row)}`),
  ]
}

function incompleteTrees(sqlite: Sqlite.Database): string[] {
  const trees = sqlite
    .prepare(
      `select trees.id from trees
       left join tree_files on tree_files.tree_id = trees.id
       left join blobs on blobs.id = tree_files.blob_id
       group by trees.id
       having count(blobs.id) <> file_count or coalesce(sum(blobs.size_bytes), 0) <> trees.size_bytes`,
    )
    .all() as { id: number }[]
  return trees.map(({ id }) => `tree ${id} lacks files`)
}

function wrongBytes(place: Place, blob: BlobRow): string[] {
  const bytes = blob.bytes ?? placedBytes(place, blob.location ?? '')
  if (bytes === null) return [] // told already
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const md5 = createHash('md5').update(bytes).digest('hex')
  if (bytes.length === blob.size_bytes && sha256 === blob.sha256 && md5 === blob.md5) return []
  return [`blob ${blob.id} should be ${blob.size_bytes} bytes ${blob.sha256}, is ${bytes.length} ${sha256}`]
}

function placedBytes(place: Place, location: string): Buffer | null {
  try {
    return readFileSync(join(place.storage, 'blobs', location.slice(0, 2), location))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
