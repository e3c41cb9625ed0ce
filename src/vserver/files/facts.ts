/** Calls that say what is at a path: `exists isdir isfile islink ismount stat`. */
import { CallFailed, type FileCall, findEntry, getPath, reporting } from './call.ts'
import type { Entry } from './entry.ts'
import { inSeconds } from './python/times.ts'

export const exists = question('exists', { follow: true }, () => true)
export const isdir = question('isdir', { follow: true }, entry => entry.kind === 'folder')
export const isfile = question('isfile', { follow: true }, entry => entry.kind === 'file')
export const islink = question('islink', { follow: false }, entry => entry.kind === 'link')
export const ismount = question('ismount', { follow: false }, isMountPoint)

/** `os.stat`. */
export const stat: FileCall = reporting(async (root, argument) => {
  const entry = findEntry(root, getPath(root, argument))
  if (entry === null) throw new CallFailed('pathname does not exist')
  try {
    const { mode, uid, gid, size, atimeNs, mtimeNs, ctimeNs } = entry.stats()
    return {
      mode: Number(mode),
      uid: Number(uid),
      gid: Number(gid),
      size: Number(size),
      atime: inSeconds(atimeNs),
      mtime: inSeconds(mtimeNs),
      ctime: inSeconds(ctimeNs),
    }
  } finally {
    entry.release()
  }
})

function question(field: string, lookUp: { follow: boolean }, answer: (entry: Entry) => boolean): FileCall {
  return reporting(async (root, argument) => {
    const entry = findEntry(root, getPath(root, argument), lookUp)
    try {
      return { [field]: entry !== null && answer(entry) }
    } finally {
      entry?.release()
    }
  })
}

/** `os.path.ismount`: on another device than the folder it is in, or the top, which is in none. */
function isMountPoint(entry: Entry): boolean {
  if (entry.kind === 'link') return false
  return entry.parent === null || entry.stats().dev !== entry.parent.stats().dev
}
