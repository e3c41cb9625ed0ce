/** Makes what SQLite has committed durable, without blocking: one fdatasync serves all who wait for it. */
import { type FileHandle, open } from 'node:fs/promises'

/**
 * SQLite with `synchronous=NORMAL` writes a commit to the write-ahead log and leaves it to the operating system.
 * `sync()` is the missing half: when it resolves, everything committed before the call survives a power loss.
 * See docs/decisions/002-durable-commits.md.
 */
export class WriteAheadLog {
  readonly #file: FileHandle
  #running: Promise<void> | null = null
  #next: Promise<void> | null = null
  #failure: unknown = null

  private constructor(file: FileHandle) {
    this.#file = file
  }

  /** `databasePath`: the database file, whose log SQLite has created by now. */
  static async open(databasePath: string): Promise<WriteAheadLog> {
    return new WriteAheadLog(await open(`${databasePath}-wal`, 'r+'))
  }

  get isSyncing(): boolean {
    return this.#running !== null
  }

  /**
   * A sync that is under way may have begun before the caller's commit, so its caller gets the next one. When one
   * has failed, all later ones do: the system may have dropped what it could not write, and a second try would say
   * that all is well.
   */
  sync(): Promise<void> {
    if (this.#running === null) return this.#start()
    this.#next ??= this.#running.then(() => {
      this.#next = null
      return this.#start()
    })
    return this.#next
  }

  #start(): Promise<void> {
    this.#running = this.#write().finally(() => {
      this.#running = null
    })
    return this.#running
  }

  async #write(): Promise<void> {
    if (this.#failure !== null) throw this.#failure
    try {
      await this.#file.datasync()
    } catch (error) {
      this.#failure = error
      throw error
    }
  }

  async close(): Promise<void> {
    await this.#file.close()
  }
}
