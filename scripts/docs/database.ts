/** The database's schema, read from a fresh database rather than from what the code says about it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { openSqlite } from '../../src/db/sqlite.ts'
import { code, markdownTable } from './markdown.ts'

export interface Table {
  readonly name: string
  readonly columns: readonly Column[]
  readonly indexes: readonly Index[]
}

interface Column {
  readonly name: string
  readonly type: string
  readonly isNullable: boolean
  readonly isPrimaryKey: boolean
  /** The table whose `id` the column holds. */
  readonly references: string | null
}

interface Index {
  readonly columns: readonly string[]
  readonly isUnique: boolean
  /** The condition of an index over some rows only. */
  readonly where: string | null
}

export async function readDatabase(): Promise<Table[]> {
  const folder = await mkdtemp(join(tmpdir(), 'ngshare-docs-'))
  try {
    const path = join(folder, 'ngshare.db')
    const database = await openSqlite({ path, upgrade: true })
    await database.close()
    const sqlite = new Sqlite(path, { readonly: true })
    const tables = readTables(sqlite)
    sqlite.close()
    return tables
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** In the order of their creation; without those of SQLite and of the migrations. */
function readTables(sqlite: Sqlite.Database): Table[] {
  const names = sqlite
    .prepare<[], { name: string }>(
      `select name from sqlite_master where type = 'table'
       and name not like 'sqlite%' and name not like 'kysely%' order by rowid`,
    )
    .all()
  return names.map(({ name }) => ({
    name,
    columns: readColumns(sqlite, name),
    indexes: readIndexes(sqlite, name),
  }))
}

function readColumns(sqlite: Sqlite.Database, table: string): Column[] {
  const references = new Map(
    sqlite
      .prepare<[string], { column: string; target: string }>(
        'select "from" as "column", "table" as target from pragma_foreign_key_list(?)',
      )
      .all(table)
      .map(({ column, target }) => [column, target]),
  )
  return sqlite
    .prepare<[string], { name: string; type: string; notnull: number; pk: number }>(
      'select name, type, "notnull", pk from pragma_table_info(?)',
    )
    .all(table)
    .map(({ name, type, notnull, pk }) => ({
      name,
      type: type.toLowerCase(),
      isNullable: notnull === 0 && pk === 0,
      isPrimaryKey: pk > 0,
      references: references.get(name) ?? null,
    }))
}

/** Those of primary keys go without saying. */
function readIndexes(sqlite: Sqlite.Database, table: string): Index[] {
  const indexes = sqlite
    .prepare<[string], { name: string; isUnique: number; statement: string | null }>(
      `select list.name, list."unique" as isUnique, master.sql as statement
       from pragma_index_list(?) as list join sqlite_master as master on master.name = list.name
       where list.origin <> 'pk' order by master.rowid`,
    )
    .all(table)
  return indexes.map(({ name, isUnique, statement }) => ({
    columns: sqlite
      .prepare<[string], { name: string }>('select name from pragma_index_info(?)')
      .all(name)
      .map(column => column.name),
    isUnique: isUnique === 1,
    where: /\bwhere (.*)$/i.exec(statement ?? '')?.[1] ?? null,
  }))
}

/** A Mermaid entity-relationship diagram. */
export function databaseDiagram(tables: readonly Table[]): string {
  const relations = tables.flatMap(({ name, columns }) =>
    columns.flatMap(column =>
      column.references === null
        ? []
        : [`  ${column.references} ${column.isNullable ? '|o' : '||'}--o{ ${name} : ${column.name}`],
    ),
  )
  const entities = tables.map(
    ({ name, columns }) => `  ${name} {\n${columns.map(column => `    ${attribute(column)}\n`).join('')}  }`,
  )
  return ['```mermaid', 'erDiagram', ...relations, ...entities, '```'].join('\n')
}

function attribute({ type, name, isPrimaryKey, references }: Column): string {
  const keys = [...(isPrimaryKey ? ['PK'] : []), ...(references === null ? [] : ['FK'])]
  return [type, name, keys.join(', ')].join(' ').trimEnd()
}

export function databaseTables(tables: readonly Table[]): string {
  return markdownTable(
    ['table', 'columns', 'unique', 'indexes'],
    tables.map(({ name, columns, indexes }) => [
      code(name),
      columns.map(describeColumn).join(', '),
      indexes
        .filter(index => index.isUnique)
        .map(describeIndex)
        .join('; '),
      indexes
        .filter(index => !index.isUnique)
        .map(describeIndex)
        .join('; '),
    ]),
  )
}

function describeColumn({ name, isNullable }: Column): string {
  return isNullable ? `${code(name)} or null` : code(name)
}

function describeIndex({ columns, where }: Index): string {
  return columns.map(code).join(', ') + (where === null ? '' : ` where ${code(where)}`)
}
