/** Brings blobs from one exchange to another, bytes and rows: while others submit, or the last ones when nobody does. */
import { checkBytes, checkedBytes } from '../content/checked-bytes.ts'
import type { ContentStore } from '../content/content-store.ts'
import type { Reader } from '../db/database.ts'
import { Trouble } from '../domain/errors.ts'
import { copyBytes, type DamagedBlob, UnreadableSource } from './copy-content.ts'
import type { Exchange } from './exchange.ts'
import { sideBySide } from './side-by-side.ts'

export interface BroughtContent {
  /** Looked at, in the database and in the content store. */
  blobs: number
  /** Of those, what was not there yet. */
  newBlobs: number
  newFiles: number
  newBytes: number
  /** Brought as they are: no bytes, or other bytes than were stored. */
  damaged: DamagedBlob[]
}

type Stored = Pick<Exchange, 'db' | 'content'>

interface Input {
  readonly from: Stored
  readonly to: Stored
  progress(brought: Readonly<BroughtContent>): void
}

/** At most 64 KiB each are in memory. */
const blobsPerPage = 128
const atOnce = 8

/**
 * A row comes when its bytes are there, and were read back and checked; rows that are there already are not looked at
 * again. Safe to repeat. @throws Trouble when the target is in trouble
 */
export async function bringContent(input: Input): Promise<BroughtContent> {
  const brought: BroughtContent = { blobs: 0, newBlobs: 0, newFiles: 0, newBytes: 0, damaged: [] }
  for (let last = 0; ; ) {
    const page = await selectBlobs(input.from.db.read, last)
    if (page.length === 0) return brought
    await bringPage(input, page, brought)
    brought.blobs += page.length
    input.progress(brought)
    last = page.at(-1)?.blobId ?? last
  }
}

type BlobRow = Awaited<ReturnType<typeof selectBlobs>>[number]

function selectBlobs(db: Reader, after: number) {
  return db
    .selectFrom('blobs')
    .select(['id as blobId', 'sha256', 'md5', 'size_bytes as sizeBytes', 'stored_at as storedAt', 'location'])
    .where('id', '>', after)
    .orderBy('id')
    .limit(blobsPerPage)
    .execute()
}

async function bringPage(input: Input, page: readonly BlobRow[], brought: BroughtContent): Promise<void> {
  const missing = await notThere(input, page)
  if (missing.length === 0) return
  const inline = await readInline(input.from.db.read, missing)
  const ready: BlobRow[] = []
  await sideBySide(missing, { atOnce }, async blob => {
    const text = await (blob.location === null
      ? checkInline(inline.get(blob.blobId), blob)
      : bringFile(input, brought, blob, blob.location))
    if (text !== null) {
      if (!(await isStill(input.from.db.read, blob))) return // purged, or repaired, meanwhile
      const { blobId, sha256, location } = blob
      brought.damaged.push({ blobId, sha256, location, text })
    }
    ready.push(blob)
  })
  const rows = ready.map(({ blobId: id, sha256, md5, sizeBytes, storedAt, location }) => {
    const bytes = location === null ? (inline.get(id) ?? null) : null
    return { id, sha256, md5, size_bytes: sizeBytes, stored_at: storedAt, location, bytes }
  })
  const ids = missing.map(blob => blob.blobId)
  const there = await presentIds(input.to.db.read, ids)
  await input.to.db.write(async trx => {
    for (const { id, ...row } of rows.filter(row => there.has(row.id))) {
      await trx.updateTable('blobs').set(row).where('id', '=', id).execute()
    }
    const fresh = rows.filter(row => !there.has(row.id))
    if (fresh.length === 0) return
    // Purged and stored anew since, the same bytes have another row: the old one goes in the end, and this one comes.
    await trx
      .insertInto('blobs')
      .values(fresh)
      .onConflict(conflict => conflict.doNothing())
      .execute()
  })
  await checkArrived(input.to.db.read, ready, brought)
  brought.newBlobs += rows.length
}

/** Those of the page whose row is not there, or not the same: a repair gives a blob another location. */
async function notThere({ to }: Input, page: readonly BlobRow[]): Promise<BlobRow[]> {
  const ids = page.map(blob => blob.blobId)
  const rows = await to.db.read
    .selectFrom('blobs')
    .select(['id', 'sha256', 'md5', 'location'])
    .where('id', 'in', ids)
    .execute()
  const there = new Map(rows.map(row => [row.id, row]))
  return page.filter(({ blobId, sha256, md5, location }) => {
    const row = there.get(blobId)
    return row?.sha256 !== sha256 || row.md5 !== md5 || row.location !== location
  })
}

async function presentIds(db: Reader, ids: readonly number[]): Promise<Set<number>> {
  const rows = await db.selectFrom('blobs').select('id').where('id', 'in', ids).execute()
  return new Set(rows.map(row => row.id))
}

async function readInline(db: Reader, blobs: readonly BlobRow[]): Promise<Map<number, Buffer>> {
  const ids = blobs.filter(blob => blob.location === null).map(blob => blob.blobId)
  if (ids.length === 0) return new Map()
  const rows = await db.selectFrom('blobs').select(['id', 'bytes']).where('id', 'in', ids).execute()
  return new Map(rows.flatMap(({ id, bytes }) => (bytes === null ? [] : [[id, bytes]])))
}

/** Returns what is wrong, in words. */
async function checkInline(bytes: Buffer | undefined, blob: BlobRow): Promise<string | null> {
  try {
    checkBytes(bytes ?? Buffer.alloc(0), blob)
    return null
  } catch (error) {
    if (error instanceof Trouble) return error.message
    throw error
  }
}

/** Returns what is wrong with the source, in words. */
async function bringFile(
  { from, to }: Input,
  brought: BroughtContent,
  blob: BlobRow,
  location: string,
): Promise<string | null> {
  if (await isGood(to.content, blob, location)) return null // from a run that was cut off
  try {
    await copyBytes({ from: from.content, to: to.content }, blob, location)
  } catch (error) {
    if (!(error instanceof UnreadableSource)) throw error
    return error.trouble.message
  }
  await readBack(to.content, blob, location)
  brought.newFiles++
  brought.newBytes += blob.sizeBytes
  return null
}

async function isGood(content: ContentStore, blob: BlobRow, location: string): Promise<boolean> {
  if ((await content.sizeOf(location)) !== blob.sizeBytes) return false
  try {
    await readBack(content, blob, location)
    return true
  } catch (error) {
    if (error instanceof Trouble && error.kind === 'blob-damaged') return false
    throw error
  }
}

/** @throws Trouble `blob-damaged` */
async function readBack(content: ContentStore, blob: BlobRow, location: string): Promise<void> {
  for await (const _ of checkedBytes(await content.read(location), blob));
}

/** What was written to the database is read back, too. @throws Trouble `blob-damaged` */
async function checkArrived(
  db: Reader,
  blobs: readonly BlobRow[],
  { damaged }: BroughtContent,
): Promise<void> {
  const wasDamaged = new Set(damaged.map(blob => blob.blobId))
  const arrived = await readInline(db, blobs)
  for (const blob of blobs) {
    const bytes = arrived.get(blob.blobId)
    if (bytes !== undefined && !wasDamaged.has(blob.blobId)) checkBytes(bytes, blob)
  }
}

/** Whether the row is as it was when we read it. */
async function isStill(db: Reader, blob: BlobRow): Promise<boolean> {
  const row = await db.selectFrom('blobs').select('location').where('id', '=', blob.blobId).executeTakeFirst()
  return row !== undefined && row.location === blob.location
}
