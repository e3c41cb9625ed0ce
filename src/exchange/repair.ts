/** Makes good what `verifyData` found, where that is safe: bytes are only ever put where their digests prove them right. */
import { createHash } from 'node:crypto'
import { type BlobFacts, checkedBytes } from '../content/checked-bytes.ts'
import type { ContentStore } from '../content/content-store.ts'
import type { Reader, Writer } from '../db/database.ts'
import { Trouble } from '../domain/errors.ts'
import type { Micros } from '../domain/timestamp.ts'
import { recordEvent } from './events.ts'
import type { Caller, Exchange } from './exchange.ts'
import { setTotal } from './totals.ts'
import type { BlobFinding, Finding } from './verify.ts'

/** Where good copies may be found, by their SHA-256: a content store, or the rows of a database. */
export interface CopySource {
  readonly content?: ContentStore
  readonly rows?: Reader
}

/**
 * Whether it is made good, and on record for each assignment that has the file. What is not known to be right is left as
 * it is. @throws Trouble
 */
export async function repair(
  exchange: Exchange,
  finding: Finding,
  { sources, caller }: { sources: readonly CopySource[]; caller: Caller },
): Promise<boolean> {
  if (finding.kind === 'orphan-file') {
    await exchange.content.remove(finding.location)
    return true
  }
  if (finding.kind === 'total') {
    await setTotal(exchange, finding)
    return true
  }
  if (finding.kind !== 'blob' || finding.sha256 === null) return false
  const { blobId, sha256, location } = finding
  const row = await exchange.db.read
    .selectFrom('blobs')
    .select('size_bytes as sizeBytes')
    .where('id', '=', blobId)
    .executeTakeFirst()
  if (row === undefined) return false
  const record = (trx: Writer) => recordRepair(trx, { at: exchange.clock(), caller, finding })
  const blob = { blobId, sha256, location, sizeBytes: row.sizeBytes, record }
  if (finding.fault === 'wrong-md5') return correctMd5(exchange, blob)
  for (const source of [{ content: exchange.content }, ...sources]) {
    for await (const candidate of candidatesIn(source, sha256)) {
      if (await putBack(exchange, blob, candidate)) return true
    }
  }
  return false
}

interface Blob extends BlobFacts {
  readonly blobId: number
  /** In the transaction that repairs it. */
  readonly record: (trx: Writer) => Promise<void>
}

async function recordRepair(
  trx: Writer,
  { at, caller, finding }: { at: Micros; caller: Caller; finding: BlobFinding },
): Promise<void> {
  const places = new Map(finding.uses.map(use => [JSON.stringify([use.course, use.assignment]), use]))
  if (places.size === 0) await recordEvent(trx, { at, caller, action: 'repair' })
  for (const { course, assignment } of places.values()) {
    await recordEvent(trx, { at, caller, action: 'repair', course, assignment })
  }
}

type Candidate = () => Promise<AsyncIterable<Buffer>>

async function* candidatesIn({ content, rows }: CopySource, sha256: string): AsyncGenerator<Candidate> {
  for (const location of (await content?.locationsOf(sha256)) ?? []) {
    yield async () => (content as ContentStore).read(location)
  }
  const row = await rows
    ?.selectFrom('blobs')
    .select('bytes')
    .where('sha256', '=', sha256)
    .where('bytes', 'is not', null)
    .executeTakeFirst()
  const bytes = row?.bytes ?? null
  if (bytes !== null) yield async () => one(bytes)
}

/** Where the bytes were: in a new file, which the row names from then on, or in the row. */
async function putBack(exchange: Exchange, blob: Blob, candidate: Candidate): Promise<boolean> {
  return blob.location === null
    ? putIntoRow(exchange, blob, candidate)
    : putIntoStore(exchange, blob, candidate, blob.location)
}

async function putIntoRow(exchange: Exchange, blob: Blob, candidate: Candidate): Promise<boolean> {
  const chunks = await goodBytes(candidate, blob)
  if (chunks === null) return false
  const bytes = Buffer.concat(chunks)
  return exchange.db.write(async trx => {
    const { numUpdatedRows } = await trx
      .updateTable('blobs')
      .set({ bytes })
      .where('id', '=', blob.blobId)
      .where('sha256', '=', blob.sha256)
      .where('location', 'is', null)
      .executeTakeFirstOrThrow()
    if (numUpdatedRows > 0n) await blob.record(trx)
    return numUpdatedRows > 0n
  })
}

/** The old file, if any, is nobody's then; the sweep takes it. */
async function putIntoStore(
  { db, content }: Exchange,
  blob: Blob,
  candidate: Candidate,
  oldLocation: string,
): Promise<boolean> {
  const placing = await content.create()
  try {
    for await (const chunk of checkedBytes(await candidate(), blob)) await placing.write(chunk)
    await placing.end(blob.sha256)
  } catch (error) {
    await placing.discard()
    if (isUnreadable(error)) return false
    throw error
  }
  const location = await placing.place()
  const isPut = await db.write(async trx => {
    const { numUpdatedRows } = await trx
      .updateTable('blobs')
      .set({ location })
      .where('id', '=', blob.blobId)
      .where('location', '=', oldLocation)
      .executeTakeFirstOrThrow()
    if (numUpdatedRows > 0n) await blob.record(trx)
    return numUpdatedRows > 0n
  })
  if (isPut) return true
  await content.remove(location) // purged, or repaired by another, meanwhile
  return false
}

/** Null when they are not good. */
async function goodBytes(candidate: Candidate, blob: Blob): Promise<Buffer[] | null> {
  try {
    return await Array.fromAsync(checkedBytes(await candidate(), blob))
  } catch (error) {
    if (isUnreadable(error)) return null
    throw error
  }
}

/** The SHA-256 of the bytes is right, so their MD5 can be none but theirs. */
async function correctMd5(exchange: Exchange, blob: Blob): Promise<boolean> {
  const { location } = blob
  const chunks = await goodBytes(async () => {
    if (location !== null) return exchange.content.read(location)
    const { bytes } = await exchange.db.read
      .selectFrom('blobs')
      .select('bytes')
      .where('id', '=', blob.blobId)
      .executeTakeFirstOrThrow()
    return one(bytes ?? Buffer.alloc(0))
  }, blob)
  if (chunks === null) return false
  const md5 = createHash('md5')
  for (const chunk of chunks) md5.update(chunk)
  const right = md5.digest('hex')
  await exchange.db.write(async trx => {
    await trx.updateTable('blobs').set({ md5: right }).where('id', '=', blob.blobId).execute()
    await blob.record(trx)
  })
  return true
}

function isUnreadable(error: unknown): boolean {
  return error instanceof Trouble && ['blob-damaged', 'blob-missing', 'storage'].includes(error.kind)
}

async function* one(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}
