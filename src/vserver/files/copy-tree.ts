/** The call `copytree`: Python's `shutil.copytree`, from handle to handle. */
import { CallFailed, checkUsable, type FileCall, findEntry, getPath, reporting } from './call.ts'
import { openToWrite } from './content.ts'
import { copyFile, keepFacts } from './copy-file.ts'
import type { Entry } from './entry.ts'
import { type Ignore, readIgnore } from './ignore.ts'
import { ByteBudget, EntryBudget, type FileLimits } from './limits.ts'
import { list } from './listing.ts'
import { checkPathLength, type Found, find, getLocated } from './locate.ts'
import { makeFolder, makeFolders } from './make-folders.ts'
import { isAboutPath, naming, OsError, PythonError } from './python/errors.ts'
import { joinPath } from './python/paths.ts'
import { repr } from './python/repr.ts'
import type { Root } from './root.ts'

export const copytree: FileCall = reporting(async (root, argument, limits) => {
  const from = getPath(root, argument, 'src')
  const to = getPath(root, argument, 'dst')
  const there = findEntry(root, to)
  there?.release()
  if (there !== null) throw new CallFailed('File exists')
  const source = findEntry(root, from)
  if (source === null) throw new CallFailed('No such file or directory')
  source.release()

  const tree = new TreeCopy(root, readIgnore(argument('ignore')), limits)
  const { entry, links } = naming(from.real, () => getLocated(root, from.given, { follow: true }))
  try {
    await tree.copy({ entry, links, path: from.real }, to.real, () => {
      checkUsable(to)
      return makeFolders(root, to)
    })
  } finally {
    entry.release()
  }
  return {}
})

/** With the number of links in the path that led here: following them must end some day. */
interface Source extends Found {
  readonly path: string
}

type Failure = readonly [from: string, to: string, text: string]

/** `shutil.Error`: all that could be copied has been. */
class TreeError extends PythonError {
  readonly failures: readonly Failure[]

  constructor(failures: readonly Failure[]) {
    const tuples = failures.map(failure => `(${failure.map(repr).join(', ')})`)
    super('shutil.Error', `[${tuples.join(', ')}]`)
    this.failures = failures
  }
}

class TreeCopy {
  readonly #root: Root
  readonly #ignore: Ignore
  readonly #entries: EntryBudget
  readonly #bytes: ByteBudget
  /** The outermost folder that was made. */
  #target: Entry | undefined

  constructor(root: Root, ignore: Ignore, limits: FileLimits) {
    this.#root = root
    this.#ignore = ignore
    this.#entries = new EntryBudget(limits.maxEntries)
    this.#bytes = new ByteBudget(limits.maxCopyBytes)
  }

  /** @throws PythonError, CallFailed */
  async copy(from: Source, toPath: string, make: () => Entry): Promise<void> {
    const names = await this.#list(from)
    const isIgnored = this.#ignore()
    const to = make()
    this.#target ??= to
    try {
      const failures: Failure[] = []
      for (const name of names) {
        await this.#entries.breathe()
        if (!isIgnored(name)) failures.push(...(await this.#copyEntry(from, name, to, toPath)))
      }
      failures.push(...failuresOf(from.path, toPath, () => keepFacts(from.entry, to)))
      if (failures.length > 0) throw new TreeError(failures)
    } finally {
      to.release()
    }
  }

  async #list({ entry, path }: Source): Promise<string[]> {
    if (entry.kind !== 'folder') throw new OsError('ENOTDIR', path)
    checkPathLength(path)
    try {
      return (await list(entry, this.#entries)).map(({ name }) => name)
    } catch (error) {
      throw error instanceof OsError ? new OsError(error.code, path) : error
    }
  }

  async #copyEntry(from: Source, name: string, to: Entry, toPath: string): Promise<readonly Failure[]> {
    const paths = { from: joinPath(from.path, name), to: joinPath(toPath, name) }
    let found: Source | undefined
    try {
      found = this.#find(from, name, paths.from)
      checkPathLength(paths.to)
      if (found.entry.kind === 'folder') {
        this.#refuseTarget(found, paths.to)
        await this.copy(found, paths.to, () => naming(paths.to, () => makeNew(this.#root, to, name)))
      } else {
        await this.#copyFile(found.entry, to, name, paths)
      }
      return []
    } catch (error) {
      if (error instanceof TreeError) return error.failures
      if (!(error instanceof PythonError)) throw error
      this.#entries.spend(paths.from + paths.to + error.message)
      return [[paths.from, paths.to, error.message]]
    } finally {
      found?.entry.release()
    }
  }

  /** Python would go on until the path is too long or its stack is full, and fail all the same. */
  #refuseTarget(found: Source, toPath: string): void {
    if (this.#target === undefined || !found.entry.isSameAs(this.#target)) return
    const text = `Cannot copy a directory ${repr(found.path)} into itself ${repr(toPath)}`
    throw new PythonError('shutil.Error', text)
  }

  #find(from: Source, name: string, path: string): Source {
    checkPathLength(path)
    const lookUp = { follow: true, from: from.entry, links: from.links }
    return { ...naming(path, () => getLocated(this.#root, name, lookUp)), path }
  }

  async #copyFile(file: Entry, to: Entry, name: string, paths: { from: string; to: string }): Promise<void> {
    const ends = {
      findFrom: () => file.hold(),
      findTo: () => findIn(this.#root, to, name),
      getFrom: () => file.hold(),
      openTo: () => openToWrite(this.#root, name, { from: to }),
      fromPath: paths.from,
      toPath: paths.to,
    }
    await copyFile(ends, 'mode and times', this.#bytes)
  }
}

function makeNew(root: Root, folder: Entry, name: string): Entry {
  makeFolder(root, name, folder)
  const made = folder.open(name)
  if (made.kind === 'folder') return made
  made.release()
  throw new OsError('ENOTDIR')
}

function findIn(root: Root, folder: Entry, name: string): Entry | null {
  try {
    return find(root, name, { follow: true, from: folder })
  } catch (error) {
    if (isAboutPath(error)) return null
    throw error
  }
}

function failuresOf(fromPath: string, toPath: string, work: () => void): Failure[] {
  try {
    naming(toPath, work)
    return []
  } catch (error) {
    if (error instanceof OsError) return [[fromPath, toPath, error.message]]
    throw error
  }
}
