/** What the calls have in common: how they are asked, and how they fail. */
import type { Entry } from './entry.ts'
import type { FileLimits } from './limits.ts'
import { checkPathLength, find, type LookUp } from './locate.ts'
import { asOsError, isAboutPath, naming, OsError, PythonError } from './python/errors.ts'
import { checkPath } from './python/file-names.ts'
import { repr } from './python/repr.ts'
import type { Root } from './root.ts'

/** The fields of a successful answer, beside `success`. */
export type Fields = Readonly<Record<string, unknown>>

/** The text of an argument; undefined where it was not given. */
export type Argument = (name: string) => string | undefined

/** @throws CallFailed */
export type FileCall = (root: Root, argument: Argument, limits: FileLimits) => Promise<Fields>

/** The call was refused or did not work; its message is the one of the answer. */
export class CallFailed extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'CallFailed'
  }
}

/** A path as the client knows it, and as answers show it: with the root folder before it. */
export interface ClientPath {
  readonly given: string
  readonly real: string
}

export function getPath(root: Root, argument: Argument, name = 'pathname'): ClientPath {
  const given = argument(name)
  if (given === undefined) throw new CallFailed(`Please supply ${name} using HTTP GET`)
  if (!given.startsWith('/')) throw new CallFailed(`${name} should be absolute`)
  return { given, real: root.folder + given }
}

/** For a path made out of a client's real path. */
export function clientPath(root: Root, real: string): ClientPath {
  return { given: real.slice(root.folder.length), real }
}

/** A path that a system call would take. @throws PythonError, OsError */
export function checkUsable(path: ClientPath): void {
  checkPath(path.real)
  checkPathLength(path.real)
}

/** What the path names, held. @throws PythonError, OsError naming the path */
export function getEntry(root: Root, path: ClientPath, lookUp: LookUp = { follow: true }): Entry {
  checkUsable(path)
  return naming(path.real, () => find(root, path.given, lookUp))
}

/** As `os.path.exists` sees it: what cannot be reached, for whatever reason, is not there. */
export function findEntry(root: Root, path: ClientPath, lookUp: LookUp = { follow: true }): Entry | null {
  try {
    return getEntry(root, path, lookUp)
  } catch (error) {
    if (isAboutPath(error)) return null
    throw error
  }
}

export function isFolder(root: Root, path: ClientPath, lookUp: LookUp = { follow: true }): boolean {
  const entry = findEntry(root, path, lookUp)
  entry?.release()
  return entry?.kind === 'folder'
}

/** The call, with Python's exceptions told as the old server told them. */
export function reporting(call: FileCall): FileCall {
  return async (root, argument, limits) => {
    try {
      return await call(root, argument, limits)
    } catch (error) {
      throw reported(error)
    }
  }
}

/** The same for calls that tell no more than the system's own text. */
export function reportingTersely(call: FileCall): FileCall {
  return reporting(async (root, argument, limits) => {
    try {
      return await call(root, argument, limits)
    } catch (error) {
      const known = asOsError(error)
      throw known instanceof OsError ? new CallFailed(known.strerror, { cause: error }) : error
    }
  })
}

function reported(error: unknown): unknown {
  // Failures of file handles come here as Node worded them.
  const known = asOsError(error)
  if (!(known instanceof PythonError)) return error
  const text = known.type === 'PermissionError' ? 'Permission Denied' : `Exception: ${repr(known.line)}`
  return new CallFailed(text, { cause: error })
}
