/**
 * One thing on the disk, held by a handle of our own instead of a path that somebody may change meanwhile. Linux only:
 * O_PATH handles, and `/proc/self/fd/N` in place of `openat`, `fchmod` and the like, which Node does not offer.
 *
 * Look-ups are synchronous: they take two microseconds, the thread pool fifty.
 */
import { type BigIntStats, closeSync, constants, fstatSync, openSync, readlinkSync } from 'node:fs'
import { system } from './python/errors.ts'
import { decodeFileName, encodeFileName } from './python/file-names.ts'

/** Node does not name it; the same number on every architecture that Node runs on. */
const O_PATH = 0o10000000
const lookUpFlags = O_PATH | constants.O_NOFOLLOW

export type Kind = 'folder' | 'file' | 'link' | 'fifo' | 'other'

/** Lives until each `hold`, the one of its making included, has been answered by a `release`. */
export class Entry {
  /** The folder it was found in; null for the root. */
  readonly parent: Entry | null
  readonly name: string
  readonly kind: Kind
  readonly #handle: number
  #holds = 1

  private constructor(handle: number, parent: Entry | null, name: string) {
    this.#handle = handle
    this.name = name
    try {
      this.kind = kindOf(this.stats())
    } catch (error) {
      closeSync(handle)
      throw error
    }
    this.parent = parent?.hold() ?? null
  }

  /** By a path that we trust. @throws OsError */
  static openTop(path: string): Entry {
    return new Entry(
      system(() => openSync(path, lookUpFlags | constants.O_DIRECTORY)),
      null,
      '',
    )
  }

  /** What is there by that name, links not followed. @throws OsError */
  open(name: string): Entry {
    const handle = system(() => openSync(this.pathTo(name), lookUpFlags))
    return new Entry(handle, this, name)
  }

  /** Leads to this very thing, whatever became of its name: for a folder or file, not for a link. */
  get path(): string {
    return `/proc/self/fd/${this.#handle}`
  }

  /** For calls that do not follow a link at the end. Takes a plain name only: no `..`, no slash. */
  pathTo(name: string): Buffer {
    if (name === '' || name === '..' || name.includes('/')) throw new Error(`not a plain name: ${name}`)
    return Buffer.concat([Buffer.from(`${this.path}/`), encodeFileName(name)])
  }

  /** Where the link of that name leads, as it is written there. @throws OsError `EINVAL` for what is no link */
  readLink(name: string): string {
    return decodeFileName(system(() => readlinkSync(this.pathTo(name), { encoding: 'buffer' })))
  }

  stats(): BigIntStats {
    return system(() => fstatSync(this.#handle, { bigint: true }))
  }

  /** Whether the system lets us pass through this folder. @throws OsError `EACCES` */
  checkSearch(): void {
    closeSync(system(() => openSync(this.pathTo('.'), lookUpFlags)))
  }

  isSameAs(other: Entry): boolean {
    const [mine, theirs] = [this.stats(), other.stats()]
    return mine.dev === theirs.dev && mine.ino === theirs.ino
  }

  hold(): Entry {
    if (this.#holds === 0) throw new Error('this entry has been closed')
    this.#holds++
    return this
  }

  release(): void {
    // Closing twice would close what somebody else has opened by then.
    if (this.#holds === 0) throw new Error('this entry has been closed')
    if (--this.#holds > 0) return
    closeSync(this.#handle)
    this.parent?.release()
  }
}

function kindOf(stats: BigIntStats): Kind {
  if (stats.isDirectory()) return 'folder'
  if (stats.isFile()) return 'file'
  if (stats.isSymbolicLink()) return 'link'
  return stats.isFIFO() ? 'fifo' : 'other'
}
