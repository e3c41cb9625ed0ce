/** What the databases of this process are really asked, taken down where the driver gets it. */
import Sqlite from 'better-sqlite3'
import { onTestFinished } from 'vitest'

/**
 * Every query and change from now until the test ends, each text once. A connection prepares each before it runs it for
 * the first time.
 */
export function recordStatements(): ReadonlySet<string> {
  const statements = new Set<string>()
  const { prepare } = Sqlite.prototype
  Sqlite.prototype.prepare = function (this: Sqlite.Database, text: string) {
    if (/^\s*(select|insert|update|delete|with)\b/i.test(text)) statements.add(text)
    return prepare.call(this, text)
  } as typeof prepare
  onTestFinished(() => {
    Sqlite.prototype.prepare = prepare
  })
  return statements
}
