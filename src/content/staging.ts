/** Takes in the bytes of one file: hashed on the way, small ones kept in memory, large ones staged in the store. */
import { createHash } from 'node:crypto'
import { Trouble } from '../domain/errors.ts'
import type { ContentStore, UnplacedBlob } from './content-store.ts'
import { WriteBuffer, worthWritingBytes } from './write-buffer.ts'

/** Up to this size bytes are kept in the database, in the same commit as their row: docs/decisions/001. */
export const inlineLimitBytes = 64 * 1024

/** A file's bytes, all here, not yet anybody's. */
export interface StagedBlob {
  readonly sha256: string
  readonly md5: string
  readonly sizeBytes: number
  /** The bytes themselves, when they are few; null when they wait in the store. */
  readonly bytes: Buffer | null
  /** Makes bytes that wait in the store durable there, once; returns their location. */
  place(): Promise<string>
  /** Forgets bytes that were not placed. Safe to repeat, and after `place`, which it does not undo. */
  discard(): Promise<void>
}

export class BlobStaging {
  readonly #store: ContentStore
  readonly #smallLimit: number
  readonly #sha256 = createHash('sha256')
  readonly #md5 = createHash('md5')
  #digests: { sha256: string; md5: string } | null = null
  #sizeBytes = 0
  /** The bytes while they are few; what is not written yet once they are many. */
  #small: Buffer[] = []
  #large: WriteBuffer | null = null
  #blob: UnplacedBlob | null = null

  /** `mayStaySmall` false: the bytes go to the store however few they are. */
  constructor(store: ContentStore, options: { mayStaySmall: boolean } = { mayStaySmall: true }) {
    this.#store = store
    this.#smallLimit = options.mayStaySmall ? inlineLimitBytes : 0
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** Takes bytes in; `bytes` may be reused afterwards. Call `drain` before much has gathered. */
  write(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.#sha256.update(bytes)
    this.#md5.update(bytes)
    this.#sizeBytes += bytes.length
    if (this.#large === null && this.#sizeBytes <= this.#smallLimit) {
      this.#small.push(Buffer.from(bytes))
      return
    }
    this.#large ??= this.#grow()
    this.#large.add(bytes)
  }

  /** Hands what has gathered to the store, when it is worth a write. @throws Trouble */
  async drain(): Promise<void> {
    if (this.#large !== null && this.#large.length >= worthWritingBytes) await this.#flush(this.#large)
  }

  /** The file's digests, in hex; nothing can be written after. */
  digests(): { sha256: string; md5: string } {
    this.#digests ??= { sha256: this.#sha256.digest('hex'), md5: this.#md5.digest('hex') }
    return this.#digests
  }

  /** The file has ended. @throws Trouble */
  async finish(): Promise<StagedBlob> {
    if (this.#large !== null) await this.#flush(this.#large)
    this.#release()
    return stagedBlob({
      ...this.digests(),
      sizeBytes: this.#sizeBytes,
      bytes: this.#blob === null ? Buffer.concat(this.#small) : null,
      blob: this.#blob,
    })
  }

  async discard(): Promise<void> {
    this.#release()
    await this.#blob?.discard()
  }

  #grow(): WriteBuffer {
    const large = new WriteBuffer()
    for (const bytes of this.#small) large.add(bytes)
    this.#small = []
    return large
  }

  async #flush(large: WriteBuffer): Promise<void> {
    const blob = this.#blob ?? (await this.#store.create())
    this.#blob = blob
    await large.flush(bytes => blob.write(bytes))
  }

  #release(): void {
    this.#large?.release()
    this.#large = null
  }
}

function stagedBlob(input: {
  sha256: string
  md5: string
  sizeBytes: number
  bytes: Buffer | null
  blob: UnplacedBlob | null
}): StagedBlob {
  const { sha256, md5, sizeBytes, bytes, blob } = input
  let location: string | null = null
  return {
    sha256,
    md5,
    sizeBytes,
    bytes,
    async place() {
      if (blob === null)
        throw new Trouble('storage', 'bytes that are kept in the database have no place in the store')
      location ??= await blob.place(sha256)
      return location
    },
    async discard() {
      if (location === null) await blob?.discard()
    },
  }
}

/** Stages bytes that are here already. */
export async function stageBytes(store: ContentStore, bytes: Buffer): Promise<StagedBlob> {
  const staging = new BlobStaging(store)
  staging.write(bytes)
  return staging.finish()
}
