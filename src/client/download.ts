/** Brings a directory tree to a folder: only what is not there yet, checked, beside the old one, which it then replaces. */
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { cp, mkdir, open, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { TransferFailed } from './errors.ts'
import { kindOf, lookAt, type ManifestFile, type Notes } from './local-copy.ts'
import type { RemoteTree } from './remote-trees.ts'
import { sideBySide } from './side-by-side.ts'

export interface Downloaded {
  readonly outcome: 'new' | 'replaced' | 'unchanged'
  /** What had to travel. */
  readonly files: number
  readonly sizeBytes: number
}

export interface DownloadOptions {
  readonly tree: RemoteTree
  readonly to: string
  /** They win over files of the tree. */
  readonly notes?: Notes
  /** What becomes of files in the folder that the tree knows nothing of. */
  readonly others: 'keep' | 'remove'
  /** Whether files may get lost by that, or by standing where the tree has something else; LocalChanges names them. */
  readonly replace: boolean
  /** After each piece that came. */
  readonly onProgress?: (received: { readonly receivedBytes: number; readonly lackingBytes: number }) => void
}

/** Files of the folder would be lost. */
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
  const { tree, notes = {}, others, replace, onProgress } = options
  const to = resolve(options.to)
  const { files, digest } = await tree.manifest()
  const wanted = files.filter(({ path }) => !Object.hasOwn(notes, path))
  for (const { path } of wanted) mustBeSafe(path, digest)
  const places = await settle(to)
  const here = await lookAt(to, { wanted, notes })
  const lost = [...(here?.differing ?? []), ...(others === 'remove' ? (here?.others ?? []) : [])]
  if (lost.length > 0 && !replace) throw new LocalChanges(to, lost)
  const lacking = wanted.filter(file => !here?.same.has(file))
  if (here?.hasNotes && lost.length + lacking.length === 0)
    return { outcome: 'unchanged', files: 0, sizeBytes: 0 }

  const lackingBytes = lacking.reduce((sum, file) => sum + file.sizeBytes, 0)
  let receivedBytes = 0
  try {
    const kept = others === 'keep' && here !== null ? here : { folders: [], others: [] }
    await mkdir(places.fresh, { recursive: true })
    const folders = [...wanted.map(({ path }) => dirname(path)), ...kept.folders]
    for (const folder of new Set(folders)) await mkdir(join(places.fresh, folder), { recursive: true })
    for (const path of [...[...(here?.same ?? [])].map(file => file.path), ...kept.others])
      await copyAsItIs(join(to, path), join(places.fresh, path))
    await sideBySide(lacking, file =>
      receive(tree, file, join(places.fresh, file.path), size => {
        receivedBytes += size
        onProgress?.({ receivedBytes, lackingBytes })
      }),
    )
    for (const [name, text] of Object.entries(notes)) await writeFile(join(places.fresh, name), text)
    await swap(to, places)
  } finally {
    await rm(places.fresh, { recursive: true, force: true })
  }
  return { outcome: here === null ? 'new' : 'replaced', files: lacking.length, sizeBytes: lackingBytes }
}

interface Places {
  /** Where the new tree is built. */
  readonly fresh: string
  /** Where the old one is for the moment of the swap. */
  readonly old: string
}

/** Both beside the folder; what a killed download has left there is put in order. */
async function settle(to: string): Promise<Places> {
  const beside = (what: string) => join(dirname(to), `.${basename(to)}.ngshare-${what}`)
  const places = { fresh: beside('new'), old: beside('old') }
  await rm(places.fresh, { recursive: true, force: true })
  if ((await kindOf(places.old)) !== null) {
    if ((await kindOf(to)) === null) await rename(places.old, to)
    else await rm(places.old, { recursive: true, force: true })
  }
  return places
}

async function swap(to: string, { fresh, old }: Places): Promise<void> {
  const isThere = (await kindOf(to)) !== null
  if (isThere) await rename(to, old)
  try {
    await rename(fresh, to)
  } catch (error) {
    if (isThere) await rename(old, to)
    throw error
  }
  await rm(old, { recursive: true, force: true })
}

async function copyAsItIs(from: string, to: string): Promise<void> {
  await cp(from, to, { preserveTimestamps: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE })
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

/** The server lets no other paths in; it is our own disk, all the same. */
function mustBeSafe(path: string, digest: string): void {
  const parts = path.split('/')
  const isForeign = process.platform === 'win32' && /[\\:]/.test(path)
  if (isForeign || parts.some(part => part === '' || part === '.' || part === '..'))
    throw new TransferFailed(`the directory tree ${digest} has a path that cannot be written here: ${path}`)
}
