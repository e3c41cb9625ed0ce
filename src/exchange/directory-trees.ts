/** Directory trees at rest: written whole or not at all, read back in the order in which they came. */
import { type BlobFacts, checkBytes, checkedBytes } from '../content/checked-bytes.ts'
import type { StagedBlob } from '../content/staging.ts'
import type { ActOptions, Later, Reader, Writer } from '../db/database.ts'
import { prepared } from '../db/prepared.ts'
import type { TreeFileRow } from '../db/schema.ts'
import { bytesOfSmallTree, type TreeRow, treeColumns } from '../db/tree-rows.ts'
import { Refusal, Trouble, type TroubleKind } from '../domain/errors.ts'
import { manifestDigest } from '../domain/receipt.ts'
import type { Exchange } from './exchange.ts'
import { sideBySide, together } from './side-by-side.ts'

/** A tree that has arrived; its paths are legal and stand once. */
export type StagedTree = readonly StagedFile[]

export interface StagedFile {
  readonly path: string
  readonly isExecutable: boolean
  readonly blob: StagedBlob
}

export interface DirectoryTree {
  /** SHA-256 over the manifest, in hex: the same for the same files in the same order. */
  readonly digest: string
  readonly files: readonly TreeFile[]
}

/** A tree on its way to someone. */
export interface FetchedTree extends DirectoryTree {
  /** To be called when all bytes of its files have gone out: from then on it counts as fetched. */
  delivered(): void
}

export interface TreeFile extends BlobFacts {
  readonly path: string
  readonly isExecutable: boolean
  readonly md5: string
  readonly blobId: number
  /** Where they came along; see `readTree`. */
  readonly bytes: Buffer | null
}

/** Writes the staged tree and returns its id; to be called at most once. */
export type InsertTree = () => Promise<number>

/** As `InsertTree`, once for each of several trees. `digest`: where it is known already. */
type InsertAnyTree = (tree: StagedTree, digest?: string) => Promise<number>

/** The ids of these blobs, by SHA-256; those that are not there yet are stored. */
type InsertBlobs = (blobs: readonly StagedBlob[]) => Promise<Map<string, number>>

/**
 * Runs an act that stores a directory tree, in one transaction. Large blobs are made durable in the content store
 * before it, so that a row never points at missing bytes.
 */
export function writeWithTree<Result>(
  exchange: Exchange,
  tree: StagedTree,
  act: (trx: Writer, insertTree: InsertTree, more: { digest: string; later: Later }) => Promise<Result>,
  options?: ActOptions,
): Promise<Result> {
  const digest = treeDigest(tree)
  const actOnTree = (trx: Writer, insert: InsertAnyTree, later: Later) =>
    act(trx, () => insert(tree, digest), { digest, later })
  return writeWithTrees(exchange, [tree], actOnTree, options)
}

/** As `writeWithTree`, for an act that stores some or all of these trees. */
export function writeWithTrees<Result>(
  exchange: Exchange,
  trees: readonly StagedTree[],
  act: (trx: Writer, insertTree: InsertAnyTree, later: Later) => Promise<Result>,
  options?: ActOptions,
): Promise<Result> {
  const blobs = trees.flat().map(file => file.blob)
  const actOnBlobs = (trx: Writer, insertBlobs: InsertBlobs, later: Later) => {
    const insert: InsertAnyTree = (tree, digest = treeDigest(tree)) =>
      insertTree(trx, { tree, digest, insertBlobs, later })
    return act(trx, insert, later)
  }
  return writeWithBlobs(exchange, blobs, actOnBlobs, options)
}

/** As `writeWithTree`, for an act that stores some or all of these blobs. */
export async function writeWithBlobs<Result>(
  exchange: Exchange,
  blobs: readonly StagedBlob[],
  act: (trx: Writer, insertBlobs: InsertBlobs, later: Later) => Promise<Result>,
  options?: ActOptions,
): Promise<Result> {
  let known = await findKnownBlobs(exchange.db.read, blobs)
  for (;;) {
    const placed = await placeBlobs(exchange, blobs, known)
    const usedLocations = new Set<string>()
    try {
      const result = await exchange.db.write((trx, later) => {
        usedLocations.clear()
        const insertBlobs: InsertBlobs = all =>
          ensureBlobs(trx, all, { placed, at: exchange.clock(), usedLocations })
        return act(trx, insertBlobs, later)
      }, options)
      await removeUnused(exchange, placed, usedLocations)
      return result
    } catch (error) {
      if (error instanceof KnownBlobVanished) {
        known = new Set() // a sweep took it between our look and our transaction: bring our own bytes
        continue
      }
      if (isSurelyUndone(error)) await removeUnused(exchange, placed, new Set())
      throw error
    }
  }
}

/** The manifest of a tree; what is small altogether comes with its bytes. @throws Trouble `blob-missing`: rows of it are gone */
export async function readTree(db: Reader, treeId: number): Promise<DirectoryTree> {
  return treeOf(treeId, await selectTree(db, treeId))
}

/** As `readTree`, of the rows that are there already, in the order of the files. */
export function treeOf(treeId: number, rows: readonly TreeRow[]): DirectoryTree {
  const files: TreeFile[] = []
  for (const { path, isExecutable, sizeBytes, sha256, md5, blobId, location, bytes } of rows) {
    // A tree without files is one row without a file.
    if (path === null || sizeBytes === null || sha256 === null || md5 === null || blobId === null) continue
    files.push({ path, isExecutable: isExecutable === 1, sizeBytes, sha256, md5, blobId, location, bytes })
  }
  const digest = rows[0]?.digest ?? ''
  const fileCount = rows[0]?.fileCount ?? 0
  if (files.length !== fileCount) {
    throw new Trouble(
      'blob-missing',
      `the database has ${files.length} of ${fileCount} files of tree ${treeId}; \`ngshare verify\` names them`,
    )
  }
  return { digest, files }
}

const selectTree = prepared((db: Reader, treeId: number) =>
  db
    .selectFrom('trees')
    .leftJoin('tree_files', 'tree_files.tree_id', 'trees.id')
    .leftJoin('blobs', 'blobs.id', 'tree_files.blob_id')
    .select(treeColumns)
    .select(bytesOfSmallTree)
    .where('trees.id', '=', treeId)
    .orderBy('tree_files.position'),
)

const inlineBatchBytes = 1024 * 1024
const rowsPerInsert = 500
const namesPerQuery = 500

/**
 * The bytes of every file of a tree, in order: for each file an iterable of chunks, to be read before the next.
 * Holds at most about a megabyte at a time. Bytes that are not what was stored never come to an end.
 * @throws Trouble `blob-missing`, `blob-damaged`
 */
export async function* readTreeBytes(
  exchange: Exchange,
  files: readonly TreeFile[],
): AsyncGenerator<AsyncIterable<Buffer> | readonly Buffer[]> {
  let batch = new Map<number, Buffer>()
  for (const [position, file] of files.entries()) {
    if (file.location !== null) {
      yield checkedBytes(await exchange.content.read(file.location), file)
      continue
    }
    if (file.bytes !== null) {
      yield [checkBytes(file.bytes, file)]
      continue
    }
    if (!batch.has(file.blobId)) batch = await readInline(exchange.db.read, nextInline(files, position))
    const bytes = batch.get(file.blobId)
    if (bytes === undefined)
      throw new Trouble('blob-missing', `blob ${file.blobId} is missing in the database`)
    yield [checkBytes(bytes, file)]
  }
}

/** The blobs in the database that come next, as many as fit a batch. */
function nextInline(files: readonly TreeFile[], from: number): number[] {
  const ids: number[] = []
  let sum = 0
  for (let position = from; position < files.length && ids.length < 500; position++) {
    const file = files[position]
    if (file === undefined || file.location !== null) continue
    sum += file.sizeBytes
    if (ids.length > 0 && sum > inlineBatchBytes) break
    ids.push(file.blobId)
  }
  return ids
}

async function readInline(db: Reader, ids: readonly number[]): Promise<Map<number, Buffer>> {
  const rows = await db.selectFrom('blobs').select(['id', 'bytes']).where('id', 'in', ids).execute()
  return new Map(rows.flatMap(row => (row.bytes === null ? [] : [[row.id, row.bytes]])))
}

class KnownBlobVanished extends Error {}

/** After other trouble the transaction may have been committed all the same: the sweep will know. */
function isSurelyUndone(error: unknown): boolean {
  return error instanceof Refusal || (error instanceof Trouble && undone.has(error.kind))
}

const undone: ReadonlySet<TroubleKind> = new Set(['storage-full', 'database-busy', 'frozen'])

/** Which of the large ones are stored already: those need no second copy. */
async function findKnownBlobs(db: Reader, blobs: readonly StagedBlob[]): Promise<Set<string>> {
  return new Set((await findBlobIds(db, [...largeBlobs(blobs).keys()])).keys())
}

/** By SHA-256, of those that are stored. */
async function findBlobIds(db: Reader, sha256s: readonly string[]): Promise<Map<string, number>> {
  const ids = new Map<string, number>()
  for (let from = 0; from < sha256s.length; from += namesPerQuery) {
    const rows = await db
      .selectFrom('blobs')
      .select(['id', 'sha256'])
      .where('sha256', 'in', sha256s.slice(from, from + namesPerQuery))
      .execute()
    for (const { id, sha256 } of rows) ids.set(sha256, id)
  }
  return ids
}

/** All or none. @throws Trouble */
async function placeBlobs(
  exchange: Exchange,
  blobs: readonly StagedBlob[],
  known: Set<string>,
): Promise<Map<string, string>> {
  const missing = [...largeBlobs(blobs)].filter(([sha256]) => !known.has(sha256))
  const placed = new Map<string, string>()
  try {
    await sideBySide(missing, { atOnce: placedAtOnce }, async ([sha256, blob]) => {
      placed.set(sha256, await blob.place())
    })
    return placed
  } catch (error) {
    await removeUnused(exchange, placed, new Set())
    throw error
  }
}

/** So that a tree of thousands of large files needs few open files. */
const placedAtOnce = 4

function largeBlobs(blobs: readonly StagedBlob[]): Map<string, StagedBlob> {
  return new Map(blobs.filter(blob => blob.bytes === null).map(blob => [blob.sha256, blob]))
}

async function removeUnused(
  exchange: Exchange,
  placed: Map<string, string>,
  usedLocations: ReadonlySet<string>,
): Promise<void> {
  for (const location of placed.values()) {
    if (!usedLocations.has(location)) await exchange.content.remove(location)
  }
}

interface TreeInput {
  readonly tree: StagedTree
  readonly digest: string
  readonly insertBlobs: InsertBlobs
  readonly later: Later
}

/** What does not need each other is asked together: to a database that is far away it is one way, not many. */
async function insertTree(trx: Writer, input: TreeInput): Promise<number> {
  const { tree, digest } = input
  const sizeBytes = tree.reduce((sum, file) => sum + file.blob.sizeBytes, 0)
  const treeRow = insertTreeRow(trx, digest, tree.length, sizeBytes)
  const blobs = input.insertBlobs(tree.map(file => file.blob))
  await together([treeRow, blobs])
  const [{ id: treeId }] = (await treeRow) as [{ id: number }]
  const blobIds = await blobs
  const rows = tree.map(({ path, isExecutable, blob }, position): TreeFileRow => {
    const blobId = blobIds.get(blob.sha256) as number
    return { tree_id: treeId, position, path, is_executable: isExecutable ? 1 : 0, blob_id: blobId }
  })
  for (let from = 0; from < rows.length; from += rowsPerInsert) {
    input.later(insertTreeFiles(trx, rows.slice(from, from + rowsPerInsert)))
  }
  return treeId
}

function insertTreeFiles(trx: Writer, rows: readonly TreeFileRow[]): Promise<unknown> {
  const [first] = rows
  if (first === undefined || rows.length > 1) return trx.insertInto('tree_files').values(rows).execute()
  const { tree_id, position, path, is_executable, blob_id } = first
  return insertTreeFile(trx, tree_id, position, path, is_executable, blob_id)
}

/** Most submissions are one file. */
const insertTreeFile = prepared(
  (trx: Writer, tree_id: number, position: number, path: string, is_executable: 0 | 1, blob_id: number) =>
    trx.insertInto('tree_files').values({ tree_id, position, path, is_executable, blob_id }),
)

const blobsAtOnce = 32

interface Bringing {
  /** Where those are that were brought along, by SHA-256. */
  readonly placed: ReadonlyMap<string, string>
  readonly at: number
  readonly usedLocations: Set<string>
}

/** Each once, and in the order of their digests: two acts with the same new blobs do not wait for each other. */
async function ensureBlobs(
  trx: Writer,
  all: readonly StagedBlob[],
  input: Bringing,
): Promise<Map<string, number>> {
  const blobs = [...new Map(all.map(blob => [blob.sha256, blob])).values()]
  const isBrought = ({ sha256, bytes }: StagedBlob) => bytes !== null || input.placed.has(sha256)
  const stored = blobs.filter(blob => !isBrought(blob)).map(blob => blob.sha256)
  const ids = await findBlobIds(trx, stored)
  if (ids.size < stored.length) throw new KnownBlobVanished()
  const brought = blobs.filter(isBrought).sort((one, other) => (one.sha256 < other.sha256 ? -1 : 1))
  await sideBySide(brought, { atOnce: Math.min(blobsAtOnce, brought.length) }, async blob => {
    ids.set(blob.sha256, await ensureBlob(trx, blob, input))
  })
  return ids
}

async function ensureBlob(trx: Writer, blob: StagedBlob, input: Bringing): Promise<number> {
  const location = input.placed.get(blob.sha256) ?? null
  const { sha256, md5, sizeBytes, bytes } = blob
  const [inserted] = await tryInsertBlob(trx, sha256, md5, sizeBytes, input.at, location, bytes)
  if (inserted === undefined) return getBlobId(trx, blob.sha256)
  if (location !== null) input.usedLocations.add(location)
  return inserted.id
}

const insertTreeRow = prepared((trx: Writer, digest: string, file_count: number, size_bytes: number) =>
  trx.insertInto('trees').values({ digest, file_count, size_bytes }).returning('id'),
)

/** No row where the same bytes are stored already. */
const tryInsertBlob = prepared(
  (
    trx: Writer,
    sha256: string,
    md5: string,
    size_bytes: number,
    stored_at: number,
    location: string | null,
    bytes: Buffer | null,
  ) =>
    trx
      .insertInto('blobs')
      .values({ sha256, md5, size_bytes, stored_at, location, bytes })
      .onConflict(conflict => conflict.column('sha256').doNothing())
      .returning('id'),
)

async function getBlobId(trx: Writer, sha256: string): Promise<number> {
  const known = await trx.selectFrom('blobs').select('id').where('sha256', '=', sha256).executeTakeFirst()
  if (known === undefined) throw new KnownBlobVanished()
  return known.id
}

/** SHA-256 over the manifest, in hex. */
function treeDigest(tree: StagedTree): string {
  return manifestDigest(
    tree.map(({ path, isExecutable, blob }) => ({ path, isExecutable, sha256: blob.sha256 })),
  )
}
