/** The call `walk`: Python's `os.walk`, from the top down. */
import { type FileCall, findEntry, getPath, reporting } from './call.ts'
import type { Entry } from './entry.ts'
import { EntryBudget } from './limits.ts'
import { isFolderBehind, type Listed, list } from './listing.ts'
import { checkPathLength } from './locate.ts'
import { isAboutPath } from './python/errors.ts'
import { joinPath } from './python/paths.ts'
import type { Root } from './root.ts'

type Level = [folder: string, folders: string[], others: string[]]

export const walk: FileCall = reporting(async (root, argument, limits) => {
  const path = getPath(root, argument)
  const top = findEntry(root, path)
  if (top === null) return { content: [] }
  const levels = await new Walk(root, new EntryBudget(limits.maxEntries)).from(top, path.given)
  return { content: levels }
})

/** A folder still to be listed: the first one itself, others by name in the one above, which waits for that. */
interface Pending {
  readonly open: () => Entry
  readonly waiting: Entry
  readonly path: string
}

class Walk {
  readonly #root: Root
  readonly #budget: EntryBudget
  readonly #levels: Level[] = []
  /** The next one comes last. */
  readonly #pending: Pending[] = []

  constructor(root: Root, budget: EntryBudget) {
    this.#root = root
    this.#budget = budget
  }

  /** Releases `top`. */
  async from(top: Entry, path: string): Promise<Level[]> {
    this.#pending.push({ open: () => top.hold(), waiting: top, path })
    try {
      for (let next = this.#pending.pop(); next !== undefined; next = this.#pending.pop())
        await this.#visit(next)
      return this.#levels
    } finally {
      for (const { waiting } of this.#pending) waiting.release()
    }
  }

  /** What cannot be listed is left out, as `os.walk` does unless told. */
  async #visit({ open, waiting, path }: Pending): Promise<void> {
    let folder: Entry | undefined
    try {
      checkPathLength(this.#root.folder + path)
      folder = open()
      if (folder.kind === 'folder') this.#add(folder, path, await list(folder, this.#budget))
    } catch (error) {
      if (!isAboutPath(error)) throw error
    } finally {
      folder?.release()
      waiting.release()
    }
  }

  #add(folder: Entry, path: string, listed: readonly Listed[]): void {
    this.#budget.spend(path)
    const isIn = new Map(listed.map(entry => [entry.name, isFolderBehind(this.#root, folder, entry)]))
    const folders = listed.filter(({ name }) => isIn.get(name)).map(({ name }) => name)
    const others = listed.filter(({ name }) => !isIn.get(name)).map(({ name }) => name)
    this.#levels.push([path, folders, others])
    // A link is opened as itself, and then is no folder: linked folders are told, not entered.
    for (const name of folders.toReversed()) {
      this.#pending.push({
        open: () => folder.open(name),
        waiting: folder.hold(),
        path: joinPath(path, name),
      })
    }
  }
}
