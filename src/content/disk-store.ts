/** Blobs as files in a folder: `staging/` while they arrive, `blobs/ab/abcd….<random>` for good. */
import { randomBytes } from 'node:crypto'
import { type FileHandle, open, readdir, rename, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode, Trouble } from '../domain/errors.ts'
import { makeFolder, syncFolder } from '../durable-folders.ts'
import type { ContentStore, UnplacedBlob } from './content-store.ts'

const chunkBytes = 64 * 1024
const locationForm = /^[0-9a-f]{64}\.[0-9a-f]{16}$/

/** Opens the folder, creating it where needed. Several processes may share it. @throws Trouble */
export async function openDiskStore(folder: string): Promise<ContentStore> {
  const store = new DiskStore(folder)
  await translated(() => store.prepare())
  return store
}

class DiskStore implements ContentStore {
  readonly #folder: string
  readonly #knownFolders = new Set<string>()

  constructor(folder: string) {
    this.#folder = folder
  }

  async prepare(): Promise<void> {
    await makeFolder(this.#staging)
    await makeFolder(this.#blobs)
  }

  create(): Promise<UnplacedBlob> {
    return translated(async () => {
      const path = join(this.#staging, randomBytes(16).toString('hex'))
      return new StagedFile(path, await open(path, 'wx', 0o600), location => this.#adopt(path, location))
    })
  }

  read(location: string): Promise<AsyncIterable<Buffer>> {
    return translated(async () => {
      const path = this.#pathOf(location)
      try {
        return chunksOf(await open(path, 'r'))
      } catch (error) {
        if (errorCode(error) !== 'ENOENT') throw error
        throw new Trouble('blob-missing', `the stored file ${path} is missing: restore it from a backup`)
      }
    })
  }

  sizeOf(location: string): Promise<number | null> {
    return translated(async () => {
      try {
        return (await stat(this.#pathOf(location))).size
      } catch (error) {
        if (errorCode(error) !== 'ENOENT') throw error
        return null
      }
    })
  }

  locationsOf(sha256: string): Promise<string[]> {
    return translated(async () => {
      try {
        const names = await readdir(this.#folderOf(sha256))
        return names.filter(name => locationForm.test(name) && name.startsWith(`${sha256}.`))
      } catch (error) {
        if (errorCode(error) !== 'ENOENT') throw error
        return []
      }
    })
  }

  async remove(location: string): Promise<void> {
    await translated(() => remove(this.#pathOf(location)))
  }

  async *placedBefore(before: number): AsyncGenerator<string> {
    for (const folder of await readdir(this.#blobs)) {
      for (const location of await readdir(join(this.#blobs, folder))) {
        if (!locationForm.test(location)) continue
        if (await isOlder(this.#pathOf(location), before)) yield location
      }
    }
  }

  async removeUnplacedBefore(before: number): Promise<number> {
    let removed = 0
    for (const name of await readdir(this.#staging)) {
      const path = join(this.#staging, name)
      if (!(await isOlder(path, before))) continue
      await remove(path)
      removed++
    }
    return removed
  }

  async check(): Promise<void> {
    const blob = await this.create()
    try {
      await blob.write(Buffer.from('ready?'))
    } finally {
      await blob.discard()
    }
  }

  /** Moves a durable staged file to its place; the folder's entry is durable before this returns. */
  async #adopt(path: string, location: string): Promise<void> {
    const place = this.#pathOf(location)
    const folder = this.#folderOf(location)
    if (!this.#knownFolders.has(folder)) {
      await makeFolder(folder)
      this.#knownFolders.add(folder)
    }
    await rename(path, place)
    await syncFolder(folder)
  }

  get #staging(): string {
    return join(this.#folder, 'staging')
  }

  get #blobs(): string {
    return join(this.#folder, 'blobs')
  }

  #folderOf(location: string): string {
    return join(this.#blobs, location.slice(0, 2))
  }

  #pathOf(location: string): string {
    if (!locationForm.test(location)) throw new Error(`not a location of this store: ${location}`)
    return join(this.#folderOf(location), location)
  }
}

class StagedFile implements UnplacedBlob {
  readonly #path: string
  readonly #file: FileHandle
  readonly #adopt: (location: string) => Promise<void>
  #isOpen = true

  constructor(path: string, file: FileHandle, adopt: (location: string) => Promise<void>) {
    this.#path = path
    this.#file = file
    this.#adopt = adopt
  }

  async write(bytes: Buffer): Promise<void> {
    await translated(() => this.#file.writeFile(bytes))
  }

  end(): Promise<void> {
    return translated(() => this.#close())
  }

  async place(sha256: string): Promise<string> {
    const location = `${sha256}.${randomBytes(8).toString('hex')}`
    await this.placeAs(location)
    return location
  }

  async placeAs(location: string): Promise<void> {
    await translated(async () => {
      await this.#makeDurable()
      await this.#adopt(location)
    })
  }

  async discard(): Promise<void> {
    await translated(async () => {
      await this.#close()
      await remove(this.#path)
    })
  }

  /** Whichever handle asks for it, all that was written to the file becomes durable. */
  async #makeDurable(): Promise<void> {
    if (this.#isOpen) {
      await this.#file.datasync()
      await this.#close()
      return
    }
    const file = await open(this.#path, 'r+')
    try {
      await file.datasync()
    } finally {
      await file.close()
    }
  }

  async #close(): Promise<void> {
    if (!this.#isOpen) return
    this.#isOpen = false
    await this.#file.close()
  }
}

async function* chunksOf(file: FileHandle): AsyncGenerator<Buffer> {
  try {
    for (;;) {
      const { bytesRead, buffer } = await translated(() =>
        file.read(Buffer.allocUnsafe(chunkBytes), 0, chunkBytes),
      )
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await file.close()
  }
}

async function remove(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
  }
}

async function isOlder(path: string, before: number): Promise<boolean> {
  try {
    return (await stat(path)).mtimeMs < before
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false // placed, discarded or swept by another meanwhile
    throw error
  }
}

/** Says in our words what the file system said in its own. */
async function translated<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    const code = errorCode(error)
    if (error instanceof Trouble || code === undefined) throw error
    if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') {
      throw new Trouble('storage-full', `no space left in the storage folder (${code})`, { cause: error })
    }
    throw new Trouble('storage', `the storage folder failed: ${(error as Error).message}`, { cause: error })
  }
}
