/** Reads back everything that is stored, and tells what is not as it should be. */
import { createHash } from 'node:crypto'
import type { Reader } from '../db/database.ts'
import { Trouble } from '../domain/errors.ts'
import { manifestDigest } from '../domain/receipt.ts'
import type { Exchange } from './exchange.ts'
import { isReferenced } from './leftovers.ts'
import { sideBySide } from './side-by-side.ts'
import { findWrongTotals, type WrongTotal } from './totals.ts'
import { type BlobUse, findBlobUses, findTreeOwners, type TreeOwner } from './uses.ts'

/** One thing that is wrong. `text` is for people, and names neither the blob nor what uses it. */
export type Finding = BlobFinding | TreeFinding | OrphanFile | UnusedBlob | TotalFinding | DatabaseFinding

export interface BlobFinding {
  readonly kind: 'blob'
  /**
   * `missing`: no bytes; `row-missing`: no row, though files refer to it; `unreadable`: the disk says no; `wrong-size`;
   * `damaged`: not the bytes of its SHA-256; `wrong-md5`: the right bytes, but clients are told a wrong checksum.
   */
  readonly fault: 'missing' | 'row-missing' | 'unreadable' | 'wrong-size' | 'damaged' | 'wrong-md5'
  readonly blobId: number
  readonly sha256: string | null
  /** In the content store; null for bytes in the database. */
  readonly location: string | null
  readonly text: string
  readonly uses: readonly BlobUse[]
}

/** The rows of a tree are not those that were written. */
export interface TreeFinding {
  readonly kind: 'tree'
  readonly treeId: number
  readonly text: string
  readonly uses: readonly TreeOwner[]
}

/** A file of the content store that no row points at, and that is older than the longest upload. */
export interface OrphanFile {
  readonly kind: 'orphan-file'
  readonly location: string
  readonly text: string
}

/** Bytes in a row that no file has any more. */
export interface UnusedBlob {
  readonly kind: 'unused-blob'
  readonly blobId: number
  readonly sha256: string
  readonly text: string
}

/** What quotas count is not what is stored. */
export interface TotalFinding extends Pick<WrongTotal, 'courseId' | 'course' | 'userId' | 'student'> {
  readonly kind: 'total'
  readonly text: string
}

/** What the database itself says, or would not let us read. */
export interface DatabaseFinding {
  readonly kind: 'database'
  readonly text: string
}

export interface VerifyTotals {
  blobs: number
  blobsInAll: number
  sizeBytes: number
  trees: number
  findings: number
}

interface Options {
  /** Called for each finding, one at a time. */
  found(finding: Finding): Promise<void>
  progress(totals: Readonly<VerifyTotals>): void
  /** Files without a row that were placed before (milliseconds) are orphans; younger ones may belong to an upload. */
  orphansBefore: number
}

/** At most 64 KiB each. */
const blobsPerPage = 64
const atOnce = 4

/** Works beside a running server: what was purged meanwhile is not missing. @throws Trouble `storage` */
export async function verifyData(exchange: Exchange, options: Options): Promise<VerifyTotals> {
  const totals: VerifyTotals = { blobs: 0, blobsInAll: 0, sizeBytes: 0, trees: 0, findings: 0 }
  const inTurn = {
    ...options,
    found(finding: Finding) {
      totals.findings++
      return options.found(finding)
    },
  }
  for (const part of [
    verifyDatabase,
    verifyBlobRows,
    verifyBlobs,
    verifyTrees,
    verifyTotals,
    findOrphanFiles,
  ]) {
    try {
      await part(exchange, inTurn, totals)
    } catch (error) {
      if (!(error instanceof Trouble && error.kind === 'database')) throw error
      await inTurn.found({ kind: 'database', text: error.message })
    }
  }
  return totals
}

async function verifyDatabase({ db }: Exchange, { found }: Options): Promise<void> {
  for (const fault of await db.findFaults()) {
    if (fault.kind === 'structure') await found({ kind: 'database', text: fault.text })
    // Files whose blob has no row are told with their names.
    else if (!(fault.table === 'tree_files' && fault.to === 'blobs')) {
      const row = fault.row === null ? 'a row' : `row ${fault.row}`
      await found({ kind: 'database', text: `${row} of ${fault.table} points at nothing in ${fault.to}` })
    }
  }
}

/** Blobs that files refer to and that have no row, and rows that neither a file nor a waiting upload refers to. */
async function verifyBlobRows({ db }: Exchange, { found }: Options): Promise<void> {
  const gone = await db.read
    .selectFrom('tree_files')
    .leftJoin('blobs', 'blobs.id', 'tree_files.blob_id')
    .select('tree_files.blob_id')
    .distinct()
    .where('blobs.id', 'is', null)
    .orderBy('tree_files.blob_id')
    .execute()
  const uses = await findBlobUses(
    db.read,
    gone.map(row => row.blob_id),
  )
  for (const { blob_id: blobId } of gone) {
    const text = 'has no row in the database'
    const facts = { blobId, sha256: null, location: null, uses: uses.get(blobId) ?? [] }
    await found({ kind: 'blob', fault: 'row-missing', text, ...facts })
  }
  const unused = await db.read
    .selectFrom('blobs')
    .leftJoin('tree_files', 'tree_files.blob_id', 'blobs.id')
    .leftJoin('uploads', 'uploads.blob_id', 'blobs.id')
    .select(['blobs.id', 'blobs.sha256'])
    .where('tree_files.tree_id', 'is', null)
    .where('uploads.user_id', 'is', null)
    .orderBy('blobs.id')
    .execute()
  for (const { id, sha256 } of unused) {
    await found({ kind: 'unused-blob', blobId: id, sha256, text: 'no file has these bytes any more' })
  }
}

async function verifyBlobs(exchange: Exchange, options: Options, totals: VerifyTotals): Promise<void> {
  const { found, progress } = options
  totals.blobsInAll = await countBlobs(exchange.db.read)
  for (let last = 0; ; ) {
    const page = await selectBlobs(exchange.db.read, last)
    if (page.length === 0) return
    const faults: Omit<BlobFinding, 'uses'>[] = []
    await sideBySide(page, { atOnce }, async blob => {
      const fault = await faultOf(exchange, blob)
      if (fault !== null && (await isThere(exchange.db.read, blob))) {
        const { id: blobId, sha256, location } = blob
        faults.push({ kind: 'blob', blobId, sha256, location, ...fault })
      }
      totals.blobs++
      totals.sizeBytes += blob.size_bytes
      progress(totals)
    })
    faults.sort((one, other) => one.blobId - other.blobId)
    const uses =
      faults.length === 0
        ? null
        : await findBlobUses(
            exchange.db.read,
            faults.map(fault => fault.blobId),
          )
    for (const fault of faults) await found({ ...fault, uses: uses?.get(fault.blobId) ?? [] })
    last = page.at(-1)?.id ?? last
  }
}

type BlobRow = Awaited<ReturnType<typeof selectBlobs>>[number]

function selectBlobs(db: Reader, after: number) {
  return db
    .selectFrom('blobs')
    .select(['id', 'sha256', 'md5', 'size_bytes', 'location', 'bytes'])
    .where('id', '>', after)
    .orderBy('id')
    .limit(blobsPerPage)
    .execute()
}

async function countBlobs(db: Reader): Promise<number> {
  const { count } = await db
    .selectFrom('blobs')
    .select(eb => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return count
}

/** Not purged, and not repaired, since we read its row. */
async function isThere(db: Reader, blob: BlobRow): Promise<boolean> {
  const row = await db.selectFrom('blobs').select('location').where('id', '=', blob.id).executeTakeFirst()
  return row !== undefined && row.location === blob.location
}

async function faultOf(
  { content }: Exchange,
  blob: BlobRow,
): Promise<Pick<BlobFinding, 'fault' | 'text'> | null> {
  if (blob.location === null && blob.bytes === null) {
    return { fault: 'missing', text: 'its row has neither bytes nor a location' }
  }
  try {
    const bytes = blob.location === null ? [blob.bytes ?? Buffer.alloc(0)] : await content.read(blob.location)
    return wrongBytes(blob, await digestsOf(bytes))
  } catch (error) {
    if (!(error instanceof Trouble)) throw error
    const fault = error.kind === 'blob-missing' ? 'missing' : 'unreadable'
    return { fault, text: error.message }
  }
}

interface Digests {
  readonly sizeBytes: number
  readonly sha256: string
  readonly md5: string
}

async function digestsOf(chunks: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<Digests> {
  const [sha256, md5] = [createHash('sha256'), createHash('md5')]
  let sizeBytes = 0
  for await (const chunk of chunks) {
    sizeBytes += chunk.length
    sha256.update(chunk)
    md5.update(chunk)
  }
  return { sizeBytes, sha256: sha256.digest('hex'), md5: md5.digest('hex') }
}

function wrongBytes(blob: BlobRow, found: Digests): Pick<BlobFinding, 'fault' | 'text'> | null {
  if (found.sizeBytes !== blob.size_bytes) {
    return { fault: 'wrong-size', text: `has ${found.sizeBytes} bytes instead of ${blob.size_bytes}` }
  }
  if (found.sha256 !== blob.sha256) {
    return { fault: 'damaged', text: `has other bytes, of the SHA-256 ${found.sha256}` }
  }
  if (found.md5 !== blob.md5) {
    return { fault: 'wrong-md5', text: `has the MD5 ${found.md5}, and its row says ${blob.md5}` }
  }
  return null
}

async function verifyTrees({ db }: Exchange, options: Options, totals: VerifyTotals): Promise<void> {
  for (let last = 0; ; ) {
    const page = await db.read
      .selectFrom('trees')
      .select(['id', 'digest', 'file_count', 'size_bytes'])
      .where('id', '>', last)
      .orderBy('id')
      .limit(500)
      .execute()
    if (page.length === 0) return
    for (const tree of page) {
      const text = await treeFault(db.read, tree)
      totals.trees++
      options.progress(totals)
      if (text === null) continue
      const there = await db.read
        .selectFrom('trees')
        .select('id')
        .where('id', '=', tree.id)
        .executeTakeFirst()
      if (there === undefined) continue // purged while we looked
      const uses = (await findTreeOwners(db.read, [tree.id])).get(tree.id) ?? []
      await options.found({ kind: 'tree', treeId: tree.id, text, uses })
    }
    last = page.at(-1)?.id ?? last
  }
}

async function treeFault(
  db: Reader,
  tree: { id: number; digest: string; file_count: number; size_bytes: number },
): Promise<string | null> {
  const rows = await db
    .selectFrom('tree_files')
    .leftJoin('blobs', 'blobs.id', 'tree_files.blob_id')
    .select(['path', 'is_executable', 'blobs.sha256', 'blobs.size_bytes'])
    .where('tree_id', '=', tree.id)
    .orderBy('position')
    .execute()
  const files = rows.flatMap(({ path, is_executable, sha256, size_bytes }) =>
    sha256 === null || size_bytes === null
      ? []
      : [{ path, isExecutable: is_executable === 1, sha256, sizeBytes: size_bytes }],
  )
  if (files.length < rows.length) return null // told as blobs without rows
  if (files.length !== tree.file_count) return `has ${files.length} files instead of ${tree.file_count}`
  const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0)
  if (sizeBytes !== tree.size_bytes) return `has ${sizeBytes} bytes instead of ${tree.size_bytes}`
  return manifestDigest(files) === tree.digest ? null : 'has other files than when it was stored'
}

async function verifyTotals({ db }: Exchange, { found }: Options): Promise<void> {
  for await (const { submittedBytes, feedbackBytes, ...place } of findWrongTotals(db.read)) {
    const wrong = [
      ...(submittedBytes === 0 ? [] : [`${describeDifference(submittedBytes)} of submissions`]),
      ...(feedbackBytes === 0 ? [] : [`${describeDifference(feedbackBytes)} of feedback`]),
    ]
    const { courseId, course, userId, student } = place
    await found({ kind: 'total', courseId, course, userId, student, text: `counts ${wrong.join(' and ')}` })
  }
}

function describeDifference(missingBytes: number): string {
  return `${Math.abs(missingBytes)} bytes too ${missingBytes > 0 ? 'few' : 'many'}`
}

async function findOrphanFiles({ db, content }: Exchange, options: Options): Promise<void> {
  for await (const location of content.placedBefore(options.orphansBefore)) {
    if (await isReferenced([db.read], location)) continue
    await options.found({ kind: 'orphan-file', location, text: 'no row points at it' })
  }
}
