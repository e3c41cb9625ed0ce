/** The database in one SQLite file: the embedded default. */
import { closeSync, existsSync, openSync, realpathSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Sqlite from 'better-sqlite3'
import { CompiledQuery, type Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import { errorCode, Trouble } from '../domain/errors.ts'
import { giveToOwnerOf, makeFolder, syncFolder } from '../durable-folders.ts'
import type { Database, DatabaseCopy, DatabaseFault } from './database.ts'
import { GroupCommit } from './group-commit.ts'
import { type Connection, type Engine, kyselyOver } from './kysely-over.ts'
import { migrate, pendingMigrations } from './migrations.ts'
import type { Schema } from './schema.ts'
import { troubleOf } from './sqlite-errors.ts'
import { WriteAheadLog } from './write-ahead-log.ts'

/** How long start-up waits for another process, which may be migrating. Requests wait without blocking instead. */
const startLockTimeoutMs = 30_000
/** How long for others to let go of the database, so that it can be rewritten. */
const compactTimeoutMs = 60_000
const statementCacheSize = 500
/** 8 MB of log: the more commits share a checkpoint, the more of their pages are written only once; but all wait for it. */
const checkpointPages = 2000

/**
 * Opens (or creates, with its folder) a database file and brings its schema up to date; with `upgrade: false` an
 * older schema is refused instead. Several processes may open the same file.
 * @throws Trouble `database`: not openable, another program's, or an old schema that may not be upgraded
 */
export async function openSqlite(input: { path: string; upgrade: boolean }): Promise<Database> {
  const opened: Kysely<Schema>[] = []
  try {
    await makeFolder(dirname(input.path))
    refuseForeign(input.path)
    const isNew = !existsSync(input.path)
    closeSync(openSync(input.path, 'a', 0o600)) // students' work is nobody else's on this machine, either
    if (isNew) await giveToOwnerOf(dirname(input.path), [input.path]) // SQLite gives its log to whom the file belongs
    const writing = new Sqlite(input.path, { timeout: startLockTimeoutMs })
    const writer = sqliteKysely(writing)
    opened.push(writer)
    if (!input.upgrade) await refuseOlder(writer) // before the choice of the journal mode, which changes the file
    await useWriteAheadLog(writing)
    writing.pragma('synchronous = normal')
    writing.pragma('foreign_keys = on')
    writing.pragma(`wal_autocheckpoint = ${checkpointPages}`)
    await writer.connection().execute(connection => prepareSchema(connection, input.upgrade))
    const beginWithEmptyLog = emptyLogOnce(writing)
    writing.pragma('busy_timeout = 0')

    const path = realpathSync(input.path) // SQLite keeps its log beside the file itself, not beside a link to it
    const reader = sqliteKysely(new Sqlite(path, { readonly: true, timeout: 5000 }), troubleOf)
    opened.push(reader)
    await syncFolder(dirname(path))
    const log = await WriteAheadLog.open(path)
    const statements = new Map<string, Sqlite.Statement>()
    const execute = (text: string) => {
      beginWithEmptyLog()
      const statement = statements.get(text) ?? writing.prepare(text)
      statements.set(text, statement)
      statement.run()
    }
    const acts = new GroupCommit({ connection: writer, execute, log })
    return new SqliteDatabase({ path, writer, reader, log, acts })
  } catch (error) {
    for (const kysely of opened) await kysely.destroy()
    if (error instanceof Trouble) throw error
    throw new Trouble('database', `cannot open the database ${input.path}: ${describe(error)}`, {
      cause: error,
    })
  }
}

/**
 * A log whose sync once failed may lack pages on the disk that the system still shows: nothing is written before it is
 * empty. Where the disk is too full for that, what is there can be read all the same, and each write tries again.
 */
function emptyLogOnce(writing: Sqlite.Database): () => void {
  let isEmpty = false
  const begin = () => {
    if (isEmpty) return
    writing.pragma('wal_checkpoint(truncate)')
    isEmpty = true
  }
  try {
    begin()
  } catch (error) {
    if (errorCode(error) !== 'SQLITE_FULL') throw error
  }
  return begin
}

class SqliteDatabase implements Database {
  readonly read: Kysely<Schema>
  readonly #path: string
  readonly #writer: Kysely<Schema>
  readonly #log: WriteAheadLog
  readonly #acts: GroupCommit

  constructor(parts: {
    path: string
    reader: Kysely<Schema>
    writer: Kysely<Schema>
    acts: GroupCommit
    log: WriteAheadLog
  }) {
    this.#path = parts.path
    this.read = parts.reader
    this.#writer = parts.writer
    this.#log = parts.log
    this.#acts = parts.acts
  }

  write: Database['write'] = act => this.#acts.write(act)

  /** Acts come one after the other. */
  async settledEventId(): Promise<number> {
    const newest = await this.read
      .selectFrom('events')
      .select(eb => eb.fn.max('id').as('id'))
      .executeTakeFirst()
    return newest?.id ?? 0
  }

  /**
   * As one statement: a copy that is made step by step begins anew whenever another process writes, and would never
   * end while a class submits. It also leaves out free pages, and so what was erased.
   */
  async copyTo(path: string): Promise<void> {
    closeSync(openSync(path, 'wx', 0o600))
    lookingAt(this.#path, sqlite => sqlite.prepare('vacuum into ?').run(path))
    const copy = await open(path, 'r+')
    await copy.sync().finally(() => copy.close())
    await syncFolder(dirname(path))
  }

  async findFaults(): Promise<DatabaseFault[]> {
    return lookingAt(this.#path, sqlite => [
      ...structureFaults(sqlite),
      ...(
        sqlite.pragma('foreign_key_check') as { table: string; rowid: number | null; parent: string }[]
      ).map(({ table, rowid, parent }) => ({ kind: 'foreign-key', table, row: rowid, to: parent }) as const),
    ])
  }

  /** With a connection of its own, as another process would. */
  async compact(): Promise<void> {
    await this.#acts.idle()
    explained(() => {
      const sqlite = new Sqlite(this.#path, { timeout: compactTimeoutMs })
      try {
        sqlite.exec('vacuum')
        emptyLog(sqlite)
      } finally {
        sqlite.close()
      }
    }, troubleOf)
  }

  /** SQLite sees to it by itself. */
  async adoptIds(): Promise<void> {}

  async check(): Promise<void> {
    await this.read.selectFrom('users').select('id').limit(1).execute()
    const at = Date.now() * 1000
    await this.write(trx => trx.updateTable('heartbeat').set({ at }).execute())
  }

  async close(): Promise<void> {
    await this.#acts.idle()
    await this.read.destroy()
    await this.#writer.destroy()
    await this.#log.close()
  }
}

/** The log still has what the database file has lost. @throws Trouble `database-busy` */
function emptyLog(sqlite: Sqlite.Database): void {
  const [outcome] = sqlite.pragma('wal_checkpoint(truncate)') as { busy: number }[]
  if (outcome?.busy === 0) return
  throw new Trouble(
    'database-busy',
    'the database was rewritten, but its log could not be emptied while others read it: try again',
  )
}

/** Opens a database file to read, as it is; nothing is written, not even beside it. @throws Trouble `database` */
export async function openSqliteCopy(path: string): Promise<DatabaseCopy> {
  const sqlite = explained(() => new Sqlite(path, { readonly: true, fileMustExist: true }), troubleOf)
  const read = sqliteKysely(sqlite, troubleOf)
  try {
    const newest = 'select name from kysely_migration order by name desc limit 1'
    const { name } = explained(() => sqlite.prepare(newest).get() as { name: string }, troubleOf)
    return { read, schema: name, close: () => read.destroy() }
  } catch (error) {
    sqlite.close()
    if (error instanceof Trouble) throw error
    throw new Trouble('database', `${path} is no database of ngshare`, { cause: error })
  }
}

/** Looks with a connection of its own, which holds up nobody. @throws Trouble */
function lookingAt<Result>(path: string, look: (sqlite: Sqlite.Database) => Result): Result {
  return explained(() => {
    const sqlite = new Sqlite(path, { readonly: true, timeout: startLockTimeoutMs })
    try {
      return look(sqlite)
    } finally {
      sqlite.close()
    }
  }, troubleOf)
}

function structureFaults(sqlite: Sqlite.Database): DatabaseFault[] {
  const rows = sqlite.pragma('integrity_check(10000)') as { integrity_check: string }[]
  return rows
    .map(row => row.integrity_check)
    .filter(text => text !== 'ok')
    .map(text => ({ kind: 'structure', text }))
}

async function prepareSchema(connection: Kysely<Schema>, upgrade: boolean): Promise<void> {
  const execute = (statement: string) =>
    connection.executeQuery<{ name: string }>(CompiledQuery.raw(statement))
  await execute('begin immediate')
  try {
    if (!upgrade) await refuseOlder(connection)
    await migrate(connection)
    await execute('commit')
  } catch (error) {
    await execute('rollback').catch(() => undefined) // the first error is the one to tell
    throw error
  }
}

/** Not one that is empty: it becomes a new one. @throws Trouble */
async function refuseOlder(connection: Kysely<Schema>): Promise<void> {
  const tables = CompiledQuery.raw(`select name from sqlite_master where type = 'table'`)
  if ((await connection.executeQuery(tables)).rows.length === 0) return
  const pending = await pendingMigrations(connection)
  if (pending.length === 0) return
  throw new Trouble(
    'database',
    `the database is of an older version of ngshare, and lacks ${pending.join(', ')}; it was left as it is: start the server once without --no-upgrade-db, or use the version that wrote it`,
  )
}

/** Two that do this at once to a new file block each other, and SQLite does not wait then. */
async function useWriteAheadLog(writing: Sqlite.Database): Promise<void> {
  const until = performance.now() + startLockTimeoutMs
  for (;;) {
    try {
      writing.pragma('journal_mode = wal')
      return
    } catch (error) {
      if (!errorCode(error)?.startsWith('SQLITE_BUSY') || performance.now() > until) throw error
      await sleep(10 + 20 * Math.random())
    }
  }
}

/** Looks before anything is written: even the choice of the journal mode changes the file. @throws Trouble */
function refuseForeign(path: string): void {
  if (!existsSync(path) || statSync(path).size === 0) return
  const looking = new Sqlite(path, { readonly: true, timeout: startLockTimeoutMs })
  try {
    const tables = new Set(
      looking.prepare(`select name from sqlite_master where type = 'table'`).pluck().all(),
    )
    if (tables.size === 0 || tables.has('kysely_migration')) return
    const owner = tables.has('alembic_version') ? 'the Python ngshare' : 'another program'
    throw new Trouble('database', `${path} is a database of ${owner}; it was left untouched: name a new one`)
  } finally {
    looking.close()
  }
}

/**
 * With STAT4 compiled in, SQLite plans a join anew each time another value is bound to a bare `?`, in case that would be a
 * reason for another plan: 100 µs for four tables, which are read in 6. It does not look into expressions.
 */
class Compiler extends SqliteQueryCompiler {
  protected override getCurrentParameterPlaceholder(): string {
    return '+?'
  }
}

const engine: Engine = {
  createAdapter: () => new SqliteAdapter(),
  createIntrospector: kysely => new SqliteIntrospector(kysely),
  createQueryCompiler: () => new Compiler(),
}

/** Statements are prepared once. `explain`: turns the driver's errors into ours. */
function sqliteKysely(
  sqlite: Sqlite.Database,
  explain: (error: unknown) => unknown = error => error,
): Kysely<Schema> {
  const statements = new Map<string, Sqlite.Statement>()
  const prepare = (text: string): Sqlite.Statement => {
    const known = statements.get(text)
    if (known !== undefined) return known
    if (statements.size >= statementCacheSize) statements.clear()
    const statement = sqlite.prepare(text)
    statements.set(text, statement)
    return statement
  }
  const connection: Connection = {
    async executeQuery<Row>({ sql: text, parameters }: CompiledQuery) {
      try {
        const statement = prepare(text)
        if (statement.reader) return { rows: statement.all(parameters) as Row[] }
        return { rows: [], numAffectedRows: BigInt(statement.run(parameters).changes) }
      } catch (error) {
        throw explain(error)
      }
    },
    close: async () => {
      sqlite.close()
    },
  }
  return kyselyOver(connection, engine)
}

function explained<Result>(work: () => Result, explain: (error: unknown) => unknown): Result {
  try {
    return work()
  } catch (error) {
    throw explain(error)
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
