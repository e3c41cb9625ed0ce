/**
 * Which objects belong to a location. An object that was named when its bytes were known is `blobs/ab/<location>`. The key
 * of a multipart upload has to be chosen before its bytes are known, and an object cannot be renamed: it is
 * `streamed/cd/<random>`, and an empty object `blobs/ab/<location>` notes which location has it. So listing `blobs/` tells
 * every location there is.
 */
import { randomBytes } from 'node:crypto'
import { isLocation, mustBeLocation } from '../locations.ts'

export interface BlobKeys {
  /** Of the object that has the bytes. */
  readonly data: string
  /** Of the note; null where the bytes themselves have the name. */
  readonly note: string | null
}

export class S3Keys {
  readonly #root: string

  constructor(prefix: string) {
    this.#root = prefix === '' ? '' : `${prefix}/`
  }

  /** What everything of ours begins with. */
  get root(): string {
    return this.#root
  }

  /** What the names of all blobs begin with, or of those with these bytes. */
  namesOf(sha256 = ''): string {
    return `${this.#root}blobs/${sha256 === '' ? '' : `${sha256.slice(0, 2)}/${sha256}.`}`
  }

  of(location: string): BlobKeys {
    mustBeLocation(location)
    const name = `${this.#root}blobs/${location.slice(0, 2)}/${location}`
    const random = location.slice(location.indexOf('.') + 1)
    return random.length === 16 ? { data: name, note: null } : { data: this.#streamed(random), note: name }
  }

  /** For bytes that are not known yet; `locate` tells the location once they are. */
  newStreamed(): { data: string; locate(sha256: string): string } {
    const random = randomBytes(16).toString('hex')
    return { data: this.#streamed(random), locate: sha256 => `${sha256}.${random}` }
  }

  /** Null for an object that is none of ours. */
  locationOf(name: string): string | null {
    const location = name.slice(name.lastIndexOf('/') + 1)
    return isLocation(location) && name.startsWith(this.namesOf()) ? location : null
  }

  /** Whether an upload under this key can be one of ours. */
  isData(key: string): boolean {
    return key.startsWith(`${this.#root}streamed/`) || key.startsWith(this.namesOf())
  }

  #streamed(random: string): string {
    return `${this.#root}streamed/${random.slice(0, 2)}/${random}`
  }
}
