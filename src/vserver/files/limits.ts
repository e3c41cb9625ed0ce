/** How much one call may take. */
import { setImmediate } from 'node:timers/promises'
import { CallFailed } from './call.ts'

export interface FileLimits {
  /** For `read` and `write`. */
  readonly maxFileBytes: number
  /** Names that `ls`, `glob`, `walk` and `copytree` may look at. */
  readonly maxEntries: number
  /** All files of a `copy` or `copytree` together. */
  readonly maxCopyBytes: number
  /** Folders within folders that `rmtree` may go down; each holds a handle. */
  readonly maxDepth: number
}

export const defaultFileLimits: FileLimits = {
  maxFileBytes: 64 * 1024 * 1024,
  maxEntries: 100_000,
  maxCopyBytes: 1024 * 1024 * 1024,
  maxDepth: 2048,
}

/** Long texts count more than once: they would make a large answer of few entries. */
const charactersPerEntry = 256
/** A path is looked up step by step, and a step has two characters at least. */
const charactersPerLookUp = 32
const sliceMs = 10

/** What is left for one call to look at. Lets other work run from time to time. */
export class EntryBudget {
  readonly #maxEntries: number
  #left: number
  #sliceEndsAt = performance.now() + sliceMs

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries
    this.#left = maxEntries
  }

  /** @throws CallFailed */
  spend(text: string): void {
    this.#spend(Math.max(1, Math.ceil(text.length / charactersPerEntry)))
  }

  #spend(entries: number): void {
    this.#left -= entries
    if (this.#left < 0) throw new CallFailed(`This call would look at more than ${this.#maxEntries} entries`)
  }

  /** @throws CallFailed */
  async spendLookUp(path: string): Promise<void> {
    this.#spend(Math.ceil(path.length / charactersPerLookUp))
    await this.breathe()
  }

  async breathe(): Promise<void> {
    if (performance.now() < this.#sliceEndsAt) return
    await setImmediate()
    this.#sliceEndsAt = performance.now() + sliceMs
  }
}

/** What is left to copy. */
export class ByteBudget {
  readonly #maxBytes: number
  #left: number

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
    this.#left = maxBytes
  }

  /** @throws CallFailed when there are fewer left */
  check(bytes: number): void {
    if (bytes > this.#left) throw new CallFailed(`This call would copy more than ${this.#maxBytes} bytes`)
  }

  spend(bytes: number): void {
    this.check(bytes)
    this.#left -= bytes
  }
}
