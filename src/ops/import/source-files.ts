/** Files of another exchange on their way in: hashed as they are read, and read again where they are large. */
import { createHash, hash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { ContentStore } from '../../content/content-store.ts'
import { BlobStaging, inlineLimitBytes, type StagedBlob } from '../../content/staging.ts'
import { errorCode, Trouble } from '../../domain/errors.ts'

/** Small files of one course that are kept in memory; beyond that they go to the content store. */
const maxKeptBytes = 64 * 1024 * 1024
const chunkBytes = 256 * 1024
const placedAtOnce = 4

/** A source file that cannot be had. `message` says why, for people. */
export class FileNotThere extends Error {}

/** The files of one course. */
export class SourceFiles {
  readonly #store: ContentStore | null
  /** Small ones by SHA-256: what was handed out comes back with every submission. */
  readonly #kept = new Map<string, Buffer>()
  #keptBytes = 0
  readonly #turn = turns(placedAtOnce)

  /** `store` null: nothing will be placed, for a dry run. */
  constructor(store: ContentStore | null) {
    this.#store = store
  }

  /** Reads the whole file. Links are not followed. @throws FileNotThere */
  async stage(path: string | Buffer): Promise<StagedBlob> {
    try {
      const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
      try {
        const facts = await file.stat()
        if (!facts.isFile()) throw new FileNotThere('is no regular file')
        return facts.size <= inlineLimitBytes ? await this.#small(path, file) : await this.#large(path, file)
      } finally {
        await file.close()
      }
    } catch (error) {
      if (error instanceof FileNotThere) throw error
      throw new FileNotThere(reasons[errorCode(error) ?? ''] ?? (error as Error).message, { cause: error })
    }
  }

  async #small(path: string | Buffer, file: FileHandle): Promise<StagedBlob> {
    const bytes = await file.readFile()
    const digests = { sha256: hash('sha256', bytes), md5: hash('md5', bytes) }
    return this.#staged(path, {
      ...digests,
      sizeBytes: bytes.length,
      bytes: this.#keep(digests.sha256, bytes),
    })
  }

  async #large(path: string | Buffer, file: FileHandle): Promise<StagedBlob> {
    const sha256 = createHash('sha256')
    const md5 = createHash('md5')
    let sizeBytes = 0
    for await (const bytes of chunksOf(file)) {
      sha256.update(bytes)
      md5.update(bytes)
      sizeBytes += bytes.length
    }
    return this.#staged(path, {
      sha256: sha256.digest('hex'),
      md5: md5.digest('hex'),
      sizeBytes,
      bytes: null,
    })
  }

  #keep(sha256: string, bytes: Buffer): Buffer | null {
    const known = this.#kept.get(sha256)
    if (known !== undefined || this.#store === null) return known ?? null
    if (bytes.length > inlineLimitBytes) return null // it grew while it was read
    if (bytes.length > 0 && this.#keptBytes + bytes.length > maxKeptBytes) return null
    this.#keptBytes += bytes.length
    this.#kept.set(sha256, bytes)
    return bytes
  }

  #staged(path: string | Buffer, facts: Omit<StagedBlob, 'place' | 'discard'>): StagedBlob {
    let location: string | null = null
    return {
      ...facts,
      place: () =>
        this.#turn(async () => {
          location ??= await this.#place(path, facts.sha256)
          return location
        }),
      async discard() {}, // nothing is kept of it but what the whole course keeps
    }
  }

  /** Only what is not stored yet is read a second time. */
  async #place(path: string | Buffer, sha256: string): Promise<string> {
    if (this.#store === null) throw new Error('a dry run stores nothing')
    const staging = new BlobStaging(this.#store, { mayStaySmall: false })
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
    try {
      for await (const bytes of chunksOf(file)) {
        staging.write(bytes)
        await staging.drain()
      }
      const blob = await staging.finish()
      if (blob.sha256 !== sha256) {
        throw new Trouble('storage', `${path} changed while it was imported: stop what writes to it`)
      }
      return await blob.place()
    } catch (error) {
      await staging.discard()
      throw error
    } finally {
      await file.close()
    }
  }
}

/** All of a file, no link and not larger than a notebook may be; null where it is not to be had. */
export async function readPlainFile(path: string): Promise<Buffer | null> {
  let file: FileHandle | null = null
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const facts = await file.stat()
    return facts.isFile() && facts.size <= maxKeptBytes ? await file.readFile() : null
  } catch (error) {
    if (errorCode(error) === undefined) throw error
    return null // told where the file itself is imported
  } finally {
    await file?.close()
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'is missing',
  EACCES: 'may not be read',
  EPERM: 'may not be read',
  ELOOP: 'is a symbolic link',
}

async function* chunksOf(file: FileHandle): AsyncGenerator<Buffer> {
  const room = Buffer.allocUnsafe(chunkBytes)
  for (let from = 0; ; ) {
    const { bytesRead } = await file.read(room, 0, chunkBytes, from)
    if (bytesRead === 0) return
    from += bytesRead
    yield room.subarray(0, bytesRead)
  }
}

/** Lets so many work at once; the others wait for their turn. */
function turns(atOnce: number): <Result>(work: () => Promise<Result>) => Promise<Result> {
  const waiting: (() => void)[] = []
  let working = 0
  return async work => {
    if (working >= atOnce) await new Promise<void>(resolve => waiting.push(resolve))
    else working++
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next === undefined) working--
      else next()
    }
  }
}
