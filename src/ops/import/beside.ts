/** Starting on the database of a Python ngshare: ours comes to lie beside it, and it stays as it is. */
import { basename, dirname, extname, join } from 'node:path'
import { isNgshare06 } from '../../db/ngshare06.ts'
import { formatTimestamp } from '../../domain/timestamp.ts'
import { recordEvent } from '../../exchange/events.ts'
import type { Caller, Exchange } from '../../exchange/exchange.ts'
import { findFinishedImport } from '../../exchange/imported.ts'
import { importNgshare06 } from './ngshare06.ts'
import { type ImportReport, wordOddity } from './report.ts'

/** Where what happens is told. */
interface Log {
  info(facts: object, message: string): void
  warn(facts: object, message: string): void
}

/**
 * Where our database is when the given one is of a Python ngshare: `NAME.ngshare.db` in the same folder. Null when it is
 * not, or there is none. Changes nothing. @throws Trouble `database`: it cannot be read
 */
export async function placeBesideNgshare06(databasePath: string): Promise<string | null> {
  if (!(await isNgshare06(databasePath))) return null
  const name = basename(databasePath, extname(databasePath))
  return join(dirname(databasePath), `${name}.ngshare.db`)
}

const toldOfAKind = 100
const tellEveryMs = 5000

const importer: Caller = { name: 'import at the start', kind: 'service', isAdmin: true, address: null }

/**
 * Brings everything over, once: what is deleted here later does not come back with the next start. Goes on where an
 * earlier start was cut off. `exchange` is the one beside; its files may share the folder of the original's.
 * Returns what came over; null where that was done before. @throws as `importNgshare06`
 */
export async function comeOverFromNgshare06(
  exchange: Exchange,
  from: { readonly databasePath: string; readonly storageFolder: string },
  logger: Log,
): Promise<ImportReport | null> {
  const original = from.databasePath
  const finishedAt = await findFinishedImport(exchange.db.read)
  if (finishedAt !== null) {
    const importedAt = formatTimestamp(finishedAt)
    logger.info(
      { original, importedAt },
      'the Python ngshare came over before; its database is not used any more',
    )
    return null
  }
  logger.info(
    { original },
    'found the database of a Python ngshare; everything in it is copied, it stays as it is',
  )
  const report = await importNgshare06(from, {
    exchange,
    caller: importer,
    dryRun: false,
    progress: nowAndThen(text => logger.info({ original }, `coming over: ${text}`)),
  })
  for (const [kind, those] of Map.groupBy(report.oddities, oddity => oddity.kind)) {
    for (const oddity of those.slice(0, toldOfAKind)) logger.warn({ ...oddity }, `odd: ${wordOddity(oddity)}`)
    if (those.length <= toldOfAKind) continue
    logger.warn(
      { kind, count: those.length },
      'odd: more of the same; `ngshare import ngshare06 --dry-run --json` into a new database lists all',
    )
  }
  const at = exchange.clock()
  await exchange.db.write(trx => recordEvent(trx, { at, caller: importer, action: 'finish-import' }))
  const { added, newUsers: users, seconds } = report
  logger.info(
    { original, ...added, users, seconds, odd: report.oddities.length },
    'the Python ngshare came over',
  )
  return report
}

function nowAndThen(tell: (text: string) => void): (text: string) => void {
  let next = performance.now() + tellEveryMs
  return text => {
    if (text === '' || performance.now() < next) return
    next = performance.now() + tellEveryMs
    tell(text)
  }
}
