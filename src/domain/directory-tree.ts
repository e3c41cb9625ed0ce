/** Directory trees: the files of one release, submission or feedback, and which paths they may have. */
import { Refusal } from './errors.ts'
import { hasControlCharacter } from './names.ts'

const maxPathBytes = 4096
const maxComponentBytes = 255

/**
 * Whether a client may name a file like this: relative, `/` between components, no empty, `.` or `..`
 * component, no control characters, well-formed Unicode, at most 255 bytes a component and 4096 in all.
 * Backslash, colon, `~` and blanks are ordinary characters. Paths are data: they never touch our own disk.
 */
export function isLegalPath(path: string): boolean {
  if (!path.isWellFormed() || hasControlCharacter(path) || Buffer.byteLength(path) > maxPathBytes)
    return false
  return path.split('/').every(isLegalComponent)
}

function isLegalComponent(component: string): boolean {
  if (component === '' || component === '.' || component === '..') return false
  return Buffer.byteLength(component) <= maxComponentBytes
}

/** The paths of one tree as they arrive; refuses what could not be unpacked side by side. */
export class TreePaths {
  readonly #files = new Set<string>()
  readonly #folders = new Set<string>()

  /** @throws Refusal `illegal-path`: not legal, there already, or a file where another path has a folder */
  add(path: string): void {
    if (!isLegalPath(path) || this.#files.has(path) || this.#folders.has(path))
      throw new Refusal('illegal-path')
    const folders: string[] = []
    for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
      const folder = path.slice(0, slash)
      if (this.#files.has(folder)) throw new Refusal('illegal-path')
      folders.push(folder)
    }
    this.#files.add(path)
    for (const folder of folders) this.#folders.add(folder)
  }
}
