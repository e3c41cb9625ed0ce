/** Receipts: made from what is stored whenever they are asked for, so that every submission has one. */
import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import type { Reader, Writer } from '../db/database.ts'
import { Trouble } from '../domain/errors.ts'
import { keyId, type Receipt, type ReceiptFile, receiptId, signReceipt } from '../domain/receipt.ts'
import { formatTimestamp, type Micros } from '../domain/timestamp.ts'
import { getUsersAssignment } from './access.ts'
import { recordEvent } from './events.ts'
import type { AssignmentRef, Caller, Exchange } from './exchange.ts'
import { getSubmission } from './submissions.ts'

/** A key's public part, for checking receipts without the server. */
export interface PublicKey {
  readonly id: string
  /** PEM. */
  readonly publicKey: string
  readonly createdAt: Micros
  readonly retiredAt: Micros | null
}

/**
 * The receipt of one submission; without `receivedAt` of the newest. For the student and for instructors.
 * @throws Refusal as `collectSubmission`
 */
export async function getReceipt(
  exchange: Exchange,
  input: { caller: Caller; student: string; receivedAt: Micros | null | undefined } & AssignmentRef,
): Promise<Receipt> {
  const db = exchange.db.read
  const assignment = await getUsersAssignment(db, input.caller, input, input.student)
  const submission = await getSubmission(db, assignment, input)
  const { digest, files } = await readManifest(db, submission.tree_id)
  return signReceipt(
    {
      version: 1,
      id: receiptId({ id: submission.id, digest }),
      course: input.course,
      assignment: input.assignment,
      student: input.student,
      receivedAt: formatTimestamp(submission.received_at),
      files,
      digest,
    },
    await signingKey(exchange),
  )
}

/** Retired ones, too: they still verify. Oldest first. */
export async function listPublicKeys(db: Reader): Promise<PublicKey[]> {
  return db
    .selectFrom('signing_keys')
    .select(['id', 'public_key as publicKey', 'created_at as createdAt', 'retired_at as retiredAt'])
    .orderBy('created_at')
    .execute()
}

/** From now on another key signs; receipts of the old one stay good. Returns its id. */
export async function rotateSigningKey(exchange: Exchange, caller: Caller): Promise<string> {
  const at = exchange.clock()
  return exchange.db.write(async trx => {
    await trx.updateTable('signing_keys').set({ retired_at: at }).where('retired_at', 'is', null).execute()
    await recordEvent(trx, { at, caller, action: 'rotate-key' })
    return createKey(trx, at)
  })
}

async function signingKey(exchange: Exchange) {
  return createPrivateKey(await ensureSigningKey(exchange))
}

/** The private key that signs, in PEM. The first one is made when a server starts, or when there is room for it. */
export async function ensureSigningKey(exchange: Exchange): Promise<string> {
  const known = await findSigningKey(exchange.db.read)
  if (known !== undefined) return known.private_key
  return exchange.db.write(async trx => {
    if ((await findSigningKey(trx)) === undefined) await createKey(trx, exchange.clock())
    const created = await findSigningKey(trx)
    if (created === undefined) throw new Trouble('database', 'a signing key vanished while it was made')
    return created.private_key
  })
}

async function createKey(trx: Writer, at: Micros): Promise<string> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const id = keyId(publicKey)
  await trx
    .insertInto('signing_keys')
    .values({
      id,
      public_key: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      created_at: at,
      retired_at: null,
    })
    .execute()
  return id
}

function findSigningKey(db: Reader) {
  return db
    .selectFrom('signing_keys')
    .select('private_key')
    .where('retired_at', 'is', null)
    .orderBy('created_at') // two servers that begin at once may have made one each
    .limit(1)
    .executeTakeFirst()
}

async function readManifest(db: Reader, treeId: number): Promise<{ digest: string; files: ReceiptFile[] }> {
  const { digest } = await db
    .selectFrom('trees')
    .select('digest')
    .where('id', '=', treeId)
    .executeTakeFirstOrThrow()
  const rows = await db
    .selectFrom('tree_files')
    .innerJoin('blobs', 'blobs.id', 'tree_files.blob_id')
    .select(['path', 'size_bytes as sizeBytes', 'sha256', 'is_executable'])
    .where('tree_id', '=', treeId)
    .orderBy('position')
    .execute()
  const files = rows.map(({ is_executable, ...file }) => ({ ...file, isExecutable: is_executable === 1 }))
  return { digest, files }
}
