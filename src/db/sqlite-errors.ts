/** What SQLite's error codes mean to us. */
import { errorCode, Trouble } from '../domain/errors.ts'
import { frozenTrouble } from './freeze.ts'

/** Turns an error of the driver into Trouble; passes everything else on as it is. */
export function troubleOf(error: unknown): unknown {
  const code = errorCode(error) ?? ''
  if (!code.startsWith('SQLITE_')) return error
  if (code === 'SQLITE_FULL') {
    return new Trouble('storage-full', 'no space left for the database', { cause: error })
  }
  if (code.startsWith('SQLITE_BUSY')) {
    return new Trouble('database-busy', 'the database is locked by another process', { cause: error })
  }
  if (code === 'SQLITE_CONSTRAINT_TRIGGER') return frozenTrouble(error)
  if (/^SQLITE_(ERROR|CONSTRAINT|MISUSE|RANGE|MISMATCH)/.test(code)) return error // a mistake of our own code
  return new Trouble('database', `the database failed (${code})`, { cause: error })
}
