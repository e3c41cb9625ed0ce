/**
 * The bytes of one part while they come: in the common memory, or else in a file. So a client that takes its time holds
 * up nobody, however many such clients there are.
 */
import { randomBytes } from 'node:crypto'
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { errorCode, Trouble } from '../../domain/errors.ts'
import { type PartMemory, partBytes } from './part-memory.ts'

export class GatheredPart {
  readonly #memory: PartMemory
  readonly #signal: AbortSignal
  /** One of them, until the bytes are taken or dropped. */
  #room: Buffer | null
  #file: FileHandle | null
  #length = 0

  /** The signal gives it up. @throws Trouble `storage`, `storage-full`; the signal's reason */
  static async begin(memory: PartMemory, signal: AbortSignal): Promise<GatheredPart> {
    signal.throwIfAborted()
    const room = memory.gather()
    const part = new GatheredPart(memory, signal, { room, file: room === null ? await openFile() : null })
    if (!signal.aborted) return part
    await part.drop()
    throw signal.reason
  }

  private constructor(
    memory: PartMemory,
    signal: AbortSignal,
    { room, file }: { room: Buffer | null; file: FileHandle | null },
  ) {
    this.#memory = memory
    this.#signal = signal
    this.#room = room
    this.#file = file
  }

  get length(): number {
    return this.#length
  }

  get isFull(): boolean {
    return this.#length === partBytes
  }

  /** Returns how many of them it has taken: it may be full. @throws Trouble; the signal's reason */
  async add(bytes: Buffer): Promise<number> {
    this.#signal.throwIfAborted()
    const taken = Math.min(bytes.length, partBytes - this.#length)
    if (this.#room !== null) bytes.copy(this.#room, this.#length, 0, taken)
    else await inFile(() => this.#file?.writeFile(bytes.subarray(0, taken)))
    this.#length += taken
    return taken
  }

  /** A copy, in memory of its own. @throws Trouble */
  async copy(): Promise<Buffer> {
    if (this.#room !== null) return Buffer.from(this.#room.subarray(0, this.#length))
    const bytes = Buffer.allocUnsafeSlow(this.#length)
    await this.#read(bytes)
    return bytes
  }

  /** In a piece of the common memory, which is to be given back; they go out at once. @throws Trouble; the signal's reason */
  async take(): Promise<Buffer> {
    const gathered = this.#room
    if (gathered !== null) {
      this.#room = null
      this.#memory.endGathering()
      return gathered
    }
    const room = await this.#memory.take(this.#signal)
    try {
      await this.#read(room)
      await this.drop()
      return room
    } catch (error) {
      this.#memory.give(room)
      throw error
    }
  }

  /** Safe to repeat, and after `take`. */
  async drop(): Promise<void> {
    const [room, file] = [this.#room, this.#file]
    this.#room = this.#file = null
    if (room !== null) {
      this.#memory.endGathering()
      this.#memory.give(room)
    }
    await file?.close()
  }

  async #read(into: Buffer): Promise<void> {
    for (let at = 0; at < this.#length; ) {
      this.#signal.throwIfAborted()
      const read = await inFile(() => this.#file?.read(into, at, this.#length - at, at))
      if (read === undefined || read.bytesRead === 0) throw new Trouble('storage', `${tmpdir()} lost bytes`)
      at += read.bytesRead
    }
  }
}

/** It has no name: it goes with the process, whatever happens. */
function openFile(): Promise<FileHandle> {
  return inFile(async () => {
    const path = join(tmpdir(), `ngshare-part-${randomBytes(16).toString('hex')}`)
    const file = await open(path, 'wx+', 0o600)
    await unlink(path)
    return file
  })
}

async function inFile<Result>(act: () => Promise<Result> | undefined): Promise<Result> {
  try {
    return (await act()) as Result
  } catch (error) {
    const code = errorCode(error)
    const where = `${tmpdir()}, where parts of large uploads wait for S3 (TMPDIR names another folder)`
    if (code === 'ENOSPC' || code === 'EDQUOT')
      throw new Trouble('storage-full', `no space left in ${where}`, { cause: error })
    throw new Trouble('storage', `cannot use ${where}: ${code}`, { cause: error })
  }
}
