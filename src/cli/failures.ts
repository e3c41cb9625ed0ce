/** What a server's refusal means to the person at the keyboard, and what to do about it. */
import { LocalChanges } from '../client/download.ts'
import { NoAnswer, ProblemError, TransferFailed } from '../client/errors.ts'
import { CommandFailed } from '../terminal/failure.ts'
import { printable } from '../terminal/table.ts'
import type { Access, Target } from './target.ts'

/** The client's errors in words; others as they are. */
export function explained(error: unknown, target: Target): unknown {
  if (error instanceof NoAnswer) return new CommandFailed(error.message, { cause: error })
  if (error instanceof LocalChanges)
    return new CommandFailed(`${error.message}; say --replace if they may be`, { cause: error })
  if (error instanceof TransferFailed) return new CommandFailed(printable(error.message), { cause: error })
  if (isOfFileSystem(error)) return new CommandFailed(printable(inWords(error)), { cause: error })
  if (!(error instanceof ProblemError)) return error
  const advice = adviceFor(error, target)
  const detail = printable(error.detail)
  return new CommandFailed(advice === null ? detail : `${detail}: ${advice}`, { cause: error })
}

/** What the file system says is about the folders that the command was given. */
function isOfFileSystem(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'code' in error
}

function inWords({ code = '', path, message }: NodeJS.ErrnoException): string {
  const words = ofFileSystem[code]
  return words === undefined ? message : `${words}${path === undefined ? '' : `: ${path}`}`
}

const ofFileSystem: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'this is no folder',
  EISDIR: 'this is a folder',
  EACCES: 'you may not read or write this',
  EPERM: 'you may not do this',
  EROFS: 'nothing can be written here',
  ENOSPC: 'there is no space left on this machine',
  EDQUOT: 'you have no space left on this machine',
}

function adviceFor({ status, code }: ProblemError, { url, access }: Target): string | null {
  if (status === 401) return tokenAdvice(access, url)
  return advice[code] ?? null
}

function tokenAdvice(access: Access, url: string): string {
  return access.kind === 'user'
    ? `this server wants a token, not a name: ngshare login ${url}`
    : `the token is that of ${access.from}; to save a new one: ngshare login ${url}`
}

/** By the code of the problem. */
const advice: Readonly<Record<string, string>> = {
  'course-not-found': '`ngshare course list` lists yours',
  'assignment-not-found': '`ngshare assignment list` lists those that are out',
  'not-related': '`ngshare course list` lists yours',
  'student-not-found': '`ngshare roster list` lists who is there',
  'user-missing': 'a stand-alone server wants a name, --user',
  'not-instructor': '`ngshare whoami` says who you are to the server',
  'not-admin': '`ngshare whoami` says who you are to the server',
  'no-service': 'the address is that of --url, NGSHARE_URL or the last login',
}
