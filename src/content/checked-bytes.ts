/** Stored bytes, checked on their way to whoever asked for them: damaged ones are never taken for good ones. */
import { createHash, hash } from 'node:crypto'
import { Trouble } from '../domain/errors.ts'

/** What is known of bytes that are stored somewhere. */
export interface BlobFacts {
  readonly sha256: string
  readonly sizeBytes: number
  /** Where the content store has them; null when the database has them. */
  readonly location: string | null
}

/** Returns the bytes. @throws Trouble `blob-damaged` */
export function checkBytes(bytes: Buffer, blob: BlobFacts): Buffer {
  if (bytes.length !== blob.sizeBytes) throw damaged(blob, `${bytes.length} bytes are there`)
  const sha256 = hash('sha256', bytes)
  if (sha256 !== blob.sha256) throw damaged(blob, `the bytes that are there have the SHA-256 ${sha256}`)
  return bytes
}

/** Passes the bytes on. Never ends well when they are not what was stored. @throws Trouble `blob-damaged` */
export async function* checkedBytes(
  chunks: AsyncIterable<Buffer>,
  blob: BlobFacts,
): AsyncGenerator<Buffer, void, undefined> {
  const sha256 = createHash('sha256')
  let sizeBytes = 0
  for await (const chunk of chunks) {
    sizeBytes += chunk.length
    if (sizeBytes > blob.sizeBytes) throw damaged(blob, 'more bytes are there')
    sha256.update(chunk)
    yield chunk
  }
  if (sizeBytes !== blob.sizeBytes) throw damaged(blob, `${sizeBytes} bytes are there`)
  const found = sha256.digest('hex')
  if (found !== blob.sha256) throw damaged(blob, `the bytes that are there have the SHA-256 ${found}`)
}

function damaged(blob: BlobFacts, found: string): Trouble {
  const place = blob.location === null ? 'in the database' : `at ${blob.location}`
  return new Trouble(
    'blob-damaged',
    `the blob ${blob.sha256} of ${blob.sizeBytes} bytes, ${place}, is damaged: ${found}; ` +
      'repair it with `ngshare verify --repair --from-backup DIR`',
  )
}
