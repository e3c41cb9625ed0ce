/** The call `rmtree`: Python's `shutil.rmtree`, through handles only. */
import { rmdirSync, unlinkSync } from 'node:fs'
import {
  CallFailed,
  type ClientPath,
  type FileCall,
  findEntry,
  getEntry,
  getPath,
  reporting,
} from './call.ts'
import { openToRead } from './content.ts'
import type { Entry } from './entry.ts'
import { EntryBudget } from './limits.ts'
import { list } from './listing.ts'
import { find } from './locate.ts'
import { named, naming, OsError, PythonError, system } from './python/errors.ts'
import { splitPath, withoutTrailingSlashes } from './python/paths.ts'
import type { Root } from './root.ts'

export const rmtree: FileCall = reporting(async (root, argument, limits) => {
  const path = getPath(root, argument)
  const there = findEntry(root, path)
  there?.release()
  if (there === null) throw new CallFailed('No such file or directory')

  const entry = getEntry(root, path, { follow: false })
  try {
    if (entry.kind === 'link') throw linkError()
    if (entry.kind !== 'folder') throw await failureOfFile(entry, path.real)
    // Python would empty it first. Its own name is outside of it, and so not ours to remove.
    if (entry.parent === null) throw new OsError('EBUSY', path.real)
    const removeFolder = remover(root, path, entry, entry.parent)
    await new TreeRemoval(limits.maxDepth).empty(entry, path.real)
    naming(path.real, removeFolder)
  } finally {
    entry.release()
  }
  return {}
})

/** Python opens what it is told to remove, and only then finds that it has no entries. */
async function failureOfFile(entry: Entry, path: string): Promise<unknown> {
  try {
    if (entry.kind === 'file') await (await openToRead(entry)).close()
    return new OsError('ENOTDIR', path)
  } catch (error) {
    return named(path, error)
  }
}

/** What the system would do with the path at the end, when the folder is empty. */
function remover(root: Root, { given }: ClientPath, entry: Entry, parent: Entry): () => void {
  const trimmed = withoutTrailingSlashes(given)
  const [, name] = splitPath(trimmed)
  const refuse = (code: string) => () => {
    throw new OsError(code)
  }
  if (name === '.') return refuse('EINVAL')
  if (name === '..') return refuse('ENOENT') // the folder before the dots went with the rest
  if (trimmed !== given) {
    const own = find(root, trimmed, { follow: false })
    own.release()
    if (own.kind === 'link') return refuse('ENOTDIR')
  }
  return () => system(() => rmdirSync(parent.pathTo(entry.name)))
}

class TreeRemoval {
  readonly #maxDepth: number
  /** What shrinks needs no limit. */
  readonly #budget = new EntryBudget(Number.POSITIVE_INFINITY)

  constructor(maxDepth: number) {
    this.#maxDepth = maxDepth
  }

  /** @throws PythonError, CallFailed */
  async empty(folder: Entry, path: string, depth = 1): Promise<void> {
    if (depth > this.#maxDepth) throw new CallFailed(`More than ${this.#maxDepth} folders within each other`)
    const listed = await this.#list(folder, path)
    for (const { name, kind } of listed) {
      if (kind === 'folder') await this.#removeFolder(folder, name, `${path}/${name}`, depth)
      else naming(name, () => system(() => unlinkSync(folder.pathTo(name))))
      await this.#budget.breathe()
    }
  }

  async #removeFolder(parent: Entry, name: string, path: string, depth: number): Promise<void> {
    const folder = naming(name, () => parent.open(name))
    try {
      // Somebody has swapped it since it was listed.
      if (folder.kind === 'link') throw linkError()
      if (folder.kind !== 'folder') throw new OsError('ENOTDIR', name)
      await this.empty(folder, path, depth + 1)
    } finally {
      folder.release()
    }
    naming(name, () => system(() => rmdirSync(parent.pathTo(name))))
  }

  async #list(folder: Entry, path: string) {
    try {
      return await list(folder, this.#budget)
    } catch (error) {
      throw named(path, error)
    }
  }
}

function linkError(): PythonError {
  return new PythonError('OSError', 'Cannot call rmtree on a symbolic link')
}
