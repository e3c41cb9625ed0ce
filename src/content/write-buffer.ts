/** Gathers the bytes of a large file until they are worth a write, in memory that is used again and again. */

/** From so many bytes on a write is worth it. */
export const worthWritingBytes = 256 * 1024
const capacityBytes = worthWritingBytes + 128 * 1024
const maxSpare = 32

/** Fresh memory for each piece of each upload would keep the garbage collector busier than all else. */
const spare: Buffer[] = []

export class WriteBuffer {
  readonly #room = spare.pop() ?? Buffer.allocUnsafeSlow(capacityBytes)
  #filled = 0
  /** What came when the room was full: comes after it. */
  #overflow: Buffer[] = []
  #overflowBytes = 0

  get length(): number {
    return this.#filled + this.#overflowBytes
  }

  add(bytes: Buffer): void {
    if (this.#overflow.length === 0 && this.#filled + bytes.length <= capacityBytes) {
      this.#filled += bytes.copy(this.#room, this.#filled)
      return
    }
    this.#overflow.push(Buffer.from(bytes))
    this.#overflowBytes += bytes.length
  }

  /** Hands over what has been gathered, which may be overwritten as soon as `write` is done. */
  async flush(write: (bytes: Buffer) => Promise<void>): Promise<void> {
    const pieces = [this.#room.subarray(0, this.#filled), ...this.#overflow]
    for (const piece of pieces) if (piece.length > 0) await write(piece)
    this.#filled = 0
    this.#overflow = []
    this.#overflowBytes = 0
  }

  /** Nothing may be added afterwards. */
  release(): void {
    if (spare.length < maxSpare) spare.push(this.#room)
  }
}
