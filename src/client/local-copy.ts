/** What a folder holds already of a directory tree that is to come there. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { TransferFailed } from './errors.ts'
import type { Manifest } from './operations.ts'

export type ManifestFile = Manifest['files'][number]

/** By name: small files of our own that stand beside those of the tree. */
export type Notes = Readonly<Record<string, string>>

export interface LocalCopy {
  /** Files of the tree that are there as they should be. */
  readonly same: ReadonlySet<ManifestFile>
  /** What stands where the tree has something else. */
  readonly differing: readonly string[]
  /** What the tree knows nothing of. */
  readonly others: readonly string[]
  readonly folders: readonly string[]
  readonly hasNotes: boolean
}

/** Null: there is no such folder. @throws TransferFailed: it is no folder */
export async function lookAt(
  folder: string,
  { wanted, notes }: { wanted: readonly ManifestFile[]; notes: Notes },
): Promise<LocalCopy | null> {
  const kind = await kindOf(folder)
  if (kind === null) return null
  if (kind !== 'folder') throw new TransferFailed(`${folder} is there already, and is no folder`)
  const byPath = new Map(wanted.map(file => [file.path, file]))
  const foldersOfTree = new Set(wanted.flatMap(({ path }) => parentsOf(path)))
  const same = new Set<ManifestFile>()
  const [differing, others, folders]: [string[], string[], string[]] = [[], [], []]
  for (const { path, kind } of await entriesOf(folder)) {
    const file = byPath.get(path)
    if (kind === 'folder') {
      if (file === undefined) folders.push(path)
    } else if (file !== undefined) {
      if (kind === 'file' && (await isSame(join(folder, path), file))) same.add(file)
      else differing.push(path)
    } else if (!Object.hasOwn(notes, path)) {
      const isInTheWay = foldersOfTree.has(path) || parentsOf(path).some(parent => byPath.has(parent))
      if (isInTheWay) differing.push(path)
      else others.push(path)
    }
  }
  return { same, differing, others, folders, hasNotes: await hasAll(folder, notes) }
}

/** `a/b/c` is in `a` and `a/b`. */
function parentsOf(path: string): string[] {
  const parts = path.split('/')
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'))
}

async function hasAll(folder: string, notes: Notes): Promise<boolean> {
  for (const [name, text] of Object.entries(notes)) {
    const place = join(folder, name)
    if ((await kindOf(place)) !== 'file') return false
    if ((await sha256Of(place)) !== createHash('sha256').update(text).digest('hex')) return false
  }
  return true
}

type Kind = 'folder' | 'file' | 'other'

async function entriesOf(folder: string, prefix = ''): Promise<{ path: string; kind: Kind }[]> {
  const found: { path: string; kind: Kind }[] = []
  for (const entry of await readdir(join(folder, prefix), { withFileTypes: true })) {
    const path = prefix + entry.name
    found.push({ path, kind: kindOfEntry(entry) })
    if (entry.isDirectory()) found.push(...(await entriesOf(folder, `${path}/`)))
  }
  return found
}

function kindOfEntry(entry: { isDirectory(): boolean; isFile(): boolean }): Kind {
  if (entry.isDirectory()) return 'folder'
  return entry.isFile() ? 'file' : 'other'
}

/** Links are not followed. */
export async function kindOf(place: string): Promise<Kind | null> {
  try {
    return kindOfEntry(await lstat(place))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

async function isSame(place: string, file: ManifestFile): Promise<boolean> {
  const { size, mode } = await lstat(place)
  const isExecutable = (mode & 0o100) !== 0
  const maySay = process.platform !== 'win32'
  if (size !== file.sizeBytes || (maySay && isExecutable !== file.isExecutable)) return false
  return (await sha256Of(place)) === file.sha256
}

async function sha256Of(place: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(place)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}
