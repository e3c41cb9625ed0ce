/** Blobs as files in a folder: `staging/` while they arrive, `blobs/ab/abcd….<random>` for good. */
import { randomBytes } from 'node:crypto'
import { type FileHandle, open, readdir, rename, stat, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode, Trouble } from '../domain/errors.ts'
import { makeFolder, ownerToGiveTo, syncFolder } from '../durable-folders.ts'
import type { ContentStore, UnplacedBlob } from './content-store.ts'
import { isLocation, mustBeLocation, newLocation } from './locations.ts'

const chunkBytes = 64 * 1024

/**
 * Opens the folder, creating it where needed. Several processes may share it, on several machines too: all that it asks
 * of the file system is that a file that was created with a new name, synced and renamed is there for everybody, whole.
 * There are no locks. @throws Trouble
 */
export async function openDiskStore(folder: string): Promise<ContentStore> {
  const store = new DiskStore(folder)
  await translated(() => store.prepare())
  return store
}

/** The same for a place where there was none: the folder is for nobody else on the machine. @throws Trouble */
export async function openNewDiskStore(folder: string): Promise<ContentStore> {
  await translated(() => makeFolder(folder, { mode: 0o700 }))
  return openDiskStore(folder)
}

/** Whether nothing is there, ours or not; also where there is no such folder. @throws Trouble */
export async function isEmptyFolder(folder: string): Promise<boolean> {
  try {
    return (await readdir(folder)).length === 0
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return true
    return translated(() => Promise.reject(error))
  }
}

class DiskStore implements ContentStore {
  readonly #folder: string
  readonly #knownFolders = new Set<string>()
  /** Where not we are it. */
  #owner: { uid: number; gid: number } | null = null

  constructor(folder: string) {
    this.#folder = folder
  }

  async prepare(): Promise<void> {
    await makeFolder(this.#staging)
    await makeFolder(this.#blobs)
    this.#owner = await ownerToGiveTo(this.#folder)
  }

  create(location?: string): Promise<UnplacedBlob> {
    if (location !== undefined) mustBeLocation(location)
    return translated(async () => {
      const path = join(this.#staging, randomBytes(16).toString('hex'))
      const file = await open(path, 'wx', 0o600)
      if (this.#owner !== null) await file.chown(this.#owner.uid, this.#owner.gid)
      return new StagedFile({ path, file, location, adopt: place => this.#adopt(path, place) })
    })
  }

  read(location: string): Promise<AsyncIterable<Buffer>> {
    return translated(async () => {
      const path = this.#pathOf(location)
      try {
        return chunksOf(await open(path, 'r'))
      } catch (error) {
        if (!isGone(error)) throw error
        throw new Trouble('blob-missing', `the stored file ${path} is missing: restore it from a backup`)
      }
    })
  }

  sizeOf(location: string): Promise<number | null> {
    return translated(async () => {
      try {
        return (await stat(this.#pathOf(location))).size
      } catch (error) {
        if (!isGone(error)) throw error
        return null
      }
    })
  }

  locationsOf(sha256: string): Promise<string[]> {
    return translated(async () => {
      try {
        const names = await readdir(this.#folderOf(sha256))
        return names.filter(name => isLocation(name) && name.startsWith(`${sha256}.`))
      } catch (error) {
        if (!isGone(error)) throw error
        return []
      }
    })
  }

  async remove(location: string): Promise<void> {
    await translated(() => remove(this.#pathOf(location)))
  }

  async *placedBefore(before: number): AsyncGenerator<string> {
    let moment: number | null = null
    for (const folder of await namesIn(this.#blobs)) {
      if (!/^[0-9a-f]{2}$/.test(folder)) continue
      for (const location of await namesIn(join(this.#blobs, folder))) {
        if (!isLocation(location)) continue
        moment ??= await this.#momentHere(before)
        if (await isOlder(this.#pathOf(location), moment)) yield location
      }
    }
  }

  async removeUnplacedBefore(before: number): Promise<number> {
    let moment: number | null = null
    let removed = 0
    for (const name of await namesIn(this.#staging)) {
      // What NFS keeps for another machine that has the file open still; it goes by itself.
      if (name.startsWith('.nfs')) continue
      const path = join(this.#staging, name)
      moment ??= await this.#momentHere(before)
      if (!(await isOlder(path, moment))) continue
      await translated(() => remove(path))
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

  async close(): Promise<void> {} // nothing is open

  /** Moves a durable staged file to its place; the folder's entry is durable before this returns. */
  async #adopt(path: string, location: string): Promise<void> {
    const place = this.#pathOf(location)
    const folder = this.#folderOf(location)
    if (!this.#knownFolders.has(folder)) {
      await makeFolder(folder)
      this.#knownFolders.add(folder)
    }
    await moveInto(path, place)
    await syncFolder(folder)
  }

  /** That moment of our clock on the clock that dates the files: the one of the machine that the disk is in. */
  #momentHere(moment: number): Promise<number> {
    if (!Number.isFinite(moment)) return Promise.resolve(moment)
    return translated(async () => {
      const path = join(this.#staging, randomBytes(16).toString('hex'))
      const before = Date.now()
      await writeFile(path, '', { flag: 'wx', mode: 0o600 })
      try {
        return moment + (await stat(path)).mtimeMs - before
      } finally {
        await remove(path)
      }
    })
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
    mustBeLocation(location)
    return join(this.#folderOf(location), location)
  }
}

class StagedFile implements UnplacedBlob {
  readonly #path: string
  readonly #file: FileHandle
  readonly #adopt: (location: string) => Promise<void>
  #location: string | undefined
  #isOpen = true

  constructor(input: {
    path: string
    file: FileHandle
    location: string | undefined
    adopt: (location: string) => Promise<void>
  }) {
    this.#path = input.path
    this.#file = input.file
    this.#location = input.location
    this.#adopt = input.adopt
  }

  async write(bytes: Buffer): Promise<void> {
    await translated(() => this.#file.writeFile(bytes))
  }

  end(sha256: string): Promise<void> {
    this.#location ??= newLocation(sha256)
    return translated(() => this.#close())
  }

  async place(): Promise<string> {
    const location = this.#location
    if (location === undefined) throw new Error('a blob was to be placed before its end')
    await translated(async () => {
      await this.#makeDurable()
      await this.#adopt(location)
    })
    return location
  }

  async discard(): Promise<void> {
    await translated(async () => {
      await this.#close()
      await remove(this.#path)
    })
  }

  /** Whichever handle asks for it, all that was written to the file becomes durable. */
  async #makeDurable(): Promise<void> {
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
    if (!isGone(error)) throw error
  }
}

/**
 * A move over a network may be done and its answer lost: asked again, the server finds nothing to move. Nobody else moves
 * a file of this name.
 */
async function moveInto(path: string, place: string): Promise<void> {
  try {
    await rename(path, place)
  } catch (error) {
    if (!isGone(error)) throw error
    await stat(place).catch(() => {
      throw error
    })
  }
}

function namesIn(folder: string): Promise<string[]> {
  return translated(() => readdir(folder))
}

/** ESTALE: another machine removed it while ours still knew it. */
function isGone(error: unknown): boolean {
  const code = errorCode(error)
  return code === 'ENOENT' || code === 'ESTALE'
}

async function isOlder(path: string, before: number): Promise<boolean> {
  try {
    return (await stat(path)).mtimeMs < before
  } catch (error) {
    if (isGone(error)) return false // placed, discarded or swept by another meanwhile
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
