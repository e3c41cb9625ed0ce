/** What the databases of this process are really asked, taken down where the driver gets it. */
import Sqlite from 'better-sqlite3'
import pg from 'pg'
import { onTestFinished } from 'vitest'
import { Batch } from '../../src/db/postgres-batch.ts'

/**
 * Every query and change from now until the test ends, each text once. A connection to SQLite prepares each before it
 * runs it for the first time.
 */
export function recordStatements(): ReadonlySet<string> {
  const statements = new Set<string>()
  const note = (text: unknown) => {
    if (typeof text === 'string' && /^\s*(select|insert|update|delete|with)\b/i.test(text))
      statements.add(text)
  }
  const { prepare } = Sqlite.prototype
  Sqlite.prototype.prepare = function (this: Sqlite.Database, text: string) {
    note(text)
    return prepare.call(this, text)
  } as typeof prepare
  const { query } = pg.Client.prototype
  pg.Client.prototype.query = function (this: pg.Client, ...asked: unknown[]) {
    for (const text of textsOf(asked)) note(text)
    return (query as (...all: unknown[]) => unknown).apply(this, asked)
  } as typeof query
  onTestFinished(() => {
    Sqlite.prototype.prepare = prepare
    pg.Client.prototype.query = query
  })
  return statements
}

/** What a client of PostgreSQL is asked with one call. */
function textsOf([first]: readonly unknown[]): string[] {
  if (first instanceof Batch) return first.statements.map(({ text }) => text)
  return [typeof first === 'string' ? first : (first as { text: string }).text]
}

/** Returns what says how many queries and changes databases of this process have been asked for since. */
export function countStatements(): () => number {
  let count = 0
  const database = new Sqlite(':memory:')
  const statement = Object.getPrototypeOf(database.prepare('select 1'))
  database.close()
  const watched: [Record<string, unknown>, string][] = [
    ...['run', 'get', 'all', 'iterate'].map((name): [Record<string, unknown>, string] => [statement, name]),
    [pg.Client.prototype as never, 'query'],
  ]
  const originals = watched.map(([owner, name]) => owner[name])
  watched.forEach(([owner, name], i) => {
    owner[name] = function (this: unknown, ...asked: unknown[]) {
      count += this instanceof pg.Client ? textsOf(asked).length : 1
      return (originals[i] as (...all: unknown[]) => unknown).apply(this, asked)
    }
  })
  onTestFinished(() => {
    watched.forEach(([owner, name], i) => {
      owner[name] = originals[i]
    })
  })
  return () => count
}
