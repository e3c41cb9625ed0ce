/**
 * A database that is being moved, or was: it refuses every change to its facts by itself, whichever program asks, and
 * needs no one's attention before or after. Triggers do it; without a move there are none.
 */
import { CompiledQuery, type Kysely, PostgresAdapter } from 'kysely'
import { Trouble } from '../domain/errors.ts'
import type { Database, Reader, Writer } from './database.ts'
import type { Schema } from './schema.ts'

export interface Freeze {
  /**
   * `moving`: its last rows are being copied away, until a moment that is put off again and again; `moved`: they are
   * elsewhere, for good; `arriving`: nothing is refused, but what is here is not whole yet.
   */
  readonly kind: 'moving' | 'moved' | 'arriving'
  /** Where the rows go, or come from, for people. */
  readonly place: string
  /** In microseconds, by the clock of the database. */
  readonly since: number
}

/** Null: everybody may change everything. */
export async function findFreeze(db: { readonly read: Reader }): Promise<Freeze | null> {
  const words = wordsOf(db.read)
  const [there] = await ask<{ frozen: number }>(db.read, words.isThere)
  if (there === undefined) return null
  const [row] = await ask<Freeze>(
    db.read,
    `select kind, place, since from frozen where until is null or until > ${words.now}`,
  )
  return row ?? null
}

/**
 * Resolves when every act under way has ended, and no other can change these tables for that long. Replaces what was
 * said before. @throws Trouble
 */
export async function freeze(
  db: Database,
  input: { place: string; tables: readonly string[]; forSeconds: number },
): Promise<void> {
  const { place, tables, forSeconds } = input
  await db.write(async trx => {
    const words = wordsOf(trx)
    for (const statement of words.lock(tables)) await run(trx, statement)
    const until = (await momentOf(trx)) + forSeconds * 1_000_000
    await say(trx, { kind: 'moving', place, until })
    for (const statement of words.refuse(tables, until)) await run(trx, statement)
  })
}

/** False: it had ended before, and others may have changed something since. */
export function prolongFreeze(db: Database, options: { forSeconds: number }): Promise<boolean> {
  return extend(db, { kind: 'moving', forSeconds: options.forSeconds })
}

/** From now on it is moved, for good. False: the freeze had ended before, and others may have changed something. */
export function concludeFreeze(db: Database): Promise<boolean> {
  return extend(db, { kind: 'moved', forSeconds: null })
}

/** Everybody may change everything again. Safe to repeat. */
export async function thaw(db: Database, tables: readonly string[]): Promise<void> {
  await db.write(async trx => {
    const words = wordsOf(trx)
    for (const statement of [...words.lock(tables), ...words.allow(tables)]) await run(trx, statement)
    await run(trx, 'drop table if exists frozen')
  })
}

/** Rows come in from elsewhere: until `thaw` no server starts on it. */
export async function markArriving(db: Database, place: string): Promise<void> {
  await db.write(trx => say(trx, { kind: 'arriving', place, until: null }))
}

async function extend(
  db: Database,
  input: { kind: 'moving' | 'moved'; forSeconds: number | null },
): Promise<boolean> {
  return db.write(async trx => {
    const words = wordsOf(trx)
    const now = await momentOf(trx)
    const until = input.forSeconds === null ? null : now + input.forSeconds * 1_000_000
    const [row] = await ask<{ kind: string }>(
      trx,
      `update frozen set kind = '${input.kind}', until = ${until ?? 'null'} where until > ${words.now} returning kind`,
    )
    if (row === undefined) return false
    for (const statement of words.refuseUntil(until)) await run(trx, statement)
    return true
  })
}

async function say(
  trx: Writer,
  { kind, place, until }: { kind: Freeze['kind']; place: string; until: number | null },
): Promise<void> {
  await run(trx, 'create table if not exists frozen (kind text, place text, since bigint, until bigint)')
  await run(trx, 'delete from frozen')
  const values = [`'${kind}'`, `'${place.replaceAll("'", "''")}'`, await momentOf(trx), until ?? 'null']
  await run(trx, `insert into frozen (kind, place, since, until) values (${values.join(', ')})`)
}

async function momentOf(trx: Writer): Promise<number> {
  const [row] = await ask<{ now: number }>(trx, `select ${wordsOf(trx).now} as now`)
  return row?.now ?? 0
}

/** What the engines say differently. Moments are microseconds. */
interface Words {
  readonly now: string
  /** One row where there is a table `frozen`. */
  readonly isThere: string
  /** To be said first: acts under way end before, others wait until ours has ended. */
  lock(tables: readonly string[]): string[]
  refuse(tables: readonly string[], until: number): string[]
  refuseUntil(until: number | null): string[]
  allow(tables: readonly string[]): string[]
}

const changes = ['insert', 'update', 'delete'] as const

/** Whoever writes has the only write lock, so that the row is as it is. */
const sqlite: Words = {
  now: `cast(unixepoch('subsec') * 1000000 as integer)`,
  isThere: `select 1 as frozen from sqlite_master where type = 'table' and name = 'frozen'`,
  lock: () => [],
  refuse: tables =>
    tables.flatMap(table =>
      changes.map(
        change => `create trigger if not exists frozen_${table}_${change} before ${change} on ${table}
          when exists (select 1 from frozen where until is null or until > ${sqlite.now})
          begin select raise(abort, 'frozen'); end`,
      ),
    ),
  refuseUntil: () => [],
  allow: tables =>
    tables.flatMap(table => changes.map(change => `drop trigger if exists frozen_${table}_${change}`)),
}

/**
 * A transaction that began before sees the rows of then, and so not ours, but it runs the triggers of now: the moment
 * is part of the function.
 */
const postgresql: Words = {
  now: '(extract(epoch from clock_timestamp()) * 1000000)::bigint',
  isThere: `select 1 as frozen where to_regclass('frozen') is not null`,
  lock: tables => [`lock table ${tables.join(', ')} in share row exclusive mode`],
  refuse: (tables, until) => [
    ...postgresql.refuseUntil(until),
    ...tables.flatMap(table => [
      `drop trigger if exists frozen on ${table}`,
      `create trigger frozen before insert or update or delete on ${table}
        for each statement execute function refuse_frozen()`,
    ]),
  ],
  refuseUntil: until => [
    `create or replace function refuse_frozen() returns trigger language plpgsql as $$ begin
      if ${until === null ? 'true' : `${postgresql.now} < ${until}`} then
        raise exception 'the database is frozen' using errcode = '${frozenState}';
      end if;
      return null;
    end $$`,
  ],
  allow: tables => [
    ...tables.map(table => `drop trigger if exists frozen on ${table}`),
    'drop function if exists refuse_frozen()',
  ],
}

/** The SQLSTATE of what is refused. */
export const frozenState = 'NG001'

/** What the drivers' errors become. */
export function frozenTrouble(cause: unknown): Trouble {
  return new Trouble(
    'frozen',
    'this installation is being moved, or was: `ngshare migrate` says where to, and takes that back with --take-back',
    { cause },
  )
}

function wordsOf(db: Reader | Writer): Words {
  return (db as Kysely<Schema>).getExecutor().adapter instanceof PostgresAdapter ? postgresql : sqlite
}

async function run(trx: Writer, statement: string): Promise<void> {
  await trx.executeQuery(CompiledQuery.raw(statement))
}

async function ask<Row>(db: Reader | Writer, query: string): Promise<Row[]> {
  const { rows } = await db.executeQuery<Row>(CompiledQuery.raw(query))
  return rows as Row[]
}
