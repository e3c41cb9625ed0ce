/** Blobs as objects of a bucket. Any number of processes on any machines may share it; nothing is locked, nothing renamed. */
import { Trouble } from '../../domain/errors.ts'
import type { ContentStore, UnplacedBlob } from '../content-store.ts'
import { mustBeLocation } from '../locations.ts'
import { PartMemory } from './part-memory.ts'
import { connectS3, type S3Calls } from './s3-calls.ts'
import { S3Keys } from './s3-keys.ts'
import { type S3Options, s3Url } from './s3-options.ts'
import { readObject } from './s3-reading.ts'
import { S3Upload } from './s3-upload.ts'

/** One for the process, whatever stores it opens. */
const memory = new PartMemory()

/** The bucket must be there. @throws Trouble: no such bucket, wrong keys, not reachable */
export async function openS3Store(options: S3Options): Promise<ContentStore> {
  const store = new S3Store(options, await connectS3(options))
  try {
    await store.prepare()
    return store
  } catch (error) {
    await store.close()
    throw error
  }
}

/** Whether nothing is there under the prefix, ours or not. @throws Trouble */
export async function isEmptyBucket(options: S3Options): Promise<boolean> {
  const calls = await connectS3(options)
  try {
    return !(await calls.hasAny(new S3Keys(options.prefix).root))
  } finally {
    calls.close()
  }
}

class S3Store implements ContentStore {
  readonly #place: string
  readonly #calls: S3Calls
  readonly #keys: S3Keys

  constructor(options: S3Options, calls: S3Calls) {
    this.#place = s3Url(options)
    this.#calls = calls
    this.#keys = new S3Keys(options.prefix)
  }

  async prepare(): Promise<void> {
    await this.#calls.hasAny(this.#keys.root)
  }

  async create(location: string | null = null): Promise<UnplacedBlob> {
    if (location !== null) mustBeLocation(location)
    return new S3Upload({ calls: this.#calls, keys: this.#keys, memory }, location)
  }

  async read(location: string): Promise<AsyncIterable<Buffer>> {
    const { data } = this.#keys.of(location)
    const chunks = await readObject(this.#calls, data)
    if (chunks !== null) return chunks
    const text = `the object ${data} is missing in ${this.#place}: restore it from a backup`
    throw new Trouble('blob-missing', text)
  }

  async sizeOf(location: string): Promise<number | null> {
    return this.#calls.sizeOf(this.#keys.of(location).data)
  }

  async locationsOf(sha256: string): Promise<string[]> {
    const locations: string[] = []
    for await (const { key } of this.#calls.list(this.#keys.namesOf(sha256))) {
      const location = this.#keys.locationOf(key)
      if (location !== null) locations.push(location)
    }
    return locations
  }

  /** The note goes last: until then a sweep finds the object. */
  async remove(location: string): Promise<void> {
    const { data, note } = this.#keys.of(location)
    await this.#calls.remove(data)
    if (note !== null) await this.#calls.remove(note)
  }

  async *placedBefore(before: number): AsyncGenerator<string> {
    for await (const { key, modifiedAt } of this.#calls.list(this.#keys.namesOf())) {
      const location = this.#keys.locationOf(key)
      if (location !== null && modifiedAt < this.#momentThere(before)) yield location
    }
  }

  /** Only of uploads in parts anything is there before they are placed. */
  async removeUnplacedBefore(before: number): Promise<number> {
    let removed = 0
    for await (const upload of this.#calls.uploads()) {
      if (!this.#keys.isData(upload.key) || upload.begunAt >= this.#momentThere(before)) continue
      await this.#calls.abortUpload(upload)
      removed++
    }
    return removed
  }

  /** Begins an upload, which leaves nothing, not even an old version in a bucket that keeps them. */
  async check(): Promise<void> {
    const once = { patient: false, signal: AbortSignal.timeout(checkTimeoutMs) }
    await this.#calls.abortUpload(await this.#calls.beginUpload(this.#keys.newStreamed().data, once), once)
  }

  async close(): Promise<void> {
    this.#calls.close()
  }

  /** That moment of our clock on that of the store. */
  #momentThere(moment: number): number {
    return moment + this.#calls.clockOffsetMs
  }
}

/** Whoever asks whether we are ready does not wait long. */
const checkTimeoutMs = 5000
