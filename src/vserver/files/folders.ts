/** The calls `ls`, `mkdir` and `chmod`. */
import { chmodSync } from 'node:fs'
import {
  CallFailed,
  checkUsable,
  type FileCall,
  findEntry,
  getPath,
  reporting,
  reportingTersely,
} from './call.ts'
import { EntryBudget } from './limits.ts'
import { list } from './listing.ts'
import { makeFolder, makeFolders } from './make-folders.ts'
import { system } from './python/errors.ts'
import { parseInteger } from './python/integer.ts'

export const ls: FileCall = reporting(async (root, argument, limits) => {
  const entry = findEntry(root, getPath(root, argument))
  if (entry === null) throw new CallFailed('pathname does not exist')
  try {
    if (entry.kind !== 'folder') throw new CallFailed('pathname is not directory')
    const listed = await list(entry, new EntryBudget(limits.maxEntries))
    return { content: listed.map(({ name }) => name) }
  } finally {
    entry.release()
  }
})

/** `os.mkdir`, or `os.makedirs` when `parent` is `1`. */
export const mkdir: FileCall = reportingTersely(async (root, argument) => {
  const path = getPath(root, argument)
  if (path.given.includes('\0')) throw new CallFailed('pathname must not contain a NUL character')
  checkUsable(path)
  if (argument('parent') === '1') makeFolders(root, path).release()
  else makeFolder(root, path.given)
  return {}
})

/** `os.chmod` with Python's `int(mode)`. */
export const chmod: FileCall = reportingTersely(async (root, argument) => {
  const entry = findEntry(root, getPath(root, argument))
  if (entry === null) throw new CallFailed('pathname does not exist')
  try {
    const mode = parseInteger(argument('mode') ?? '')
    if (mode === null) throw new CallFailed('Please supply mode in integer using HTTP GET')
    if (BigInt.asIntN(32, mode) !== mode) throw new CallFailed('mode must fit in 32 bits')
    system(() => chmodSync(entry.path, Number(mode & 0o7777n)))
    return {}
  } finally {
    entry.release()
  }
})
