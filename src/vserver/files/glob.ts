/** The call `glob`: Python's `glob.glob`, not recursive. */
import { clientPath, type FileCall, findEntry, getPath, isFolder, reporting } from './call.ts'
import { EntryBudget } from './limits.ts'
import { isFolderBehind, list } from './listing.ts'
import { isAboutPath } from './python/errors.ts'
import { compilePattern, hasMagic } from './python/fnmatch.ts'
import { joinPath, splitPath } from './python/paths.ts'
import type { Root } from './root.ts'

export const glob: FileCall = reporting(async (root, argument, limits) => {
  const { real } = getPath(root, argument)
  return { content: await new Glob(root, new EntryBudget(limits.maxEntries)).expand(real) }
})

/** Works on real paths, in which the root folder's own name is no pattern. */
class Glob {
  readonly #root: Root
  readonly #budget: EntryBudget

  constructor(root: Root, budget: EntryBudget) {
    this.#root = root
    this.#budget = budget
  }

  async expand(path: string): Promise<string[]> {
    if (!this.#hasMagic(path)) return (await this.#isThere(path)) ? [path] : []
    const { start, names } = this.#split(path)
    let found = [start]
    for (const [i, name] of names.entries()) {
      const isLast = i === names.length - 1
      const deeper: string[] = []
      for (const folder of found) {
        for (const match of await this.#matchesIn(folder, name, isLast)) {
          const result = joinPath(folder, match)
          this.#budget.spend(result)
          deeper.push(result)
        }
      }
      found = deeper
    }
    return found
  }

  /** The folder that the pattern begins in, and the patterns for each level below it. */
  #split(path: string): { start: string; names: string[] } {
    const names: string[] = []
    let start = path
    while (this.#hasMagic(start)) {
      const [folder, name] = splitPath(start)
      names.unshift(name)
      start = folder
    }
    return { start, names }
  }

  async #matchesIn(folder: string, pattern: string, isLast: boolean): Promise<string[]> {
    if (!hasMagic(pattern)) return (await this.#isThere(joinPath(folder, pattern))) ? [pattern] : []
    const accepts = compilePattern(pattern)
    const names = await this.#namesIn(folder, !isLast)
    const matches: string[] = []
    for (const name of names) {
      await this.#budget.breathe()
      if (name.startsWith('.') && !pattern.startsWith('.')) continue
      if (accepts(name)) matches.push(name)
    }
    return matches
  }

  async #namesIn(path: string, foldersOnly: boolean): Promise<string[]> {
    await this.#budget.spendLookUp(path)
    const folder = findEntry(this.#root, clientPath(this.#root, path))
    if (folder === null) return []
    try {
      const listed = folder.kind === 'folder' ? await list(folder, this.#budget) : []
      const wanted = foldersOnly ? listed.filter(entry => isFolderBehind(this.#root, folder, entry)) : listed
      return wanted.map(({ name }) => name)
    } catch (error) {
      if (isAboutPath(error)) return []
      throw error
    } finally {
      folder.release()
    }
  }

  /** A slash at the end asks for a folder; a name alone may be a link that leads nowhere. */
  async #isThere(path: string): Promise<boolean> {
    await this.#budget.spendLookUp(path)
    const client = clientPath(this.#root, path)
    if (path.endsWith('/')) return isFolder(this.#root, client)
    const entry = findEntry(this.#root, client, { follow: false })
    entry?.release()
    return entry !== null
  }

  #hasMagic(path: string): boolean {
    return hasMagic(path.slice(this.#root.folder.length))
  }
}
