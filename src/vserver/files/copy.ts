/** The call `copy`: Python's `shutil.copy`. */
import {
  type ClientPath,
  checkUsable,
  clientPath,
  type FileCall,
  findEntry,
  getEntry,
  getPath,
  isFolder,
  reporting,
} from './call.ts'
import { openToWrite } from './content.ts'
import { copyFile } from './copy-file.ts'
import { ByteBudget } from './limits.ts'
import { checkPath } from './python/file-names.ts'
import { joinPath, splitPath } from './python/paths.ts'
import type { Root } from './root.ts'

export const copy: FileCall = reporting(async (root, argument, limits) => {
  const from = getPath(root, argument, 'src')
  const to = targetOf(root, from, getPath(root, argument, 'dst'))
  checkPath(from.real)
  checkPath(to.real)
  const ends = {
    findFrom: () => findEntry(root, from),
    findTo: () => findEntry(root, to),
    getFrom: () => getEntry(root, from),
    openTo: async () => {
      checkUsable(to)
      return openToWrite(root, to.given)
    },
    fromPath: from.real,
    toPath: to.real,
  }
  await copyFile(ends, 'mode', new ByteBudget(limits.maxCopyBytes))
  return {}
})

function targetOf(root: Root, from: ClientPath, to: ClientPath): ClientPath {
  if (!isFolder(root, to)) return to
  return clientPath(root, joinPath(to.real, splitPath(from.real)[1]))
}
