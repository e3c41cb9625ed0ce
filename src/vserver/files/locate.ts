/** From a path to what it names: step by step from folder to folder, links read and followed here, in the root only. */
import type { Entry } from './entry.ts'
import { isOsError, OsError } from './python/errors.ts'
import type { Root } from './root.ts'

/** The kernel's numbers. */
const maxLinks = 40
const maxPathBytes = 4095

export type Located =
  | Found
  /** Nothing there, but a folder where it could be. */
  | { readonly entry: null; readonly folder: Entry; readonly name: string; readonly links: number }

export interface LookUp {
  /** Whether to follow a link at the end of the path; others are always followed. */
  readonly follow: boolean
  /** Whether it is to become a file if there is nothing: a path with a slash at the end then names none. */
  readonly create?: boolean
  /** Where the path begins; the root unless told. */
  readonly from?: Entry
  /** How many links were followed on the way to `from`. */
  readonly links?: number
}

/** An empty name is a slash at the end. */
interface Step {
  readonly name: string
  readonly isOfLink: boolean
}

/**
 * What it returns is held. `..` in `path` stops at the root; a link that leads out of the root dangles.
 *
 * @throws OsError as the kernel would say it
 */
export function locate(root: Root, path: string, lookUp: LookUp): Located {
  const { follow, create = false, from = root.top } = lookUp
  let { links = 0 } = lookUp
  const pending = stepsOf(path, false)
  let here = from.hold()
  try {
    for (let step = pending.pop(); step !== undefined; step = pending.pop()) {
      const { name } = step
      if (name === '') continue
      if (name === '.' || name === '..') {
        here.checkSearch()
        if (name === '..') here = stepUp(here, step)
        continue
      }
      const isLast = pending.length === 0
      if (create && pending.length === 1 && pending[0]?.name === '') throw new OsError('EISDIR')
      const next = openUnlessMissing(here, name)
      if (next === null) {
        if (isLast) return { entry: null, folder: here, name, links }
        throw new OsError('ENOENT')
      }
      if (next.kind === 'link' && (follow || !isLast)) {
        next.release()
        if (++links > maxLinks) throw new OsError('ELOOP')
        const target = readLink(here, name)
        if (target === null) {
          pending.push(step)
          continue
        }
        if (target.startsWith('/')) here = startAgain(here, root.top)
        pending.push(...stepsOf(target.startsWith('/') ? insideOrThrow(root, target) : target, true))
        continue
      }
      here.release()
      here = next
      if (!isLast && next.kind !== 'folder') throw new OsError('ENOTDIR')
    }
    return { entry: here, links }
  } catch (error) {
    here.release()
    throw error
  }
}

export interface Found {
  readonly entry: Entry
  readonly links: number
}

/** The same for what must be there. @throws OsError */
export function getLocated(root: Root, path: string, lookUp: LookUp): Found {
  const located = locate(root, path, lookUp)
  if (located.entry !== null) return located
  located.folder.release()
  throw new OsError('ENOENT')
}

export function find(root: Root, path: string, lookUp: LookUp): Entry {
  return getLocated(root, path, lookUp).entry
}

/** The kernel refuses longer paths; we reach things without them, but keep its rule. @throws OsError */
export function checkPathLength(path: string): void {
  // A lone surrogate is one byte on the disk and three here.
  const escapedBytes = path.isWellFormed() ? 0 : (path.match(/[\udc80-\udcff]/gu)?.length ?? 0)
  if (Buffer.byteLength(path) - 2 * escapedBytes > maxPathBytes) throw new OsError('ENAMETOOLONG', path)
}

/** The next step comes last. */
function stepsOf(path: string, isOfLink: boolean): Step[] {
  const names = path.split('/').filter(name => name !== '')
  if (path.endsWith('/')) names.push('')
  return names.reverse().map(name => ({ name, isOfLink }))
}

function openUnlessMissing(folder: Entry, name: string): Entry | null {
  try {
    return folder.open(name)
  } catch (error) {
    if (isOsError(error, 'ENOENT')) return null
    throw error
  }
}

/** Null when the name, a link a moment ago, is something else now. */
function readLink(folder: Entry, name: string): string | null {
  try {
    return folder.readLink(name)
  } catch (error) {
    if (isOsError(error, 'EINVAL')) return null
    throw error
  }
}

function stepUp(here: Entry, step: Step): Entry {
  if (here.parent !== null) return startAgain(here, here.parent)
  if (step.isOfLink) throw new OsError('ENOENT')
  return here
}

function startAgain(here: Entry, there: Entry): Entry {
  there.hold()
  here.release()
  return there
}

function insideOrThrow(root: Root, target: string): string {
  const inside = root.findInside(target)
  if (inside === null) throw new OsError('ENOENT')
  return inside
}
