/** Python's `os.mkdir` and `os.makedirs`. */
import { mkdirSync } from 'node:fs'
import type { ClientPath } from './call.ts'
import type { Entry } from './entry.ts'
import { locate } from './locate.ts'
import { isOsError, naming, OsError, system } from './python/errors.ts'
import { withoutTrailingSlashes } from './python/paths.ts'
import type { Root } from './root.ts'

/** @throws OsError */
export function makeFolder(root: Root, path: string, from: Entry = root.top): void {
  const located = locate(root, withoutTrailingSlashes(path), { follow: false, from })
  try {
    if (located.entry !== null) throw new OsError('EEXIST')
    system(() => mkdirSync(located.folder.pathTo(located.name), 0o777))
  } finally {
    ;(located.entry ?? located.folder).release()
  }
}

/** Makes the folder and those above it that are missing; returns it, held. @throws OsError naming the one that failed */
export function makeFolders(root: Root, path: ClientPath): Entry {
  const steps = stepsOf(path)
  const last = steps.pop()
  let here = root.top.hold()
  let links = 0
  let hasMade = false
  try {
    for (const [i, { name, real }] of steps.entries()) {
      // A link that leads nowhere is in the way of no folder, but nothing can be made below it.
      const blamed = isThere(here, name) ? (steps[i + 1]?.real ?? path.real) : real
      const next = naming(blamed, () => enter(root, { from: here, name, links }))
      here.release()
      here = next.entry
      links = next.links
      hasMade ||= next.isNew
    }
    if (last?.name === '.' && hasMade) return here
    return naming(path.real, () => makeIn(root, here, last?.name ?? '.'))
  } catch (error) {
    here.release()
    throw error
  }
}

/** Each name on the way, with the real path up to it. */
function stepsOf({ given, real }: ClientPath): { name: string; real: string }[] {
  const offset = real.length - given.length
  return [...given.matchAll(/[^/]+/g)].map(match => ({
    name: match[0],
    real: real.slice(0, offset + match.index + match[0].length),
  }))
}

function isThere(folder: Entry, name: string): boolean {
  if (name === '.' || name === '..') return true
  try {
    folder.open(name).release()
    return true
  } catch (error) {
    if (error instanceof OsError) return false
    throw error
  }
}

interface Entered {
  readonly entry: Entry
  readonly links: number
  readonly isNew: boolean
}

function enter(root: Root, { from, name, links }: { from: Entry; name: string; links: number }): Entered {
  const located = locate(root, name, { follow: true, from, links })
  if (located.entry !== null) return { ...located, isNew: false }
  const isAbsent = located.folder === from && located.name === name
  located.folder.release()
  if (!isAbsent) throw new OsError('ENOENT')
  try {
    system(() => mkdirSync(from.pathTo(name), 0o777))
  } catch (error) {
    // Somebody else made it this moment.
    if (!isOsError(error, 'EEXIST')) throw error
  }
  const made = locate(root, name, { follow: true, from, links })
  if (made.entry !== null) return { ...made, isNew: true }
  made.folder.release()
  throw new OsError('ENOENT')
}

/** Takes over the hold on `folder` when it succeeds. */
function makeIn(root: Root, folder: Entry, name: string): Entry {
  makeFolder(root, name, folder)
  const made = folder.open(name)
  if (made.kind !== 'folder') {
    made.release()
    throw new OsError('ENOTDIR')
  }
  folder.release()
  return made
}
