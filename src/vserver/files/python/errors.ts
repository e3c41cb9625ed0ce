/** Exceptions as CPython raises and words them: clients of the old server read these texts. */
import { constants } from 'node:os'
import { errorCode } from '../../../domain/errors.ts'
import { repr } from './repr.ts'

export class PythonError extends Error {
  /** As a traceback names it: built-in exceptions bare, others with their module. */
  readonly type: string

  constructor(type: string, text: string) {
    super(text)
    this.name = 'PythonError'
    this.type = type
  }

  /** The last line of the traceback. */
  get line(): string {
    return `${this.type}: ${this.message}`
  }
}

/** A system call said no. Its `path` may become known further up than where it happened. */
export class OsError extends PythonError {
  readonly code: string
  /** The C library's text. */
  readonly strerror: string
  readonly path: string | undefined

  constructor(code: string, path?: string) {
    const strerror = texts[code] ?? code
    const errno = (constants.errno as Record<string, number | undefined>)[code] ?? 0
    super(
      types[code] ?? 'OSError',
      `[Errno ${errno}] ${strerror}${path === undefined ? '' : `: ${repr(path)}`}`,
    )
    this.name = 'OsError'
    this.code = code
    this.strerror = strerror
    this.path = path
  }
}

export function isOsError(error: unknown, code: string): boolean {
  return error instanceof OsError && error.code === code
}

/** Whether the path is to blame, and not that we, or the disk, are in trouble. */
export function isAboutPath(error: unknown): error is PythonError {
  return error instanceof PythonError && !troubles.some(code => isOsError(error, code))
}

/** Node's error of a system call in Python's words; its own message would show our handles. */
export function system<Result>(call: () => Result): Result {
  try {
    return call()
  } catch (error) {
    throw asOsError(error)
  }
}

export function asOsError(error: unknown): unknown {
  const code = errorCode(error)
  if (error instanceof PythonError || code === undefined || !/^E[A-Z0-9]+$/.test(code)) return error
  return new OsError(code)
}

/** Says which path a failure is about, where that is not said yet. */
export function naming<Result>(path: string, work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    throw named(path, error)
  }
}

export function named(path: string, error: unknown): unknown {
  const known = asOsError(error)
  return known instanceof OsError && known.path === undefined ? new OsError(known.code, path) : known
}

const troubles = ['EMFILE', 'ENFILE', 'ENOMEM', 'EIO']

const types: Readonly<Record<string, string>> = {
  EPERM: 'PermissionError',
  EACCES: 'PermissionError',
  ENOENT: 'FileNotFoundError',
  EEXIST: 'FileExistsError',
  ENOTDIR: 'NotADirectoryError',
  EISDIR: 'IsADirectoryError',
}

/** The texts of the GNU C library. */
const texts: Readonly<Record<string, string>> = {
  EPERM: 'Operation not permitted',
  ENOENT: 'No such file or directory',
  EIO: 'Input/output error',
  ENXIO: 'No such device or address',
  ENOMEM: 'Cannot allocate memory',
  EACCES: 'Permission denied',
  EBUSY: 'Device or resource busy',
  EEXIST: 'File exists',
  EXDEV: 'Invalid cross-device link',
  ENOTDIR: 'Not a directory',
  EISDIR: 'Is a directory',
  EINVAL: 'Invalid argument',
  ENFILE: 'Too many open files in system',
  EMFILE: 'Too many open files',
  ETXTBSY: 'Text file busy',
  EFBIG: 'File too large',
  ENOSPC: 'No space left on device',
  EROFS: 'Read-only file system',
  EMLINK: 'Too many links',
  ENAMETOOLONG: 'File name too long',
  ENOTEMPTY: 'Directory not empty',
  ELOOP: 'Too many levels of symbolic links',
  EOVERFLOW: 'Value too large for defined data type',
  EOPNOTSUPP: 'Operation not supported',
  ENOTSUP: 'Operation not supported',
  ESTALE: 'Stale file handle',
  EDQUOT: 'Disk quota exceeded',
}
