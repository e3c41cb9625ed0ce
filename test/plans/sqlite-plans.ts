/** How SQLite goes about a statement. */
import type Sqlite from 'better-sqlite3'
import { growing } from './plans.ts'

/** The plan of an insert also has what would be looked for if foreign keys were checked only when it is committed. */
export function chooseForeignKeys(sqlite: Sqlite.Database, statement: string): void {
  sqlite.pragma(`foreign_keys = ${/^insert/i.test(statement) ? 'off' : 'on'}`)
}

/** The steps of its plan that do so. */
export function scansOf(sqlite: Sqlite.Database, statement: string): string[] {
  const values = statement.match(/\?/g)?.map(() => 1) ?? []
  const plan = sqlite.prepare(`explain query plan ${statement}`).all(values) as { detail: string }[]
  if (takesTheFirst(statement, plan)) return []
  const aliases = aliasesIn(statement)
  return plan
    .map(step => step.detail)
    .filter(detail => {
      const [, how = '', name = '', where = ''] = /^(SCAN|SEARCH) (\S+)(.*)/.exec(detail) ?? []
      const table = aliases.get(name) ?? name
      if (!growing.has(table)) return false
      return how === 'SCAN' || goesOn(statement, where) || searchesAll(sqlite, { statement, table, where })
    })
}

/** `select … from table order by … limit ?`, where nothing must be sorted for it: it ends with the first row. */
function takesTheFirst(statement: string, plan: readonly unknown[]): boolean {
  return plan.length === 1 && / limit \+\?$/.test(statement) && !/ where /.test(statement)
}

/** From a row to the last one, for what could have been found by an index. */
function goesOn(statement: string, where: string): boolean {
  return / PRIMARY KEY \(rowid>\?\)$/.test(where) && /"\w+" = \+\?/.test(statement)
}

/** What SQLite calls a search for the greatest of a column is one only where an index begins with that column. */
function searchesAll(
  sqlite: Sqlite.Database,
  { statement, table, where }: { statement: string; table: string; where: string },
): boolean {
  if (/\(.+\)/.test(where)) return false
  const [, index] = / INDEX (\S+)/.exec(where) ?? []
  const columns = index === undefined ? [] : (sqlite.pragma(`index_info(${index})`) as { name: string }[])
  const [first] = columns.length > 0 ? columns : (sqlite.pragma(`table_info(${table})`) as { name: string }[])
  return first === undefined || !new RegExp(`(max|min)\\("${first.name}"\\)`).test(statement)
}

/** What a plan calls by another name than the table's. */
function aliasesIn(statement: string): Map<string, string> {
  const aliases = statement.matchAll(/"(\w+)" as "(\w+)"/g)
  return new Map([...aliases].map(([, table = '', alias = '']) => [alias, table]))
}
