/**
 * Brings the rows of one database to another, in steps of which most need no rest: what is never changed once it is
 * there can come while others write, and only the remainder while nobody does.
 */
import { createHash } from 'node:crypto'
import { type Kysely, type RawBuilder, sql } from 'kysely'
import { keys } from './copy-rows.ts'
import type { Database, Reader, Writer } from './database.ts'
import type { Schema } from './schema.ts'

type Table = keyof typeof keys
type Row = Readonly<Record<string, unknown>>

/** Of the process that runs on it, not of the exchange; and sums, which triggers make anew of what they are about. */
const notMoved: ReadonlySet<string> = new Set(['heartbeat', 'student_totals'])

/** Parents first. */
const tables = (Object.keys(keys) as Table[]).filter(table => !notMoved.has(table))

/** Their rows come and go, but are not changed, but for what `matchRows` mends. They are most of all rows. */
const lasting = ['blobs', 'trees', 'tree_files', 'events'] as const
type Lasting = (typeof lasting)[number]

const isLasting = (table: Table): table is Lasting => (lasting as readonly string[]).includes(table)

/** What nobody may change during the last steps of a move. */
export const movedTables: readonly string[] = tables

/** Without the bytes of blobs, which their digest stands for. */
const columns: Partial<Record<Table, readonly string[]>> = {
  blobs: ['id', 'sha256', 'md5', 'size_bytes', 'stored_at', 'location'],
}

const rowsPerRange = 2000
const rowsPerInsert = 400

/**
 * Adds the trees and events that are missing. Others may be writing: what refers to a row that is not there yet is left
 * for the next time. Returns how many rows were added. Safe to repeat. @throws Trouble
 */
export async function bringNewRows(
  from: Reader,
  to: Database,
  progress: (rows: number) => void,
): Promise<number> {
  let added = 0
  for (const table of ['trees', 'tree_files', 'events'] as const) {
    for await (const range of rangesOf(from, table)) {
      const there = await firstKeysIn(to.read, table, range)
      const missing = [...(await firstKeysIn(from, table, range))].filter(key => !there.has(key))
      const rows = await rowsOf(from, table, missing)
      const complete = table === 'tree_files' ? await withParents(to.read, rows) : rows
      await to.write(trx => insertRows(trx, table, complete))
      added += complete.length
      progress(added)
    }
  }
  return added
}

/**
 * Removes what `from`, which nobody changes meanwhile, does not have, and all rows of the tables that are best copied
 * anew. @throws Trouble
 */
export async function removeGoneRows(from: Reader, to: Database): Promise<void> {
  for (const table of tables.toReversed()) {
    if (!isLasting(table)) {
      await to.write(trx => trx.deleteFrom(table).execute())
      continue
    }
    for await (const range of rangesOf(to.read, table)) {
      const there = await firstKeysIn(from, table, range)
      const gone = [...(await firstKeysIn(to.read, table, range))].filter(key => !there.has(key))
      if (gone.length > 0) await to.write(trx => deleteRows(trx, table, gone))
    }
  }
}

export interface RowFacts {
  readonly rows: number
  /** Over all rows in the order of their keys, with bytes of blobs by their digest. */
  readonly sha256: string
}

/** The databases are not the same, though they should be. */
export class RowsDiffer extends Error {
  constructor(table: string, key: string) {
    super(`the rows of ${table} are not the same after they were copied (near ${key})`)
    this.name = 'RowsDiffer'
  }
}

/**
 * Compares all rows of two databases that nobody changes meanwhile; events of which something was forgotten since they
 * were brought are brought again. @throws RowsDiffer, Trouble
 */
export async function matchRows(
  from: Reader,
  to: Database,
  progress: (rows: number) => void,
): Promise<Record<string, RowFacts>> {
  const facts: Record<string, RowFacts> = {}
  let compared = 0
  for (const table of tables) {
    const digest = createHash('sha256')
    let rows = 0
    for await (const range of rangesOf(from, table)) {
      const source = await rowsIn(from, table, range)
      const text = textOf(source)
      if (text !== textOf(await rowsIn(to.read, table, range))) {
        if (table === 'events') await to.write(trx => replaceRows(trx, table, source))
        if (text !== textOf(await rowsIn(to.read, table, range)))
          throw new RowsDiffer(table, String(range.after ?? 'the first'))
      }
      digest.update(text)
      rows += source.length
      compared += source.length
      progress(compared)
    }
    facts[table] = { rows, sha256: digest.digest('hex') }
  }
  return facts
}

/** Whether there is anything that a move would bring. */
export async function hasRows(db: Reader): Promise<boolean> {
  for (const table of ['users', 'courses', 'blobs', 'events', 'signing_keys'] as const) {
    const { rows } = await sql`select 1 from ${sql.table(table)} limit 1`.execute(asKysely(db))
    if (rows.length > 0) return true
  }
  return false
}

/** Of the values of the first column of a key: above `after` (null: from the first), up to `last` (null: to the end). */
interface Range {
  readonly after: unknown
  readonly last: unknown
}

async function* rangesOf(db: Reader, table: Table): AsyncGenerator<Range> {
  const first = firstKey(table)
  for (let after: unknown = null; ; ) {
    const { rows } = await sql<{ last: unknown }>`
      select ${first} as last from ${sql.table(table)} ${within(table, { after, last: null })}
      order by ${first} limit 1 offset ${sql.lit(rowsPerRange - 1)}
    `.execute(asKysely(db))
    const last = rows[0]?.last ?? null
    yield { after, last }
    if (last === null) return
    after = last
  }
}

async function firstKeysIn(db: Reader, table: Table, range: Range): Promise<Set<unknown>> {
  const { rows } = await sql<{ key: unknown }>`
    select distinct ${firstKey(table)} as key from ${sql.table(table)} ${within(table, range)}
  `.execute(asKysely(db))
  return new Set(rows.map(row => row.key))
}

async function rowsIn(db: Reader, table: Table, range: Range): Promise<Row[]> {
  const { rows } = await sql<Row>`
    select ${columnsOf(table)} from ${sql.table(table)} ${within(table, range)} order by ${orderOf(table)}
  `.execute(asKysely(db))
  return rows
}

async function rowsOf(db: Reader, table: Table, firstKeys: readonly unknown[]): Promise<Row[]> {
  const found: Row[] = []
  for (const some of chunks(firstKeys, rowsPerInsert)) {
    const { rows } = await sql<Row>`
      select ${columnsOf(table)} from ${sql.table(table)}
      where ${firstKey(table)} in (${sql.join(some)}) order by ${orderOf(table)}
    `.execute(asKysely(db))
    found.push(...rows)
  }
  return found
}

/** Files of trees that are there with all their blobs. */
async function withParents(db: Reader, files: readonly Row[]): Promise<Row[]> {
  const trees = await presentIds(db, 'trees', new Set(files.map(file => file.tree_id)))
  const blobs = await presentIds(db, 'blobs', new Set(files.map(file => file.blob_id)))
  const incomplete = new Set(files.filter(file => !blobs.has(file.blob_id)).map(file => file.tree_id))
  return files.filter(({ tree_id }) => trees.has(tree_id) && !incomplete.has(tree_id))
}

async function presentIds(
  db: Reader,
  table: 'trees' | 'blobs',
  ids: ReadonlySet<unknown>,
): Promise<Set<unknown>> {
  const present = new Set<unknown>()
  for (const some of chunks([...ids], rowsPerInsert)) {
    const { rows } = await sql<{ id: unknown }>`
      select id from ${sql.table(table)} where id in (${sql.join(some)})
    `.execute(asKysely(db))
    for (const { id } of rows) present.add(id)
  }
  return present
}

async function insertRows(trx: Writer, table: Lasting, rows: readonly Row[]): Promise<void> {
  for (const some of chunks(rows, rowsPerInsert)) {
    await trx
      .insertInto(table)
      .values(some as never)
      .execute()
  }
}

async function deleteRows(trx: Writer, table: Lasting, firstKeys: readonly unknown[]): Promise<void> {
  for (const some of chunks(firstKeys, rowsPerInsert)) {
    await sql`delete from ${sql.table(table)} where ${firstKey(table)} in (${sql.join(some)})`.execute(
      asKysely(trx),
    )
  }
}

/** For rows that no other refers to. */
async function replaceRows(trx: Writer, table: 'events', rows: readonly Row[]): Promise<void> {
  await deleteRows(
    trx,
    table,
    rows.map(row => row[keys[table][0] ?? '']),
  )
  await insertRows(trx, table, rows)
}

/** The same for equal rows, whichever engine they come from. */
function textOf(rows: readonly Row[]): string {
  return rows.map(row => `${JSON.stringify(Object.entries(row).sort(byName).map(plain))}\n`).join('')
}

function byName([one]: [string, unknown], [other]: [string, unknown]): number {
  return one < other ? -1 : 1
}

function plain([name, value]: [string, unknown]): [string, unknown] {
  return [name, Buffer.isBuffer(value) ? value.toString('hex') : value]
}

function within(table: Table, { after, last }: Range): RawBuilder<unknown> {
  const first = firstKey(table)
  if (after === null) return last === null ? sql`` : sql`where ${first} <= ${last}`
  return last === null
    ? sql`where ${first} > ${after}`
    : sql`where ${first} > ${after} and ${first} <= ${last}`
}

function firstKey(table: Table): RawBuilder<unknown> {
  return sql`${sql.ref(keys[table][0] ?? '')}`
}

function orderOf(table: Table): RawBuilder<unknown> {
  return sql.join(keys[table].map(key => sql.ref(key)))
}

function columnsOf(table: Table): RawBuilder<unknown> {
  const some = columns[table]
  return some === undefined ? sql`*` : sql.join(some.map(column => sql.ref(column)))
}

function* chunks<Item>(items: readonly Item[], size: number): Generator<Item[]> {
  for (let from = 0; from < items.length; from += size) yield items.slice(from, from + size)
}

/** What runs SQL that is made here. */
function asKysely(db: Reader | Writer): Kysely<Schema> {
  return db as Kysely<Schema>
}
