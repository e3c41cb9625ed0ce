/**
 * Files sent ahead of the tree they belong to, so that those the server has need not be sent again. A file may be used
 * by who has sent it, or may read it in the same assignment anyway: to know its SHA-256 is not enough.
 */
import type { StagedBlob } from '../content/staging.ts'
import type { Reader, Writer } from '../db/database.ts'
import { TreePaths } from '../domain/directory-tree.ts'
import { Refusal, TooLarge } from '../domain/errors.ts'
import type { Micros } from '../domain/timestamp.ts'
import { ensureUser, findRole, getCourseId, requireMember } from './access.ts'
import { type StagedTree, writeWithBlobs } from './directory-trees.ts'
import type { Caller, CourseRef, Exchange } from './exchange.ts'

/** A tree as a client describes it. */
export interface ManifestFile {
  readonly path: string
  readonly sha256: string
  readonly isExecutable: boolean
}

/** Files of the tree are neither here nor readable by the caller: they must be sent first. */
export class FilesMissing extends Refusal {
  readonly sha256s: readonly string[]
  /** The moment of the submission that they belong to, when it is complete in time; null: it will be then. */
  readonly receivedAt: Micros | null

  constructor(sha256s: readonly string[], receivedAt: Micros | null = null) {
    super('files-missing')
    this.sha256s = sha256s
    this.receivedAt = receivedAt
  }
}

/** For whom, and for which assignment, which need not be there yet. */
interface Place extends CourseRef {
  readonly caller: Caller
  readonly assignment: string
}

/** How long a file waits for its tree. */
export const uploadLifeMs = 24 * 3_600_000

/** Which of these files must be sent before a tree of them can be stored. @throws Refusal `course-not-found`, `not-related` */
export async function listMissing(
  exchange: Exchange,
  input: Place & { sha256s: readonly string[] },
): Promise<string[]> {
  const wanted = new Set(input.sha256s)
  const usable = await usableBlobs(exchange.db.read, { ...input, wanted })
  return [...wanted].filter(sha256 => !usable.has(sha256))
}

/** Refuses what `uploadFile` would refuse before it looks at the bytes. */
export async function mayUpload(exchange: Exchange, input: { caller: Caller } & CourseRef): Promise<void> {
  await requireMember(exchange.db.read, await getCourseId(exchange.db.read, input.course), input.caller)
}

/**
 * Keeps a file for the caller until a tree with it comes, or `uploadLifeMs` is over. Safe to repeat.
 * @throws Refusal `course-not-found`, `not-related`, `illegal-name`, `too-many-uploads`
 */
export async function uploadFile(
  exchange: Exchange,
  input: { caller: Caller; blob: StagedBlob; maxWaitingBytes: number } & CourseRef,
): Promise<void> {
  const { caller, course, blob } = input
  const at = exchange.clock()
  await writeWithBlobs(exchange, [blob], async (trx, insertBlobs) => {
    await requireMember(trx, await getCourseId(trx, course), caller)
    const userId = await ensureUser(trx, caller.name, at)
    if ((await waitingBytes(trx, userId)) + blob.sizeBytes > input.maxWaitingBytes) {
      throw new Refusal('too-many-uploads')
    }
    const blobId = (await insertBlobs([blob])).get(blob.sha256) as number
    await trx
      .insertInto('uploads')
      .values({ user_id: userId, blob_id: blobId, uploaded_at: at })
      .onConflict(conflict => conflict.columns(['user_id', 'blob_id']).doUpdateSet({ uploaded_at: at }))
      .execute()
  })
}

/** What a directory tree may have. */
export interface TreeLimits {
  readonly maxFiles: number
  readonly maxTreeBytes?: number
}

/** The tree that the manifest describes, ready to be stored. @throws Refusal `illegal-path`; TooLarge; FilesMissing */
export async function treeOf(
  exchange: Exchange,
  input: Place & { files: readonly ManifestFile[]; limits: TreeLimits },
): Promise<StagedTree> {
  const { files, limits } = input
  if (files.length > limits.maxFiles) throw new TooLarge('files', limits.maxFiles)
  const paths = new TreePaths()
  for (const { path } of files) paths.add(path)
  const wanted = new Set(files.map(file => file.sha256))
  const usable = await usableBlobs(exchange.db.read, { ...input, wanted })
  const missing = [...wanted].filter(sha256 => !usable.has(sha256))
  if (missing.length > 0) throw new FilesMissing(missing)
  const tree = files.flatMap(({ path, sha256, isExecutable }) => {
    const blob = usable.get(sha256)
    return blob === undefined ? [] : [{ path, isExecutable, blob: storedBlob(blob) }]
  })
  const sizeBytes = tree.reduce((sum, { blob }) => sum + blob.sizeBytes, 0)
  const { maxTreeBytes = Number.POSITIVE_INFINITY } = limits
  if (sizeBytes > maxTreeBytes) throw new TooLarge('bytes in all files', maxTreeBytes)
  return tree
}

/**
 * Forgets files that waited for too long. Returns where the content store has those that nobody else needs.
 * `before`: in microseconds.
 */
export async function dropUploads(trx: Writer, before: Micros): Promise<string[]> {
  const dropped = await trx
    .deleteFrom('uploads')
    .where('uploaded_at', '<', before)
    .returning('blob_id')
    .execute()
  return dropBlobs(
    trx,
    dropped.map(upload => upload.blob_id),
  )
}

/** Forgets what somebody has sent. Returns as `dropUploads`. */
export async function dropUploadsOf(trx: Writer, userId: number): Promise<string[]> {
  const dropped = await trx.deleteFrom('uploads').where('user_id', '=', userId).returning('blob_id').execute()
  return dropBlobs(
    trx,
    dropped.map(upload => upload.blob_id),
  )
}

export async function moveUploads(
  trx: Writer,
  { fromId, intoId }: { fromId: number; intoId: number },
): Promise<void> {
  const uploads = await trx.deleteFrom('uploads').where('user_id', '=', fromId).returningAll().execute()
  for (const upload of uploads) {
    await trx
      .insertInto('uploads')
      .values({ ...upload, user_id: intoId })
      .onConflict(conflict => conflict.columns(['user_id', 'blob_id']).doNothing())
      .execute()
  }
}

/** Deletes those of the blobs that nothing uses. Returns where the content store has them. */
export async function dropBlobs(trx: Writer, blobIds: readonly number[]): Promise<string[]> {
  const locations: string[] = []
  for (const id of new Set(blobIds)) {
    const [inTree, waiting] = await Promise.all([
      trx.selectFrom('tree_files').select('tree_id').where('blob_id', '=', id).limit(1).executeTakeFirst(),
      trx.selectFrom('uploads').select('user_id').where('blob_id', '=', id).limit(1).executeTakeFirst(),
    ])
    if (inTree !== undefined || waiting !== undefined) continue
    const blob = await trx
      .deleteFrom('blobs')
      .where('id', '=', id)
      .returning('location')
      .executeTakeFirstOrThrow()
    if (blob.location !== null) locations.push(blob.location)
  }
  return locations
}

interface BlobRow {
  readonly sha256: string
  readonly md5: string
  readonly sizeBytes: number
}

/** Trees of an assignment are much alike: its newest ones have what a client is likely to repeat. */
const releasesLookedAt = 2
const attemptsLookedAt = 3

/**
 * Those of the wanted, by SHA-256, that the caller has sent, or that are in the newest releases or own submissions of the
 * assignment. Whole trees are read: the rows of a file that everybody has are as many as there are submissions.
 */
async function usableBlobs(
  db: Reader,
  { caller, course, assignment, wanted }: Place & { wanted: ReadonlySet<string> },
): Promise<Map<string, BlobRow>> {
  const courseId = await getCourseId(db, course)
  await requireMember(db, courseId, caller)
  const teaches = caller.isAdmin || (await findRole(db, courseId, caller.name)) === 'instructor'
  const uploads = await db
    .selectFrom('uploads')
    .innerJoin('users', 'users.id', 'uploads.user_id')
    .innerJoin('blobs', 'blobs.id', 'uploads.blob_id')
    .select(['sha256', 'md5', 'size_bytes as sizeBytes'])
    .where('users.name', '=', caller.name)
    .execute()
  const found = new Map<string, BlobRow>()
  const keep = (rows: readonly BlobRow[]) => {
    for (const row of rows) if (wanted.has(row.sha256)) found.set(row.sha256, row)
  }
  keep(uploads)
  const place = await db
    .selectFrom('assignments')
    .select(['id', 'hidden_at'])
    .where('course_id', '=', courseId)
    .where('name', '=', assignment)
    .executeTakeFirst()
  if (place === undefined || (place.hidden_at !== null && !teaches)) return found
  const releases = await db
    .selectFrom('releases')
    .select('tree_id')
    .where('assignment_id', '=', place.id)
    .orderBy('version', 'desc')
    .limit(releasesLookedAt)
    .execute()
  const attempts = await db
    .selectFrom('submissions')
    .innerJoin('users', 'users.id', 'submissions.user_id')
    .select('tree_id')
    .where('assignment_id', '=', place.id)
    .where('users.name', '=', caller.name)
    .orderBy('received_at', 'desc')
    .limit(attemptsLookedAt)
    .execute()
  for (const { tree_id } of [...attempts, ...releases]) {
    if (found.size === wanted.size) break
    const rows = await db
      .selectFrom('tree_files')
      .innerJoin('blobs', 'blobs.id', 'tree_files.blob_id')
      .select(['sha256', 'md5', 'size_bytes as sizeBytes'])
      .where('tree_files.tree_id', '=', tree_id)
      .execute()
    keep(rows)
  }
  return found
}

async function waitingBytes(trx: Writer, userId: number): Promise<number> {
  const { bytes } = await trx
    .selectFrom('uploads')
    .innerJoin('blobs', 'blobs.id', 'uploads.blob_id')
    .select(eb => eb.fn.coalesce(eb.fn.sum<number>('blobs.size_bytes'), eb.lit(0)).as('bytes'))
    .where('uploads.user_id', '=', userId)
    .executeTakeFirstOrThrow()
  return bytes
}

/** A blob that is stored already. Should a sweep take it in between, the client sends it again. */
function storedBlob({ sha256, md5, sizeBytes }: BlobRow): StagedBlob {
  return {
    ...{ sha256, md5, sizeBytes },
    bytes: null,
    place: async () => {
      throw new FilesMissing([sha256])
    },
    discard: async () => undefined,
  }
}
