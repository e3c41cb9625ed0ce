/** Takes in the bytes of one file: hashed on the way, small ones kept in memory, large ones staged in the store. */
import { createHash, type Hash, hash } from 'node:crypto'
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
  readonly #mayStaySmall: boolean
  #digests: { sha256: string; md5: string } | null = null
  #sizeBytes = 0
  /** The bytes while they are few; once they are many, what is not written yet, and the digests of all so far. */
  #small: Buffer[] = []
  #large: { readonly unwritten: WriteBuffer; readonly sha256: Hash; readonly md5: Hash } | null = null
  #blob: UnplacedBlob | null = null

  /** `mayStaySmall` false: the bytes go to the store however few they are. */
  constructor(store: ContentStore, options: { mayStaySmall: boolean } = { mayStaySmall: true }) {
    this.#store = store
    this.#mayStaySmall = options.mayStaySmall
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** Takes bytes in; `bytes` may be reused afterwards. Call `drain` before much has gathered. */
  write(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.#sizeBytes += bytes.length
    if (this.#large === null && this.#sizeBytes <= inlineLimitBytes) {
      this.#small.push(Buffer.from(bytes))
      return
    }
    if (this.#large === null) this.#grow()
    this.#add(bytes)
  }

  /** Hands what has gathered to the store, when it is worth a write. @throws Trouble */
  async drain(): Promise<void> {
    if (this.#large !== null && this.#large.unwritten.length >= worthWritingBytes) await this.#flush()
  }

  /** The file's digests, in hex; nothing can be written after. */
  digests(): { sha256: string; md5: string } {
    this.#digests ??= this.#digest()
    return this.#digests
  }

  /** The file has ended, and holds nothing open any more. @throws Trouble */
  async finish(): Promise<StagedBlob> {
    const digests = this.digests()
    if (this.#large !== null) await this.#flush()
    else if (!this.#mayStaySmall && this.#sizeBytes > 0) await this.#storeSmall()
    await this.#blob?.end(digests.sha256)
    this.#release()
    const bytes = this.#blob === null ? this.#takeSmall() : null
    return stagedBlob({ ...digests, sizeBytes: this.#sizeBytes, bytes, blob: this.#blob })
  }

  async discard(): Promise<void> {
    this.#release()
    await this.#blob?.discard()
  }

  #grow(): void {
    this.#large = { unwritten: new WriteBuffer(), sha256: createHash('sha256'), md5: createHash('md5') }
    for (const bytes of this.#small) this.#add(bytes)
    this.#small = []
  }

  #add(bytes: Buffer): void {
    this.#large?.sha256.update(bytes)
    this.#large?.md5.update(bytes)
    this.#large?.unwritten.add(bytes)
  }

  #digest(): { sha256: string; md5: string } {
    if (this.#large !== null) {
      return { sha256: this.#large.sha256.digest('hex'), md5: this.#large.md5.digest('hex') }
    }
    const bytes = this.#takeSmall()
    return { sha256: hash('sha256', bytes), md5: hash('md5', bytes) }
  }

  #takeSmall(): Buffer {
    const bytes = this.#small.length === 1 && this.#small[0] ? this.#small[0] : Buffer.concat(this.#small)
    this.#small = [bytes]
    return bytes
  }

  async #flush(): Promise<void> {
    const blob = await this.#openBlob()
    await this.#large?.unwritten.flush(bytes => blob.write(bytes))
  }

  async #storeSmall(): Promise<void> {
    const blob = await this.#openBlob()
    await blob.write(this.#takeSmall())
    this.#small = []
  }

  async #openBlob(): Promise<UnplacedBlob> {
    this.#blob ??= await this.#store.create()
    return this.#blob
  }

  #release(): void {
    this.#large?.unwritten.release()
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
      location ??= await blob.place()
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
