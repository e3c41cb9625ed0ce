/** Copies one file: Python's `shutil.copyfile`, and what it keeps of the original. */
import { type BigIntStats, chmodSync, utimesSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { openToRead } from './content.ts'
import type { Entry } from './entry.ts'
import type { ByteBudget } from './limits.ts'
import { isOsError, named, PythonError, system } from './python/errors.ts'
import { repr } from './python/repr.ts'
import { inSeconds } from './python/times.ts'

/** The two ends of a copy: where they are for us, and how Python would name them. */
export interface Ends {
  /** The file that is there already; null when there is none. Held by the caller. */
  findFrom(): Entry | null
  findTo(): Entry | null
  /** @throws OsError without a path */
  getFrom(): Entry
  openTo(): Promise<FileHandle>
  readonly fromPath: string
  readonly toPath: string
}

/** What `shutil.copy` keeps is the mode; `shutil.copy2` keeps the times, too. */
export type Kept = 'mode' | 'mode and times'

/** @throws PythonError naming the path that failed, CallFailed */
export async function copyFile(ends: Ends, kept: Kept, budget: ByteBudget): Promise<void> {
  refuseOddEnds(ends)
  const from = await onPath(ends.fromPath, () => ends.getFrom())
  // Reading it will change when it was last read.
  const stats = from.stats()
  let source: FileHandle | undefined
  let copy: FileHandle | undefined
  try {
    source = await onPath(ends.fromPath, () => openToRead(from))
    budget.check(Number(stats.size))
    copy = await openCopy(ends)
    await pump(source, copy, budget)
    if (kept === 'mode and times') await copy.utimes(...timesOf(stats))
    await copy.chmod(modeOf(stats))
  } catch (error) {
    throw named(ends.fromPath, error)
  } finally {
    from.release()
    await source?.close()
    await copy?.close()
  }
}

/** `shutil.copystat` for a folder. @throws OsError */
export function keepFacts(from: Entry, to: Entry): void {
  const stats = from.stats()
  system(() => utimesSync(to.path, ...timesOf(stats)))
  system(() => chmodSync(to.path, modeOf(stats)))
}

function modeOf(stats: BigIntStats): number {
  return Number(stats.mode & 0o7777n)
}

/**
 * NOTE: Node takes a floating number, so what it sets is right to the quarter of a microsecond (older ones cut it to
 * the microsecond); `stat` shows the same number for both. It takes negative numbers for now, but dates as they are.
 */
function timesOf({ atimeNs, mtimeNs }: BigIntStats): [atime: number | Date, mtime: number | Date] {
  return [timeOf(atimeNs), timeOf(mtimeNs)]
}

function timeOf(nanoseconds: bigint): number | Date {
  return nanoseconds < 0n ? new Date(Number(nanoseconds / 1_000_000n)) : inSeconds(nanoseconds)
}

function refuseOddEnds({ findFrom, findTo, fromPath, toPath }: Ends): void {
  const from = findFrom()
  try {
    const to = findTo()
    try {
      if (from !== null && to !== null && from.isSameAs(to)) {
        const text = `${repr(fromPath)} and ${repr(toPath)} are the same file`
        throw new PythonError('shutil.SameFileError', text)
      }
      const fifo = from?.kind === 'fifo' ? fromPath : to?.kind === 'fifo' ? toPath : null
      if (fifo !== null) throw new PythonError('shutil.SpecialFileError', `\`${fifo}\` is a named pipe`)
    } finally {
      to?.release()
    }
  } finally {
    from?.release()
  }
}

async function openCopy({ openTo, findTo, toPath }: Ends): Promise<FileHandle> {
  try {
    return await onPath(toPath, openTo)
  } catch (error) {
    if (!isOsError(error, 'EISDIR')) throw error
    const there = findTo()
    there?.release()
    if (there !== null) throw error
    throw new PythonError('FileNotFoundError', `Directory does not exist: ${toPath}`)
  }
}

async function onPath<Result>(path: string, work: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    throw named(path, error)
  }
}

const chunkBytes = 256 * 1024

async function pump(from: FileHandle, to: FileHandle, budget: ByteBudget): Promise<void> {
  const buffer = Buffer.allocUnsafe(chunkBytes)
  for (;;) {
    const { bytesRead } = await from.read(buffer, 0, chunkBytes, null)
    if (bytesRead === 0) return
    budget.spend(bytesRead)
    await to.writeFile(buffer.subarray(0, bytesRead))
  }
}
