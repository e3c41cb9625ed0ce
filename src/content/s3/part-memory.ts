/** The memory for parts of uploads on their way to S3: so much for the whole process, however many there are. */
import { Trouble } from '../../domain/errors.ts'

/** The least that S3 takes as a part that is not the last. */
export const partBytes = 5 * 1024 * 1024
/** As many parts are gathered or under way at once. */
const maxParts = 12
/** As many of them are gathered, as fast as clients send; the others are under way, as fast as the store takes them. */
const maxGathered = 8
/** What has ended and waits to be placed may take so much in memory; what is more is sent to the store at once. */
const maxWaitingBytes = 32 * 1024 * 1024
const maxWaitMs = 60_000

export class PartMemory {
  /** Fresh memory for each part would lie about until the garbage collector looks. */
  readonly #spare: Buffer[] = []
  #taken = 0
  #gathered = 0
  #queue: ((part: Buffer) => void)[] = []
  #waitingBytes = 0

  /** A part to fill, to be given back after `endGathering`; null while there is none. */
  gather(): Buffer | null {
    if (this.#gathered === maxGathered || this.#taken === maxParts) return null
    this.#gathered++
    this.#taken++
    return this.#newPart()
  }

  /** What was gathered is under way, or given up. */
  endGathering(): void {
    this.#gathered--
  }

  /**
   * A part for what goes out at once, to be given back. Waits while all are taken. Who waits must hold none: then each
   * goes on by itself, and is given back some time. @throws Trouble `storage` after a minute; the signal's reason
   */
  async take(signal: AbortSignal): Promise<Buffer> {
    signal.throwIfAborted()
    if (this.#taken < maxParts) {
      this.#taken++
      return this.#newPart()
    }
    return new Promise((resolve, reject) => {
      const done = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', giveUp)
      }
      const giveUp = () => {
        done()
        this.#queue = this.#queue.filter(waiting => waiting !== take)
        reject(signal.aborted ? signal.reason : tooBusy())
      }
      const take = (part: Buffer) => {
        done()
        resolve(part)
      }
      const timer = setTimeout(giveUp, maxWaitMs)
      signal.addEventListener('abort', giveUp)
      this.#queue.push(take)
    })
  }

  give(part: Buffer): void {
    const next = this.#queue.shift()
    if (next !== undefined) {
      next(part)
      return
    }
    this.#taken--
    this.#spare.push(part)
  }

  #newPart(): Buffer {
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(partBytes)
  }

  /** Whether so many bytes may wait in memory; if so, `letGo` of them in the end. */
  mayWait(bytes: number): boolean {
    if (this.#waitingBytes + bytes > maxWaitingBytes) return false
    this.#waitingBytes += bytes
    return true
  }

  letGo(bytes: number): void {
    this.#waitingBytes -= bytes
  }
}

function tooBusy(): Trouble {
  return new Trouble(
    'storage',
    `large uploads came faster than the S3 store took them: one has waited ${maxWaitMs / 1000} s for memory`,
  )
}
