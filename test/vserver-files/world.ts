/** A fresh root folder with a secret beside it, and the calls on it. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import {
  CallFailed,
  defaultFileLimits,
  type Fields,
  type FileCallName,
  type FileLimits,
  fileCalls,
} from '../../src/vserver/files/calls.ts'
import { openRoot, type Root } from '../../src/vserver/files/root.ts'

export type Arguments = Readonly<Record<string, string>>

/** A text is a file's content, `{ link }` a link, null an empty folder. */
export type Tree = Readonly<Record<string, string | { link: string } | null>>

export interface World {
  /** The folder that holds both; `root` and `outside` are in it. */
  readonly folder: string
  readonly root: Root
  readonly rootFolder: string
  readonly outside: string
  /** The answer's fields, or `success: false` with its message. */
  ask(call: FileCallName, args: Arguments, limits?: Partial<FileLimits>): Promise<Fields>
  plant(tree: Tree): void
  exists(path: string): boolean
  contentOf(path: string): string
  end(): void
}

export const secret = 'SECRET of the outside'

export async function aWorld(tree: Tree = {}): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'vserver-files-'))
  const [rootFolder, outside] = [join(folder, 'root'), join(folder, 'outside')]
  mkdirSync(rootFolder)
  plantIn(outside, { 'secret.txt': secret, 'locked/inside.txt': secret, 'locked/deep/er.txt': secret })
  plantIn(rootFolder, tree)
  const root = await openRoot(rootFolder)
  return {
    folder,
    root,
    rootFolder,
    outside,
    ask: (call, args, limits = {}) => ask(root, call, args, limits),
    plant: more => plantIn(rootFolder, more),
    exists: path => existsSync(join(rootFolder, path)),
    contentOf: path => readFileSync(join(rootFolder, path), 'utf8'),
    end() {
      root.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function ask(
  root: Root,
  call: FileCallName,
  args: Arguments,
  limits: Partial<FileLimits>,
): Promise<Fields> {
  try {
    return await fileCalls[call](root, name => args[name], { ...defaultFileLimits, ...limits })
  } catch (error) {
    if (error instanceof CallFailed) return { success: false, message: error.message }
    throw error
  }
}

export function failure(message: string): Fields {
  return { success: false, message }
}

export function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

/** Everything in a folder with all that a call could change about it. */
export function snapshot(folder: string): string[] {
  return ['.', ...namesIn(folder)].map(name => describe(folder, name)).sort()
}

/** Node's own recursive listing would follow links. */
function namesIn(folder: string, prefix = ''): string[] {
  return readdirSync(join(folder, prefix), { withFileTypes: true }).flatMap(entry => {
    const name = join(prefix, entry.name)
    return entry.isDirectory() ? [name, ...namesIn(folder, name)] : [name]
  })
}

export function openHandles(): number {
  return readdirSync('/proc/self/fd').length
}

function describe(folder: string, name: string): string {
  const path = join(folder, name)
  const { mode, size, mtimeMs, ctimeMs, uid } = lstatSync(path)
  const isFile = lstatSync(path).isFile()
  return [name, mode.toString(8), size, mtimeMs, ctimeMs, uid, isFile ? readFileSync(path, 'utf8') : ''].join(
    ' ',
  )
}

function plantIn(folder: string, tree: Tree): void {
  for (const [name, what] of Object.entries(tree)) {
    const path = join(folder, name)
    mkdirSync(what === null ? path : dirname(path), { recursive: true })
    if (typeof what === 'string') writeFileSync(path, what)
    else if (what !== null) symlinkSync(what.link, path)
  }
}

export function linkTarget(path: string): string {
  return readlinkSync(path)
}
