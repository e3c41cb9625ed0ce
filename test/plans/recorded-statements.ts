/** What the databases of this process are really asked, taken down where the driver gets it. */
import Sqlite from 'better-sqlite3'
import pg from 'pg'
import { onTestFinished } from 'vitest'

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
    const [first] = asked as [string | { text: string }]
    note(typeof first === 'string' ? first : first.text)
    return (query as (...all: unknown[]) => unknown).apply(this, asked)
  } as typeof query
  onTestFinished(() => {
    Sqlite.prototype.prepare = prepare
    pg.Client.prototype.query = query
  })
  return statements
}
