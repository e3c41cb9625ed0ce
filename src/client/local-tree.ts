/** A folder of this machine as a directory tree: which of its files go, and their checksums. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

export interface LocalFile {
  /** In the tree, with / between folders. */
  readonly path: string
  readonly sizeBytes: number
  readonly sha256: string
  readonly isExecutable: boolean
  read(): AsyncIterable<Uint8Array>
}

export interface LocalTree {
  readonly files: readonly LocalFile[]
  /** What a person might miss, with the reason; not what the patterns leave out. */
  readonly leftOut: readonly { readonly path: string; readonly reason: string }[]
}

/** What nbgrader leaves out if it is not told otherwise. */
export const usuallyIgnored = ['.ipynb_checkpoints', '*.pyc', '__pycache__'] as const

/**
 * Reads all files once. `ignore`: patterns for names of files and folders, with `*`, `?` and `[…]`. Links to files are
 * followed; folders behind links, and what is no file, are left out. Throws what the file system says.
 */
export async function readLocalTree(
  folder: string,
  { ignore = usuallyIgnored }: { ignore?: readonly string[] } = {},
): Promise<LocalTree> {
  const tree = { files: [] as LocalFile[], leftOut: [] as { path: string; reason: string }[] }
  await readFolder({ folder, prefix: '', ignored: ignore.map(patternOf), tree })
  return tree
}

async function readFolder({
  folder,
  prefix,
  ignored,
  tree,
}: {
  folder: string
  prefix: string
  ignored: readonly RegExp[]
  tree: { files: LocalFile[]; leftOut: { path: string; reason: string }[] }
}): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true })
  for (const entry of entries.toSorted((one, other) => (one.name < other.name ? -1 : 1))) {
    const path = prefix + entry.name
    const place = join(folder, entry.name)
    if (ignored.some(pattern => pattern.test(entry.name))) continue
    if (entry.isDirectory()) {
      await readFolder({ folder: place, prefix: `${path}/`, ignored, tree })
      continue
    }
    const target = await stat(place).catch(() => null)
    if (target?.isFile()) tree.files.push({ path, ...(await fingerprint(place, target.mode)) })
    else tree.leftOut.push({ path, reason: whyNot(target) })
  }
}

function whyNot(target: { isDirectory(): boolean } | null): string {
  if (target === null) return 'a link that leads nowhere'
  return target.isDirectory() ? 'a folder behind a link' : 'no file'
}

async function fingerprint(place: string, mode: number) {
  const hash = createHash('sha256')
  let sizeBytes = 0
  for await (const chunk of createReadStream(place)) {
    hash.update(chunk as Buffer)
    sizeBytes += (chunk as Buffer).length
  }
  return {
    sizeBytes,
    sha256: hash.digest('hex'),
    isExecutable: (mode & 0o100) !== 0,
    read: () => createReadStream(place),
  }
}

/** As `fnmatch` of Python reads it. */
function patternOf(pattern: string): RegExp {
  const source = pattern.replace(/\[!?[^\]]+\]|[\s\S]/g, part => {
    if (part === '*') return '.*'
    if (part === '?') return '.'
    if (part.length > 1) return part.replace(/^\[!/, '[^').replaceAll('\\', '\\\\')
    return part.replace(/[\\^$.|+()[\]{}]/, '\\$&')
  })
  return new RegExp(`^${source}$`, 'su')
}
