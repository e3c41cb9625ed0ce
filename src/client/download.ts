/** Brings a directory tree to a folder: only what is not there yet, checked, beside the old one, which it then replaces. */
import { createHash } from 'node:crypto'
import { constants, createReadStream } from 'node:fs'
import { copyFile, lstat, mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { TransferFailed } from './errors.ts'
import type { Manifest } from './operations.ts'
import type { RemoteTree } from './remote-trees.ts'
import { sideBySide } from './side-by-side.ts'

type ManifestFile = Manifest['files'][number]

export interface Downloaded {
  readonly outcome: 'new' | 'replaced' | 'unchanged'
  /** What had to travel. */
  readonly files: number
  readonly sizeBytes: number
}

export interface DownloadOptions {
  readonly tree: RemoteTree
  /** The folder that is to hold the tree, and nothing else, afterwards. */
  readonly to: string
  /** Small files of our own that stand in it too, by name; they win over files of the tree. */
  readonly notes?: Readonly<Record<string, string>>
  /** Whether a folder that holds something else may be replaced; otherwise LocalChanges tells what would be lost. */
  readonly replace: boolean
  /** After each piece that came. */
  readonly onProgress?: (received: { readonly receivedBytes: number; readonly lackingBytes: number }) => void
}

/** Files of the folder that are not on the server, or differ from what is there. */
export class LocalChanges extends TransferFailed {
  readonly folder: string
  readonly paths: readonly string[]

  constructor(folder: string, paths: readonly string[]) {
    const named = paths.slice(0, 5).join(', ') + (paths.length > 5 ? ` and ${paths.length - 5} more` : '')
    super(`${folder} holds files that would be lost: ${named}`)
    this.folder = folder
    this.paths = paths
  }
}

/** What came is not what was promised. */
export class Damaged extends TransferFailed {
  constructor(path: string, promised: ManifestFile, came: { sizeBytes: number; sha256: string }) {
    super(
      `${path} did not arrive whole: expected ${promised.sizeBytes} bytes with SHA-256 ${promised.sha256}, got ${came.sizeBytes} with ${came.sha256}`,
    )
  }
}

/**
 * The folder is the old one until it is the new one; a killed download leaves the old one, perhaps under the name that
 * the next download finds it by. @throws ProblemError, NoAnswer, LocalChanges, Damaged, and what the file system says
 */
export async function downloadTree(options: DownloadOptions): Promise<Downloaded> {
  const { tree, notes = {}, replace, onProgress } = options
  const to = resolve(options.to)
  const { files, ...of } = await tree.manifest()
  const wanted = files.filter(({ path }) => !Object.hasOwn(notes, path))
  for (const { path } of wanted) mustBeSafe(path, of.digest)
  const places = await settle(to)
  const here = await lookAt(to, { wanted, notes })
  if (here?.isAsWanted) return { outcome: 'unchanged', files: 0, sizeBytes: 0 }
  if (here !== null && !replace && here.wouldBeLost.length > 0) throw new LocalChanges(to, here.wouldBeLost)

  const lacking = wanted.filter(file => !here?.same.has(file))
  const lackingBytes = lacking.reduce((sum, file) => sum + file.sizeBytes, 0)
  let receivedBytes = 0
  try {
    await mkdir(places.fresh, { recursive: true })
    await makeFolders(places.fresh, wanted)
    for (const { path } of here?.same ?? [])
      await copyFile(join(to, path), join(places.fresh, path), constants.COPYFILE_FICLONE)
    await sideBySide(lacking, file =>
      receive(tree, file, join(places.fresh, file.path), size => {
        receivedBytes += size
        onProgress?.({ receivedBytes, lackingBytes })
      }),
    )
    for (const [name, text] of Object.entries(notes)) await writeFile(join(places.fresh, name), text)
    if (here !== null) await rename(to, places.old)
    await rename(places.fresh, to)
  } finally {
    await rm(places.fresh, { recursive: true, force: true })
  }
  await rm(places.old, { recursive: true, force: true })
  return { outcome: here === null ? 'new' : 'replaced', files: lacking.length, sizeBytes: lackingBytes }
}

/** Where the new tree is built, and where the old one waits; what a killed download has left there is put in order. */
async function settle(to: string): Promise<{ fresh: string; old: string }> {
  const beside = (what: string) => join(dirname(to), `.${basename(to)}.ngshare-${what}`)
  const places = { fresh: beside('new'), old: beside('old') }
  await rm(places.fresh, { recursive: true, force: true })
  if ((await kindOf(places.old)) !== null) {
    if ((await kindOf(to)) === null) await rename(places.old, to)
    else await rm(places.old, { recursive: true, force: true })
  }
  return places
}

interface Here {
  /** Files of the tree that the folder has as they are. */
  readonly same: ReadonlySet<ManifestFile>
  readonly isAsWanted: boolean
  readonly wouldBeLost: readonly string[]
}

/** Null: there is no such folder. */
async function lookAt(
  folder: string,
  { wanted, notes }: { wanted: readonly ManifestFile[]; notes: Readonly<Record<string, string>> },
): Promise<Here | null> {
  const kind = await kindOf(folder)
  if (kind === null) return null
  if (kind !== 'folder') throw new TransferFailed(`${folder} is there already, and is no folder`)
  const byPath = new Map(wanted.map(file => [file.path, file]))
  const same = new Set<ManifestFile>()
  const wouldBeLost: string[] = []
  let isAsWanted = true
  for (const { path, isFile } of await entriesOf(folder)) {
    const file = byPath.get(path)
    const place = join(folder, path)
    if (Object.hasOwn(notes, path)) {
      if (!isFile || (await sha256Of(place)) !== sha256(notes[path] ?? '')) isAsWanted = false
    } else if (file !== undefined && isFile && (await isSame(place, file))) same.add(file)
    else wouldBeLost.push(path)
  }
  if (same.size < wanted.length || wouldBeLost.length > 0) isAsWanted = false
  for (const name of Object.keys(notes)) if ((await kindOf(join(folder, name))) === null) isAsWanted = false
  return { same, isAsWanted, wouldBeLost }
}

/** All that is in it but folders. */
async function entriesOf(folder: string, prefix = ''): Promise<{ path: string; isFile: boolean }[]> {
  const found: { path: string; isFile: boolean }[] = []
  for (const entry of await readdir(join(folder, prefix), { withFileTypes: true })) {
    const path = prefix + entry.name
    if (entry.isDirectory()) found.push(...(await entriesOf(folder, `${path}/`)))
    else found.push({ path, isFile: entry.isFile() })
  }
  return found
}

async function isSame(place: string, file: ManifestFile): Promise<boolean> {
  const { size, mode } = await lstat(place)
  const isExecutable = (mode & 0o100) !== 0
  const maySay = process.platform !== 'win32'
  if (size !== file.sizeBytes || (maySay && isExecutable !== file.isExecutable)) return false
  return (await sha256Of(place)) === file.sha256
}

/** The bytes go to disk as they come. */
async function receive(
  tree: RemoteTree,
  file: ManifestFile,
  place: string,
  onPiece: (sizeBytes: number) => void,
): Promise<void> {
  const target = await open(place, 'wx', file.isExecutable ? 0o777 : 0o666)
  const hash = createHash('sha256')
  let sizeBytes = 0
  try {
    for await (const chunk of tree.read(file.path)) {
      hash.update(chunk)
      sizeBytes += chunk.length
      await target.writeFile(chunk)
      onPiece(chunk.length)
    }
  } finally {
    await target.close()
  }
  const came = { sizeBytes, sha256: hash.digest('hex') }
  if (came.sha256 !== file.sha256) throw new Damaged(file.path, file, came)
}

async function makeFolders(folder: string, files: readonly ManifestFile[]): Promise<void> {
  const folders = new Set(files.map(({ path }) => dirname(path)))
  for (const path of folders) await mkdir(join(folder, path), { recursive: true })
}

/** The server lets no other paths in; it is our own disk, all the same. */
function mustBeSafe(path: string, digest: string): void {
  const parts = path.split('/')
  const isForeign = process.platform === 'win32' && /[\\:]/.test(path)
  if (isForeign || parts.some(part => part === '' || part === '.' || part === '..'))
    throw new TransferFailed(`the directory tree ${digest} has a path that cannot be written here: ${path}`)
}

async function kindOf(place: string): Promise<'folder' | 'other' | null> {
  try {
    return (await lstat(place)).isDirectory() ? 'folder' : 'other'
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

async function sha256Of(place: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(place)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
