/** What a student holds in hand: that exactly these files came in at that moment. Signed by the service. */
import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'

export interface Receipt {
  readonly version: 1
  /** Unique in its service. */
  readonly id: string
  readonly course: string
  readonly assignment: string
  readonly student: string
  /** As v1 writes it: UTC, with microseconds. */
  readonly receivedAt: string
  readonly files: readonly ReceiptFile[]
  /** SHA-256, in hex, over the manifest: see `manifestDigest`. */
  readonly digest: string
  /** Which key signed. */
  readonly key: string
  /** Ed25519 over `signedText`, in base64. */
  readonly signature: string
}

export interface ReceiptFile {
  readonly path: string
  readonly sizeBytes: number
  readonly sha256: string
  readonly isExecutable: boolean
}

export type UnsignedReceipt = Omit<Receipt, 'key' | 'signature'>

/** The receipt's id: short enough to be read out, and not to be guessed from another. */
export function receiptId(submission: { id: number; digest: string }): string {
  return `${submission.id}-${submission.digest.slice(0, 12)}`
}

/** What a key is called: the beginning of the SHA-256 of its public part. */
export function keyId(publicKey: KeyObject): string {
  const bytes = publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16)
}

export function signReceipt(receipt: UnsignedReceipt, privateKey: KeyObject): Receipt {
  const key = keyId(createPublicKey(privateKey))
  const signature = sign(null, signedText({ ...receipt, key }), privateKey).toString('base64')
  return { ...receipt, key, signature }
}

/** Whether the key's owner said so, and the digest is that of the files. */
export function isGenuine(receipt: Receipt, publicKey: KeyObject): boolean {
  if (receipt.key !== keyId(publicKey) || receipt.digest !== manifestDigest(receipt.files)) return false
  return verify(null, signedText(receipt), publicKey, Buffer.from(receipt.signature, 'base64'))
}

/** One line a file, `<sha256> <x or -> <path as a JSON string>\n`, in the order in which they came. */
export function manifestDigest(
  files: readonly Pick<ReceiptFile, 'sha256' | 'isExecutable' | 'path'>[],
): string {
  const hash = createHash('sha256')
  for (const { sha256, isExecutable, path } of files) {
    hash.update(`${sha256} ${isExecutable ? 'x' : '-'} ${JSON.stringify(path)}\n`)
  }
  return hash.digest('hex')
}

/** Everything but the signature, in this order, as JSON without blanks, in UTF-8. */
function signedText(receipt: Omit<Receipt, 'signature'>): Buffer {
  const { version, id, course, assignment, student, receivedAt, files, digest, key } = receipt
  const fields = files.map(({ path, sizeBytes, sha256, isExecutable }) => [
    path,
    sizeBytes,
    sha256,
    isExecutable,
  ])
  return Buffer.from(
    JSON.stringify([version, id, course, assignment, student, receivedAt, fields, digest, key]),
  )
}
