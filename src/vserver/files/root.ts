/** The one folder that all calls stay in. */
import { statSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Entry } from './entry.ts'
import { isOsError, named } from './python/errors.ts'

export class Root {
  /** As it was told to us, but absolute: what real paths in answers begin with. */
  readonly folder: string
  readonly top: Entry
  /** How an absolute link may name this folder. */
  readonly #ownNames: readonly string[][]
  #isOpen = true

  constructor(folder: string, realFolder: string, top: Entry) {
    this.folder = folder
    this.top = top
    this.#ownNames = [namesOf(folder), namesOf(realFolder)]
  }

  /** What an absolute path names below this folder, relative to it; null when it leads elsewhere. */
  findInside(absolutePath: string): string | null {
    const names = namesOf(absolutePath)
    const own = this.#ownNames.find(prefix => prefix.every((name, i) => names[i] === name))
    if (own === undefined) return null
    return names.slice(own.length).join('/') + (absolutePath.endsWith('/') ? '/' : '')
  }

  /** Calls under way end as they would have. Safe to repeat. */
  close(): void {
    if (this.#isOpen) this.top.release()
    this.#isOpen = false
  }
}

/** @throws Error with a text for the one who starts the program */
export async function openRoot(folder: string): Promise<Root> {
  const path = resolve(folder)
  const top = await openTop(path)
  try {
    if (isSame(top, '/')) throw new Error('the root folder must not be /: choose a folder made for this')
    if (!isSame(top, top.path))
      throw new Error('/proc is missing or closed: it is needed to stay in the root folder')
    return new Root(path, await realpath(path), top)
  } catch (error) {
    top.release()
    throw error
  }
}

async function openTop(path: string): Promise<Entry> {
  if (process.platform !== 'linux') throw new Error('files can be served on Linux only')
  try {
    return Entry.openTop(await realpath(path))
  } catch (error) {
    const known = named(path, error)
    if (isOsError(known, 'ENOENT'))
      throw new Error(`the root folder ${path} does not exist`, { cause: error })
    if (isOsError(known, 'ENOTDIR')) throw new Error(`the root ${path} is not a folder`, { cause: error })
    throw new Error(`the root folder cannot be opened: ${(known as Error).message}`, { cause: error })
  }
}

function isSame(entry: Entry, path: string): boolean {
  const [mine, other] = [entry.stats(), statSync(path, { bigint: true, throwIfNoEntry: false })]
  return mine.dev === other?.dev && mine.ino === other.ino
}

function namesOf(path: string): string[] {
  return path.split('/').filter(name => name !== '' && name !== '.')
}
