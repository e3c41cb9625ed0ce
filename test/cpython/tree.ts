/** A folder with everything in it that file tools stumble over, and a way to see what became of it. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  type BigIntStats,
  chmodSync,
  existsSync,
  lchownSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { errorCode } from '../../src/domain/errors.ts'
import { decodeFileName, encodeFileName } from '../../src/vserver/files/python/file-names.ts'

export const oddNames = [
  'plain.txt',
  'two words',
  ' blank at both ends ',
  'line\nbreak',
  'tab\tand\rreturn',
  'Ünïcödé-文件',
  'emoji-😀',
  'not-utf8-\udcff\udce2\udc82',
  "it's",
  '"quoted"',
  `both'and"`,
  'back\\slash',
  '[brackets]',
  '[!a]',
  'star*star',
  'question?',
  '{a,b}',
  '%2e%2e',
  '~',
  '-rf',
  '...',
  '.hidden',
  '..two-dots',
  '$HOME',
  '\x01\x7f\u00ad\u200b\u2028',
  'n'.repeat(255),
]

/** Old enough to tell from what a call has made, and finer than a microsecond. */
const oldSeconds = 1_500_000_000.123457

export function makeTree(root: string, userId?: number): void {
  if (existsSync(root)) openFolders(root)
  rmSync(root, { recursive: true, force: true })
  const path = (name: string) => pathTo(root, name)
  const modes: [name: string, mode: number][] = []
  const folder = (name: string, mode = 0o755) => {
    mkdirSync(path(name), { recursive: true })
    modes.push([name, mode])
  }
  const file = (name: string, content: string | Buffer = name, mode = 0o644) => {
    writeFileSync(path(name), content)
    modes.push([name, mode])
  }
  const link = (name: string, target: string) => symlinkSync(encodeFileName(target), path(name))

  mkdirSync(root, { recursive: true })
  folder('odd')
  for (const name of oddNames) file(`odd/${name}`, `content of ${name}`)
  folder('odd folders')
  for (const name of oddNames.filter(name => name.length < 100)) {
    folder(`odd folders/${name}`)
    file(`odd folders/${name}/inside`)
  }

  folder('sizes')
  file('sizes/empty', '')
  for (const size of [1, 2, 3, 56, 57, 58, 114, 65_536]) file(`sizes/${size}`, Buffer.alloc(size, `${size}.`))
  file('sizes/large', Buffer.alloc(600_001, 'large'))
  folder('sizes/empty folder')

  folder('modes')
  for (const mode of [0o000, 0o400, 0o200, 0o600, 0o644, 0o755, 0o777, 0o4755, 0o2644, 0o1777]) {
    file(`modes/${mode.toString(8)}`, 'content', mode)
  }
  for (const mode of [0o000, 0o500, 0o300, 0o400, 0o100, 0o700, 0o1777, 0o2755]) {
    folder(`modes/d${mode.toString(8)}`)
    file(`modes/d${mode.toString(8)}/inside`)
  }

  folder('deep/er/and/deeper')
  file('deep/er/and/deeper/end')
  file('deep/er/aside')
  file('deep/er/.aside')
  folder('deep/.er')
  file('deep/.er/hidden')

  folder('clean/sub/sub')
  for (const name of ['a.py', 'b.txt', 'B.TXT', '.c.py', 'sub/a.py', 'sub/b', 'sub/sub/d.pyc'])
    file(`clean/${name}`)

  folder('links')
  file('links/target', 'content of the target')
  folder('links/folder')
  file('links/folder/inside', 'inside')
  link('links/to file', 'target')
  link('links/to folder', 'folder')
  link('links/to folder with slash', 'folder/')
  link('links/to file with slash', 'target/')
  link('links/to link', 'to file')
  link('links/up and down', '../links/./folder/../target')
  link('links/absolute', `${root}/links/target`)
  link('links/absolute folder', `${root}//links/./folder`)
  link('links/dangling', 'nowhere')
  link('links/dangling far', 'no/where')
  link('links/dangling absolute', '/nonexistent/file')
  link('links/loop', 'loop')
  link('links/ring a', 'ring b')
  link('links/ring b', 'ring a')
  link('links/through file', 'target/inside')
  link('links/odd', '../odd/not-utf8-\udcff\udce2\udc82')
  link('links/"\'\n', '../odd/plain.txt')
  folder('chain')
  file('chain/0', 'end of the chain')
  for (let i = 1; i <= 42; i++) link(`chain/${i}`, `${i - 1}`)
  folder('ancestor/child')
  file('ancestor/file')
  link('ancestor/child/up', '..')
  folder('only links/real')
  file('only links/real/file')
  link('only links/a', 'real')
  link('only links/b', 'real/file')
  link('only links/c', '../clean/sub')

  const names = everything(root)
  if (userId !== undefined) for (const name of ['', ...names]) lchownSync(path(name), userId, userId)
  for (const [i, name] of names.entries()) lutimesSync(path(name), oldSeconds, oldSeconds + i)
  // Last, and from the inside out: some close their folder to us.
  for (const [name, mode] of modes.reverse()) chmodSync(path(name), mode)
}

/** One line for each thing there: what it is, its mode, its content, and when it changed if that is long ago. */
export function describeTree(root: string): string[] {
  return everything(root).map(name => {
    const path = pathTo(root, name)
    const stats = lstatSync(path, { bigint: true })
    const micros = stats.mtimeNs / 1000n
    const time = micros < 1_600_000_000_000_000n ? micros : 'new'
    const content = contentOf(path, stats).replace(root, '<root>')
    return `${JSON.stringify(name)} ${stats.mode.toString(8)} ${time} ${stats.uid} ${content}`
  })
}

function contentOf(path: Buffer, stats: BigIntStats): string {
  if (stats.isSymbolicLink()) return decodeFileName(readlinkSync(path, { encoding: 'buffer' }))
  if (!stats.isFile()) return ''
  return `${stats.size} ${unlessClosed(() => createHash('sha1').update(readFileSync(path)).digest('hex'), 'closed')}`
}

function pathTo(root: string, name: string): Buffer {
  return Buffer.concat([Buffer.from(`${root}/`), encodeFileName(name)])
}

function everything(root: string): string[] {
  const found: string[] = []
  const visit = (folder: string) => {
    const options = { withFileTypes: true, encoding: 'buffer' } as const
    for (const entry of unlessClosed(() => readdirSync(pathTo(root, folder), options), [])) {
      const name = `${folder}/${decodeFileName(entry.name)}`
      if (entry.isDirectory()) visit(name)
      found.push(name.slice(1))
    }
  }
  visit('')
  return found.sort()
}

/** So that somebody who is not root can remove what is in them. */
function openFolders(root: string): void {
  if (process.geteuid?.() === 0) return
  execFileSync('chmod', ['-R', 'u+rwx', root])
}

function unlessClosed<Result>(look: () => Result, otherwise: Result): Result {
  try {
    return look()
  } catch (error) {
    if (errorCode(error) === 'EACCES' || errorCode(error) === 'ENOENT') return otherwise
    throw error
  }
}
