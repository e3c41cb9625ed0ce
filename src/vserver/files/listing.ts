/** The names in a folder, in the order the system tells them. */
import { type Dirent, opendirSync } from 'node:fs'
import type { Entry, Kind } from './entry.ts'
import type { EntryBudget } from './limits.ts'
import { find } from './locate.ts'
import { isAboutPath, system } from './python/errors.ts'
import { decodeFileName } from './python/file-names.ts'
import type { Root } from './root.ts'

export interface Listed {
  readonly name: string
  readonly kind: Kind
}

/** @throws OsError, CallFailed */
export async function list(folder: Entry, budget: EntryBudget): Promise<Listed[]> {
  // Node takes `buffer` here as everywhere; its types know only encodings of text.
  const options = { encoding: 'buffer' as BufferEncoding, bufferSize: 256 }
  const stream = system(() => opendirSync(folder.path, options))
  try {
    const listed: Listed[] = []
    for (
      let entry = system(() => stream.readSync());
      entry !== null;
      entry = system(() => stream.readSync())
    ) {
      const name = decodeFileName(entry.name as unknown as Buffer)
      budget.spend(name)
      listed.push({ name, kind: kindOf(entry) })
      await budget.breathe()
    }
    return listed
  } finally {
    stream.closeSync()
  }
}

/** As `os.DirEntry.is_dir`: whether it is a folder or a link that leads to one. */
export function isFolderBehind(root: Root, folder: Entry, { name, kind }: Listed): boolean {
  if (kind !== 'link') return kind === 'folder'
  try {
    const entry = find(root, name, { follow: true, from: folder })
    entry.release()
    return entry.kind === 'folder'
  } catch (error) {
    if (isAboutPath(error)) return false
    throw error
  }
}

function kindOf(entry: Dirent): Kind {
  if (entry.isDirectory()) return 'folder'
  if (entry.isFile()) return 'file'
  if (entry.isSymbolicLink()) return 'link'
  return entry.isFIFO() ? 'fifo' : 'other'
}
