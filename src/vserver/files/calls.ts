/** The file-system calls of the 2020 vserver, confined to one folder: ngshare-http-api.md §9.1. */
import type { FileCall } from './call.ts'
import { copy } from './copy.ts'
import { copytree } from './copy-tree.ts'
import { exists, isdir, isfile, islink, ismount, stat } from './facts.ts'
import { chmod, ls, mkdir } from './folders.ts'
import { glob } from './glob.ts'
import { read, write } from './read-write.ts'
import { rmtree } from './remove-tree.ts'
import { walk } from './walk.ts'

export { CallFailed, type Fields, type FileCall } from './call.ts'
export { defaultFileLimits, type FileLimits } from './limits.ts'

export type FileCallName =
  | 'read'
  | 'write'
  | 'ls'
  | 'mkdir'
  | 'chmod'
  | 'stat'
  | 'glob'
  | 'walk'
  | 'exists'
  | 'isdir'
  | 'isfile'
  | 'islink'
  | 'ismount'
  | 'copy'
  | 'copytree'
  | 'rmtree'

export const fileCalls: Readonly<Record<FileCallName, FileCall>> = {
  read,
  write,
  ls,
  mkdir,
  chmod,
  stat,
  glob,
  walk,
  exists,
  isdir,
  isfile,
  islink,
  ismount,
  copy,
  copytree,
  rmtree,
}

/** Those that change something on the disk. */
export const changingCalls: ReadonlySet<string> = new Set<FileCallName>([
  'write',
  'mkdir',
  'chmod',
  'copy',
  'copytree',
  'rmtree',
])
