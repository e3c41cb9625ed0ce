/** Opens the bytes of regular files, and of nothing else: a FIFO or device would keep us waiting. */
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { Entry } from './entry.ts'
import { type LookUp, locate } from './locate.ts'
import { asOsError, isOsError, OsError } from './python/errors.ts'
import type { Root } from './root.ts'

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_TRUNC, O_NOFOLLOW, O_NONBLOCK } = constants

/** Somebody may make and remove the name each time we look; it must end some day. */
const maxTries = 100

/** @throws OsError */
export function openToRead(entry: Entry): Promise<FileHandle> {
  return reopen(entry, O_RDONLY)
}

/** As `open(path, 'wb')`: empties what is there, or makes it, where a dangling link leads if there is one. */
export async function openToWrite(
  root: Root,
  path: string,
  lookUp: Pick<LookUp, 'from'> = {},
): Promise<FileHandle> {
  for (let tries = 1; ; tries++) {
    const located = locate(root, path, { ...lookUp, follow: true, create: true })
    try {
      if (located.entry !== null) return await reopen(located.entry, O_WRONLY | O_TRUNC)
      return await open(located.folder.pathTo(located.name), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o666)
    } catch (error) {
      const known = asOsError(error)
      if (!isOsError(known, 'EEXIST') || tries === maxTries) throw known
    } finally {
      ;(located.entry ?? located.folder).release()
    }
  }
}

async function reopen(entry: Entry, flags: number): Promise<FileHandle> {
  if (entry.kind === 'folder') throw new OsError('EISDIR')
  if (entry.kind !== 'file') throw new OsError('ENXIO')
  try {
    return await open(entry.path, flags | O_NONBLOCK)
  } catch (error) {
    throw asOsError(error)
  }
}
