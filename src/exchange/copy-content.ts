/** Copies what the rows of a database say is stored from one content store to another: for backups, and back. */
import { createHash } from 'node:crypto'
import { type BlobFacts, checkBytes, checkedBytes } from '../content/checked-bytes.ts'
import type { ContentStore } from '../content/content-store.ts'
import type { Reader } from '../db/database.ts'
import { Trouble } from '../domain/errors.ts'
import { sideBySide } from './side-by-side.ts'

export interface CopiedContent {
  /** What the rows name, in the database and in the content store. */
  blobs: number
  /** Of the content store alone: all, and how many of them were not there yet. */
  files: number
  sizeBytes: number
  newFiles: number
  newBytes: number
  /** SHA-256, in hex, over one line `<location> <size>` a file, in the order of their rows. */
  sha256: string
  /** What could not be copied, or what is in the database and is not what was stored. */
  damaged: DamagedBlob[]
}

export interface DamagedBlob {
  readonly blobId: number
  readonly sha256: string
  readonly location: string | null
  readonly text: string
}

type Target = Pick<ContentStore, 'sizeOf' | 'create'>

interface Input {
  /** The rows: of a database that does not change meanwhile. */
  readonly rows: Reader
  readonly from: ContentStore
  readonly to: Target
  /** Asked when a file is not there: whether it should be. Throws to give up. */
  readonly missing?: (location: string) => Promise<void>
  progress(copied: Readonly<CopiedContent>): void
}

/** At most 64 KiB each. */
const blobsPerPage = 64
const atOnce = 4

/**
 * Files are durable when it resolves, and have the locations that they had. What is there already, in its full size, is
 * not copied again: files get their place only when they are whole. The bytes of everything else are checked, those in
 * the database too. Safe to repeat. @throws Trouble when the target is in trouble
 */
export async function copyContent(input: Input): Promise<CopiedContent> {
  const digest = createHash('sha256')
  const copied: CopiedContent = {
    ...{ blobs: 0, files: 0, sizeBytes: 0, newFiles: 0, newBytes: 0, sha256: '', damaged: [] },
  }
  for (let last = 0; ; ) {
    const page = await selectBlobs(input.rows, last)
    if (page.length === 0) break
    for (const { location, sizeBytes } of page) {
      if (location !== null) digest.update(`${location} ${sizeBytes}\n`)
    }
    await sideBySide(page, { atOnce }, async blob => {
      const text = await (blob.location === null ? checkInline(blob) : copyFile(input, copied, blob))
      const { blobId, sha256, location } = blob
      if (text !== null) copied.damaged.push({ blobId, sha256, location, text })
      copied.blobs++
      input.progress(copied)
    })
    last = page.at(-1)?.blobId ?? last
  }
  return { ...copied, sha256: digest.digest('hex') }
}

type BlobRow = Awaited<ReturnType<typeof selectBlobs>>[number]

function selectBlobs(rows: Reader, after: number) {
  return rows
    .selectFrom('blobs')
    .select(['id as blobId', 'sha256', 'size_bytes as sizeBytes', 'location', 'bytes'])
    .where('id', '>', after)
    .orderBy('id')
    .limit(blobsPerPage)
    .execute()
}

/** Returns what is wrong, in words. */
async function checkInline(blob: BlobRow): Promise<string | null> {
  try {
    checkBytes(blob.bytes ?? Buffer.alloc(0), blob)
    return null
  } catch (error) {
    return wordsOf(error)
  }
}

async function copyFile(input: Input, copied: CopiedContent, blob: BlobRow): Promise<string | null> {
  const location = blob.location ?? ''
  copied.files++
  copied.sizeBytes += blob.sizeBytes
  if ((await input.to.sizeOf(location)) === blob.sizeBytes) return null
  try {
    await copyBytes(input, blob, location)
  } catch (error) {
    if (!(error instanceof UnreadableSource)) throw error
    if (error.trouble.kind === 'blob-missing') await input.missing?.(location)
    return wordsOf(error.trouble)
  }
  copied.newFiles++
  copied.newBytes += blob.sizeBytes
  return null
}

/** @throws UnreadableSource; Trouble when the target is in trouble */
export async function copyBytes(
  { from, to }: Pick<Input, 'from' | 'to'>,
  blob: BlobFacts,
  location: string,
): Promise<void> {
  const source = fromSource(async () => checkedBytes(await from.read(location), blob))
  const placing = await to.create(location)
  try {
    for await (const chunk of source) await placing.write(chunk)
    await placing.end(blob.sha256)
    await placing.place()
  } catch (error) {
    await placing.discard()
    throw error
  }
}

/** For reading everything, and keeping nothing. */
export const nowhere: Target = {
  sizeOf: async () => null,
  create: async location => ({
    write: async () => undefined,
    end: async () => undefined,
    place: async () => location ?? '',
    discard: async () => undefined,
  }),
}

/** Trouble with what is copied is that of one file; trouble with where it goes is everybody's. */
export class UnreadableSource extends Error {
  readonly trouble: Trouble

  constructor(trouble: Trouble) {
    super(trouble.message)
    this.trouble = trouble
  }
}

async function* fromSource(open: () => Promise<AsyncIterable<Buffer>>): AsyncGenerator<Buffer> {
  try {
    yield* await open()
  } catch (error) {
    throw error instanceof Trouble ? new UnreadableSource(error) : error
  }
}

function wordsOf(error: unknown): string {
  if (error instanceof Trouble) return error.message
  throw error
}
