/**
 * Makes the wheel of a Python project without Python, so that a server that was built with Node alone can hand it out:
 * https://packaging.python.org/specifications/binary-distribution-format/. The same sources give the same bytes.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join, posix, relative, sep } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { ZipFile } from 'yazl'
import { entryPointsOf, list, metadataOf, text } from './metadata.ts'
import { readTable } from './pyproject.ts'

export interface Wheel {
  readonly fileName: string
  readonly bytes: Buffer
}

interface Entry {
  readonly path: string
  readonly bytes: Buffer
}

/** A zip file has local times without a zone: this is read the same everywhere. */
const fixedTime = new Date(2020, 1, 2)

const tag = 'py3-none-any'
const wheelFile = `Wheel-Version: 1.0\nGenerator: ngshare\nRoot-Is-Purelib: true\nTag: ${tag}\n`

/** `folder`: has `pyproject.toml`. */
export async function makeWheel(folder: string): Promise<Wheel> {
  const toml = await readFile(join(folder, 'pyproject.toml'), 'utf8')
  const project = readTable(toml, 'project')
  const name = `${text(project.name).replaceAll('-', '_')}-${text(project.version)}`
  const about = `${name}.dist-info`
  const entries = await packagesOf(folder, readTable(toml, 'tool.hatch.build.targets.wheel'))
  const readme = await readFile(join(folder, text(project.readme)), 'utf8')
  const add = (path: string, bytes: string | Buffer) => {
    entries.push({ path: `${about}/${path}`, bytes: Buffer.from(bytes) })
  }
  add('METADATA', metadataOf(project, readme))
  add('WHEEL', wheelFile)
  add('entry_points.txt', entryPointsOf(readTable(toml, 'project.scripts')))
  for (const file of list(project['license-files']).map(text)) {
    add(`licenses/${file}`, await readFile(join(folder, file)))
  }
  add('RECORD', recordOf(entries, `${about}/RECORD`))
  return { fileName: `${name}-${tag}.whl`, bytes: await zip(entries) }
}

/** The files of the packages that the project names, in the order of their paths. */
async function packagesOf(folder: string, target: Readonly<Record<string, unknown>>): Promise<Entry[]> {
  const paths = await Promise.all(
    list(target.packages).map(async one => {
      const root = text(one)
      const files = await readdir(join(folder, root), { recursive: true, withFileTypes: true })
      return files
        .filter(file => file.isFile())
        .map(file => relative(folder, join(file.parentPath, file.name)).replaceAll(sep, '/'))
        .filter(path => !path.includes('/__pycache__/'))
        .map(path => ({ source: path, path: posix.relative(posix.dirname(root), path) }))
    }),
  )
  return Promise.all(
    paths
      .flat()
      .toSorted((a, b) => (a.path < b.path ? -1 : 1))
      .map(async ({ source, path }) => ({ path, bytes: await readFile(join(folder, source)) })),
  )
}

/** The file `RECORD`: which files there are, by which an installer checks and a later one removes them. */
function recordOf(entries: readonly Entry[], ownPath: string): string {
  const lines = entries.map(
    ({ path, bytes }) =>
      `${path},sha256=${createHash('sha256').update(bytes).digest('base64url')},${bytes.length}\n`,
  )
  return `${lines.join('')}${ownPath},,\n`
}

/** Stored, not deflated: what deflating makes of the same bytes depends on the version of zlib. */
function zip(entries: readonly Entry[]): Promise<Buffer> {
  const archive = new ZipFile()
  const options = { mtime: fixedTime, forceDosTimestamp: true, mode: 0o100644, compress: false }
  for (const { path, bytes } of entries) archive.addBuffer(bytes, path, options)
  archive.end()
  return buffer(archive.outputStream)
}
