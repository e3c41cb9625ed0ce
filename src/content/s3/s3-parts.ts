/** The parts of one multipart upload, on their way a few at a time. */
import type { PartMemory } from './part-memory.ts'
import type { Part, S3Calls, Upload } from './s3-calls.ts'

const partsAtOnce = 2

interface Rooms {
  readonly calls: S3Calls
  readonly memory: PartMemory
}

export class S3Parts {
  readonly #rooms: Rooms
  readonly #upload: Upload
  readonly #signal: AbortSignal
  readonly #sending = new Set<Promise<void>>()
  readonly #sent: Part[] = []
  #begun = 0
  #failure: { readonly error: unknown } | null = null

  /** The signal ends what is under way. @throws Trouble */
  static async begin(rooms: Rooms, key: string, signal: AbortSignal): Promise<S3Parts> {
    return new S3Parts(rooms, await rooms.calls.beginUpload(key, { signal }), signal)
  }

  private constructor(rooms: Rooms, upload: Upload, signal: AbortSignal) {
    this.#rooms = rooms
    this.#upload = upload
    this.#signal = signal
  }

  /** Resolves when another part may be begun. @throws what has failed meanwhile */
  async ready(): Promise<void> {
    while (this.#sending.size >= partsAtOnce) await Promise.race(this.#sending)
    this.#throwFailure()
  }

  /** Begins to send what is in this piece of the common memory, and gives it back when it has been sent. */
  send(room: Buffer, length: number): void {
    const { calls, memory } = this.#rooms
    const part = { number: ++this.#begun, bytes: room.subarray(0, length) }
    const sending = calls
      .putPart(this.#upload, part, { signal: this.#signal })
      .then(
        sent => {
          this.#sent[sent.number - 1] = sent
        },
        error => {
          this.#failure ??= { error }
        },
      )
      .finally(() => {
        memory.give(room)
        this.#sending.delete(sending)
      })
    this.#sending.add(sending)
  }

  /** Resolves when all parts are there. @throws Trouble */
  async sent(): Promise<void> {
    await Promise.all(this.#sending)
    this.#throwFailure()
  }

  /** @throws Trouble */
  complete(): Promise<void> {
    return this.#rooms.calls.completeUpload(this.#upload, this.#sent)
  }

  /** To be called after the signal. A part that arrives after the end of its upload would stay there. @throws Trouble */
  async abort(): Promise<void> {
    await Promise.all(this.#sending)
    await this.#rooms.calls.abortUpload(this.#upload, { patient: false })
  }

  #throwFailure(): void {
    if (this.#failure !== null) throw this.#failure.error
  }
}
