/**
 * A folder of backups: generations of the database, and one content store for all of them.
 *
 *     ngshare-backup.json          says what this is
 *     lock                         while someone writes here
 *     content/                     files, named as in the storage folder
 *     generations/<moment>/        ngshare.db, manifest.json: whole, or not there
 *     incomplete/<moment>/         a generation on its way, or one that was cut off: of no use
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { errorCode } from '../domain/errors.ts'
import { giveToOwnerOf, makeFolder, syncFolder } from '../durable-folders.ts'
import { CommandFailed } from '../terminal/failure.ts'

/** What a generation holds. `digest`: SHA-256, in hex, over all the rest as JSON. */
export interface Manifest {
  readonly format: 1
  readonly generation: string
  /** When the database was copied. */
  readonly at: string
  /** The newest migration of the database. */
  readonly schema: string
  readonly database: { readonly sizeBytes: number; readonly sha256: string }
  /** `sha256`: over the list of files. */
  readonly content: { readonly files: number; readonly sizeBytes: number; readonly sha256: string }
  /** Rows, by table. */
  readonly counts: Readonly<Record<string, number>>
  /** What was damaged or missing already when the backup was made. */
  readonly damaged: readonly { sha256: string; location: string | null; text: string }[]
  readonly digest: string
}

export interface Generation {
  readonly name: string
  readonly folder: string
  readonly databasePath: string
}

/** A generation that is whole, and what it says of itself. */
export interface Saved {
  readonly folder: BackupFolder
  readonly generation: Generation
  readonly manifest: Manifest
}

const lockBeatMs = 30_000
/** Far longer than copying the database, during which nothing else happens. */
const lockAbandonedMs = 30 * 60_000
const mark = { what: 'backups of ngshare', format: 1 }

export class BackupFolder {
  readonly #folder: string

  private constructor(folder: string) {
    this.#folder = folder
  }

  /** @throws CommandFailed when it is not a folder of backups */
  static async open(folder: string): Promise<BackupFolder> {
    const text = await readFile(join(folder, 'ngshare-backup.json'), 'utf8').catch(error => {
      if (errorCode(error) !== 'ENOENT') throw error
      throw new CommandFailed(`${folder} is no folder of backups: it has no ngshare-backup.json`)
    })
    const { format } = JSON.parse(text) as { format: unknown }
    if (format !== mark.format) throw new CommandFailed(`${folder} was written by another version of ngshare`)
    return new BackupFolder(folder)
  }

  /** Makes the folder where needed. Students' work is nobody else's on this machine. @throws CommandFailed */
  static async create(folder: string): Promise<BackupFolder> {
    await makeFolder(folder, { mode: 0o700 })
    const names = await readdir(folder)
    if (names.includes('ngshare-backup.json')) return BackupFolder.open(folder)
    if (names.length > 0) throw new CommandFailed(`${folder} is not empty, and holds no backups of ngshare`)
    for (const name of ['content', 'generations', 'incomplete']) await makeFolder(join(folder, name))
    await writeDurably(join(folder, 'ngshare-backup.json'), mark)
    return new BackupFolder(folder)
  }

  get contentFolder(): string {
    return join(this.#folder, 'content')
  }

  /** Whole ones, oldest first. */
  async generations(): Promise<Generation[]> {
    const names = await readdir(join(this.#folder, 'generations'))
    return names.sort().map(name => this.#generation('generations', name))
  }

  /** @throws CommandFailed */
  async generation(name: string | undefined): Promise<Generation> {
    const all = await this.generations()
    const found = name === undefined ? all.at(-1) : all.find(generation => generation.name === name)
    if (found !== undefined) return found
    const names = all.map(generation => generation.name).join(', ')
    if (name === undefined) throw new CommandFailed(`${this.#folder} holds no backup that was finished`)
    throw new CommandFailed(`there is no backup '${name}'; there are: ${names || 'none'}`)
  }

  /** @throws CommandFailed when it is not as it was written */
  async manifestOf(generation: Generation): Promise<Manifest> {
    const path = join(generation.folder, 'manifest.json')
    const { digest, ...rest } = JSON.parse(await readFile(path, 'utf8')) as Manifest
    if (digest !== digestOf(rest)) throw new CommandFailed(`${path} is damaged: choose another --generation`)
    return { digest, ...rest }
  }

  /** A place for a new generation. What was cut off before goes. To be called by who holds the lock. */
  async begin(at: Date): Promise<Generation> {
    const incomplete = join(this.#folder, 'incomplete')
    for (const name of await readdir(incomplete)) await rm(join(incomplete, name), { recursive: true })
    const generation = this.#generation('incomplete', at.toISOString().replaceAll(':', '-'))
    await makeFolder(generation.folder)
    return generation
  }

  /** From now on the generation is there. */
  async complete(generation: Generation, manifest: Omit<Manifest, 'digest'>): Promise<Generation> {
    await writeDurably(join(generation.folder, 'manifest.json'), { ...manifest, digest: digestOf(manifest) })
    await giveToOwnerOf(generation.folder, [generation.databasePath])
    await syncFolder(generation.folder)
    const complete = this.#generation('generations', generation.name)
    await rename(generation.folder, complete.folder)
    await syncFolder(join(this.#folder, 'generations'))
    await syncFolder(join(this.#folder, 'incomplete'))
    return complete
  }

  /** Its content stays. */
  async remove(generation: Generation): Promise<void> {
    const gone = join(this.#folder, 'incomplete', generation.name)
    await rename(generation.folder, gone) // never half there
    await syncFolder(join(this.#folder, 'generations'))
    await rm(gone, { recursive: true })
  }

  /** Runs the work while nobody else writes here. @throws CommandFailed */
  async locked<Result>(work: () => Promise<Result>): Promise<Result> {
    const path = join(this.#folder, 'lock')
    await this.#takeLock(path)
    const beat = setInterval(() => utimes(path, new Date(), new Date()).catch(() => undefined), lockBeatMs) // a missed one is no harm
    beat.unref()
    try {
      return await work()
    } finally {
      clearInterval(beat)
      await rm(path, { force: true })
    }
  }

  async #takeLock(path: string): Promise<void> {
    const mine = JSON.stringify({ host: hostname(), pid: process.pid, since: new Date().toISOString() })
    for (;;) {
      try {
        await writeFile(path, mine, { flag: 'wx', mode: 0o600 })
        return
      } catch (error) {
        if (errorCode(error) !== 'EEXIST') throw error
      }
      const text = await readFile(path, 'utf8').catch(() => null)
      if (text === null) continue // given back this moment
      if (!(await isAbandoned(path, text))) {
        throw new CommandFailed(
          `another backup is being written there (${text}); if that is not so, remove ${path}`,
        )
      }
      await rm(path, { force: true })
    }
  }

  #generation(stage: 'generations' | 'incomplete', name: string): Generation {
    const folder = join(this.#folder, stage, name)
    return { name, folder, databasePath: join(folder, 'ngshare.db') }
  }
}

/** Its holder was killed. Of other machines, and containers, we know only that they have not said anything for long. */
async function isAbandoned(path: string, text: string): Promise<boolean> {
  const { mtimeMs } = await stat(path)
  if (mtimeMs < Date.now() - lockAbandonedMs) return true
  const [, host, pid] = /"host":"(.*)","pid":(\d+)/.exec(text) ?? []
  if (host !== hostname() || Number(pid) === process.pid) return false
  try {
    process.kill(Number(pid), 0)
    return false
  } catch (error) {
    return errorCode(error) === 'ESRCH'
  }
}

function digestOf(manifest: Omit<Manifest, 'digest'>): string {
  return createHash('sha256').update(JSON.stringify(manifest)).digest('hex')
}

async function writeDurably(path: string, value: object): Promise<void> {
  const file = await open(path, 'w', 0o600)
  try {
    await file.writeFile(`${JSON.stringify(value, null, 2)}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await giveToOwnerOf(dirname(path), [path])
  await syncFolder(dirname(path))
}

/** Size and SHA-256, in hex, of a file; copies it on the way if told so. */
export async function digestFile(
  path: string,
  copyTo?: string,
): Promise<{ sizeBytes: number; sha256: string }> {
  const copy = copyTo === undefined ? null : await open(copyTo, 'wx', 0o600)
  try {
    const hash = createHash('sha256')
    let sizeBytes = 0
    for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
      hash.update(chunk as Buffer)
      sizeBytes += (chunk as Buffer).length
      await copy?.writeFile(chunk as Buffer)
    }
    await copy?.sync()
    return { sizeBytes, sha256: hash.digest('hex') }
  } finally {
    await copy?.close()
  }
}

/** Reads the database of a backup, and copies it on the way if told so. @throws CommandFailed it is not what was saved */
export async function checkDatabase({ generation, manifest }: Saved, copyTo?: string): Promise<void> {
  const { sha256 } = await digestFile(generation.databasePath, copyTo)
  if (sha256 === manifest.database.sha256) return
  if (copyTo !== undefined) await rm(copyTo)
  throw new CommandFailed(`${generation.databasePath} is damaged: choose another --generation`)
}
