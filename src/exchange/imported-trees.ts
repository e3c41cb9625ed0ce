/** What may come from elsewhere as a directory tree: paths that nobody could send here get others, all bytes stay. */
import { hash } from 'node:crypto'
import type { StagedBlob } from '../content/staging.ts'
import { isLegalPath, TreePaths } from '../domain/directory-tree.ts'
import { Refusal } from '../domain/errors.ts'

/** One file where it is now. */
export interface FileToImport {
  readonly path: string
  readonly isExecutable: boolean
  /** As it was noted down elsewhere, in hex; null where it was not. */
  readonly md5: string | null
  /** Reads the bytes; null where that cannot be done, which whoever made this tells. */
  stage(): Promise<StagedBlob | null>
}

export interface RenamedPath {
  readonly from: string
  readonly to: string
  readonly why: 'illegal' | 'taken'
}

/**
 * Gives each file a path of its own that is legal here. Of several files of one path the last keeps it, since it is
 * the one that everyone who fetched them was left with.
 */
export function withLegalPaths(files: readonly FileToImport[]): {
  files: readonly FileToImport[]
  renamed: readonly RenamedPath[]
} {
  const last = new Map(files.map((file, position) => [legalPath(file.path), position]))
  const paths = new TreePaths()
  const given: (string | undefined)[] = []
  // Deepest first: where a file is called as a folder, the file gives way.
  const depth = (position: number) => legalPath((files[position] as FileToImport).path).split('/').length
  for (const position of [...last.values()].sort((one, other) => depth(other) - depth(one)))
    give(position, '')
  for (const position of files.keys()) {
    for (let copy = 1; given[position] === undefined; copy++) give(position, `.duplicate-${copy}`)
  }
  const renamed: RenamedPath[] = []
  const legal = files.map((file, position) => {
    const to = given[position] ?? ''
    if (to === file.path) return file
    renamed.push({ from: file.path, to, why: isLegalPath(file.path) ? 'taken' : 'illegal' })
    return { ...file, path: to }
  })
  return { files: legal, renamed }

  function give(position: number, suffix: string): void {
    const path = withSuffix(legalPath((files[position] as FileToImport).path), suffix)
    try {
      paths.add(path)
      given[position] = path
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
    }
  }
}

const maxComponentBytes = 200
const maxPathBytes = 3500

function withSuffix(path: string, suffix: string): string {
  const long = path + suffix
  return isLegalPath(long) ? long : shortened(path.replaceAll('/', '_'), maxComponentBytes) + suffix
}

/** The path itself where it is legal; else one that reads alike. */
function legalPath(path: string): string {
  if (isLegalPath(path)) return path
  const components = path
    .toWellFormed()
    .replace(/[\u0000-\u001f\u007f]/g, '_')
    .split('/')
    .filter(component => component !== '')
    .map(component => (component === '.' || component === '..' ? component.replaceAll('.', '_') : component))
    .map(component =>
      Buffer.byteLength(component) <= 255 ? component : shortened(component, maxComponentBytes),
    )
  const legal = components.join('/')
  if (legal === '') return 'file-without-a-name'
  return Buffer.byteLength(legal) <= maxPathBytes
    ? legal
    : shortened(legal.replaceAll('/', '_'), maxComponentBytes)
}

/** Its beginning and a digest of all of it. */
function shortened(text: string, bytes: number): string {
  const start = Buffer.from(text)
    .subarray(0, bytes)
    .toString()
    .replace(/\ufffd$/, '')
  return `${start}~${hash('sha256', text).slice(0, 16)}`
}
