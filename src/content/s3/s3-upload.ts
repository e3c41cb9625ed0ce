/** A blob on its way into an S3 store: few bytes by one request, many as parts while they come. */
import { hash } from 'node:crypto'
import { Trouble } from '../../domain/errors.ts'
import type { UnplacedBlob } from '../content-store.ts'
import { newLocation, sha256Of } from '../locations.ts'
import { GatheredPart } from './gathered-part.ts'
import type { PartMemory } from './part-memory.ts'
import type { S3Calls } from './s3-calls.ts'
import type { S3Keys } from './s3-keys.ts'
import { S3Parts } from './s3-parts.ts'

/** Up to so many bytes need nothing of the common memory: most uploads never wait for it. */
const beginningBytes = 512 * 1024

const empty = { bytes: Buffer.alloc(0), sha256: hash('sha256', '') }

export interface Rooms {
  readonly calls: S3Calls
  readonly keys: S3Keys
  readonly memory: PartMemory
}

export class S3Upload implements UnplacedBlob {
  readonly #rooms: Rooms
  /** Whether another store has given the location: then what is there is not ours to remove. */
  readonly #isCopy: boolean
  #location: string | null
  #beginning: Buffer[] = []
  #beginningLength = 0
  /** Where they gather, once there are more bytes. */
  #part: GatheredPart | null = null
  /** The upload of a blob that needs more than one part, and where it goes. */
  #streamed: { readonly parts: S3Parts; locate(sha256: string): string } | null = null
  /** All bytes of a blob that has ended, counted as waiting. */
  #waiting: Buffer | null = null
  #mayBeStored = false
  #isOver = false
  readonly #givenUp = new AbortController()

  constructor(rooms: Rooms, location: string | null) {
    this.#rooms = rooms
    this.#location = location
    this.#isCopy = location !== null
  }

  async write(bytes: Buffer): Promise<void> {
    const isLarge = this.#part !== null || this.#streamed !== null
    if (!isLarge && this.#beginningLength + bytes.length <= beginningBytes) {
      this.#beginning.push(Buffer.from(bytes))
      this.#beginningLength += bytes.length
      return
    }
    for (let rest = bytes; rest.length > 0; ) {
      const part = this.#part ?? (await this.#beginPart())
      rest = rest.subarray(await part.add(rest))
      if (part.isFull) await this.#send(part)
    }
  }

  async end(sha256: string): Promise<void> {
    if (this.#streamed === null) {
      this.#location ??= newLocation(sha256)
      await this.#keep(this.#location)
      return
    }
    const { parts, locate } = this.#streamed
    this.#location ??= locate(sha256)
    if (this.#part !== null) await this.#send(this.#part)
    // The note comes before the object is complete: so a sweep finds every object that is.
    const outcomes = await Promise.allSettled([parts.sent(), this.#putNote(this.#location)])
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  }

  async place(): Promise<string> {
    const location = this.#location
    if (location === null || this.#isOver) throw new Error('a blob was placed before its end, or twice')
    if (this.#waiting !== null) await this.#store(location, this.#waiting)
    await this.#streamed?.parts.complete()
    this.#letGo()
    this.#isOver = true
    return location
  }

  /** What cannot be removed, since the store is in trouble, is left to the sweep. */
  async discard(): Promise<void> {
    if (this.#isOver) return
    this.#isOver = true
    this.#givenUp.abort(new Trouble('storage', 'the upload was given up'))
    this.#letGo()
    await Promise.allSettled([this.#dropPart(), this.#streamed?.parts.abort(), this.#removeStored()])
  }

  async #beginPart(): Promise<GatheredPart> {
    await this.#streamed?.parts.ready()
    const part = await GatheredPart.begin(this.#rooms.memory, this.#givenUp.signal)
    this.#part = part
    for (const bytes of this.#beginning) await part.add(bytes)
    this.#beginning = []
    return part
  }

  async #send(part: GatheredPart): Promise<void> {
    this.#streamed ??= await this.#beginStream()
    const { length } = part
    const room = await part.take()
    this.#part = null
    this.#streamed.parts.send(room, length)
  }

  async #beginStream() {
    const { keys } = this.#rooms
    const location = this.#location
    const { data, locate } =
      location === null ? keys.newStreamed() : { data: keys.of(location).data, locate: () => location }
    return { parts: await S3Parts.begin(this.#rooms, data, this.#givenUp.signal), locate }
  }

  /** In memory, for bytes that are known already are not placed; where there is too much of them, in the store at once. */
  async #keep(location: string): Promise<void> {
    const { memory } = this.#rooms
    const part = this.#part
    if (memory.mayWait(part?.length ?? this.#beginningLength)) await this.#wait()
    else if (part === null) await this.#store(location, Buffer.concat(this.#beginning))
    else await this.#storePart(location, part)
    this.#beginning = []
    await this.#dropPart()
  }

  async #wait(): Promise<void> {
    const part = this.#part
    try {
      this.#waiting = part === null ? Buffer.concat(this.#beginning) : await part.copy()
    } catch (error) {
      this.#rooms.memory.letGo(part?.length ?? this.#beginningLength)
      throw error
    }
  }

  async #storePart(location: string, part: GatheredPart): Promise<void> {
    const { length } = part
    const room = await part.take()
    try {
      await this.#store(location, room.subarray(0, length))
    } finally {
      this.#rooms.memory.give(room)
    }
  }

  async #store(location: string, bytes: Buffer): Promise<void> {
    await this.#putNote(location)
    this.#mayBeStored = true
    const { data } = this.#rooms.keys.of(location)
    await this.#rooms.calls.put(data, { bytes, sha256: sha256Of(location) }, { signal: this.#givenUp.signal })
  }

  async #putNote(location: string): Promise<void> {
    const { note } = this.#rooms.keys.of(location)
    if (note === null) return
    this.#mayBeStored = true
    await this.#rooms.calls.put(note, empty, { signal: this.#givenUp.signal })
  }

  async #removeStored(): Promise<void> {
    if (!this.#mayBeStored || this.#isCopy || this.#location === null) return
    const { data, note } = this.#rooms.keys.of(this.#location)
    for (const key of [data, note]) if (key !== null) await this.#rooms.calls.remove(key, { patient: false })
  }

  async #dropPart(): Promise<void> {
    const part = this.#part
    this.#part = null
    await part?.drop()
  }

  #letGo(): void {
    if (this.#waiting !== null) this.#rooms.memory.letGo(this.#waiting.length)
    this.#waiting = null
  }
}
