/** Reads the project's Markdown files: headings, links, generated parts. */
import { readdir, readFile } from 'node:fs/promises'

export const root = new URL('../../', import.meta.url)

export function readPage(file: string): Promise<string> {
  return readFile(new URL(file, root), 'utf8')
}

const foreignFolders = new Set(['node_modules', 'dist', 'data', 'coverage', 'results'])

/** All of them, by their path from the root; not those of dependencies, and nothing in hidden folders. */
export async function markdownFiles(folder = ''): Promise<string[]> {
  const entries = await readdir(new URL(folder, root), { withFileTypes: true })
  const found = await Promise.all(
    entries.map(async entry => {
      if (entry.name.startsWith('.') || foreignFolders.has(entry.name)) return []
      if (entry.isDirectory()) return markdownFiles(`${folder}${entry.name}/`)
      return entry.name.endsWith('.md') ? [folder + entry.name] : []
    }),
  )
  return found.flat().sort()
}

/** The texts of the headings, of one level or of all. */
export function headingsOf(page: string, level?: number): string[] {
  const marks = level === undefined ? '#+' : '#'.repeat(level)
  const heading = new RegExp(`^${marks} +(.+)$`, 'gm')
  return [...withoutCodeBlocks(page).matchAll(heading)].map(match => match[1] ?? '')
}

/** The targets of links within the project. */
export function linksOf(page: string): string[] {
  const links = [...withoutCodeBlocks(page).matchAll(/\]\(([^)\s]+)\)/g)].map(match => match[1] ?? '')
  return links.filter(link => !/^[a-z]+:/.test(link))
}

/** What a link to a heading has behind its `#`. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-')
}

/** The words in code spelling that begin the rows of a generated table. */
export function codesOf(page: string, part: string): string[] {
  const text = page.split(`<!-- generated: ${part} -->`)[1]?.split(`<!-- end: ${part} -->`)[0] ?? ''
  return [...text.matchAll(/^\| `([^`]+)`/gm)].map(match => match[1] ?? '')
}

function withoutCodeBlocks(page: string): string {
  return page.replace(/^```.*?^```$/gms, '')
}
