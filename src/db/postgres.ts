/** The database in PostgreSQL: for many servers at once. */
import { mkdtemp, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Kysely, sql } from 'kysely'
import { copyRows } from './copy-rows.ts'
import type { Act, ActOptions, Database, DatabaseFault } from './database.ts'
import { runAct } from './postgres-acts.ts'
import { Crowd } from './postgres-crowd.ts'
import { isBrokenRule, isConflict, lostEarly, troubleOf } from './postgres-errors.ts'
import { findForeignKeyFaults, findStructureFaults } from './postgres-faults.ts'
import { preparePostgres } from './postgres-schema.ts'
import { type PoolOptions, reader, type Session, Sessions } from './postgres-sessions.ts'
import { SettledEvents } from './postgres-settled.ts'
import type { Schema } from './schema.ts'

/** How long an act is tried again while others get in its way. */
const conflictTimeoutMs = 10_000
/** Runs of an act that breaks a rule of the schema each time: then it is no other act that was quicker. */
const maxBrokenRules = 10
/** Runs of an act whose connection was lost before its commit was sent. */
const maxLostConnections = 3

export interface PostgresOptions extends PoolOptions {
  readonly upgrade: boolean
  /** Opens a new database in a file: the form of a copy. */
  readonly openFile: (path: string) => Promise<Database>
}

/**
 * Connects, and brings the schema up to date; with `upgrade: false` an older schema is refused instead. Several
 * processes may use the same database.
 * @throws Trouble `database`: no connection, another program's, or an old schema that may not be upgraded
 */
export async function openPostgres(options: PostgresOptions): Promise<Database> {
  const sessions = new Sessions(options)
  try {
    await sessions.useApart(session => preparePostgres(session.kysely, options.upgrade))
    return new PostgresDatabase(sessions, options.openFile)
  } catch (error) {
    await sessions.close()
    throw troubleOf(error)
  }
}

class PostgresDatabase implements Database {
  readonly read: Kysely<Schema>
  readonly #sessions: Sessions
  readonly #crowd: Crowd
  readonly #settled: SettledEvents
  readonly #openFile: PostgresOptions['openFile']

  constructor(sessions: Sessions, openFile: PostgresOptions['openFile']) {
    this.#sessions = sessions
    this.#openFile = openFile
    this.#crowd = new Crowd(sessions, act => this.#writeAlone(act))
    this.read = reader(sessions)
    this.#settled = new SettledEvents(this.read)
  }

  /**
   * Repeatable read: an act sees the facts as of its beginning, and one that would change what another has changed
   * since is run again. See docs/decisions/013-postgresql.md.
   */
  write<Result>(act: Act<Result>, { sharedBy }: ActOptions = {}): Promise<Result> {
    return this.#sessions.keepOpen(() =>
      sharedBy === undefined ? this.#writeAlone(act) : this.#crowd.write(act, sharedBy),
    )
  }

  async #writeAlone<Result>(act: Act<Result>): Promise<Result> {
    const until = performance.now() + conflictTimeoutMs
    let brokenRules = 0
    const wasLostEarly = lostEarly()
    let lostConnections = 0
    for (let waitMs = 1; ; waitMs = Math.min(waitMs * 2, 100)) {
      try {
        return await this.#sessions.use(session => runAct(session, act))
      } catch (error) {
        const mayGoWell =
          isConflict(error) ||
          (isBrokenRule(error) && ++brokenRules < maxBrokenRules) ||
          (wasLostEarly(error) && ++lostConnections < maxLostConnections)
        if (!mayGoWell || performance.now() > until) throw troubleOf(error)
      }
      await sleep(waitMs * Math.random())
    }
  }

  settledEventId(): Promise<number> {
    return this.#settled.id()
  }

  /** By way of a file beside it, which then copies itself: so the copy has nothing in it but its rows. */
  async copyTo(path: string): Promise<void> {
    const folder = await mkdtemp(join(dirname(path), '.copy-'))
    try {
      const file = await this.#openFile(join(folder, 'rows.db'))
      try {
        await this.#atOneMoment(db => copyRows(db, file))
        await file.copyTo(path)
      } finally {
        await file.close()
      }
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }

  findFaults(): Promise<DatabaseFault[]> {
    return this.#atOneMoment(async db => [
      ...(await findStructureFaults(db)),
      ...(await findForeignKeyFaults(db)),
    ])
  }

  /** One table after the other; whoever needs the one that is written anew waits for it. */
  compact(): Promise<void> {
    return this.#apart(async session => {
      const { rows } = await sql<{ table: string }>`
        select quote_ident(tablename) as table from pg_tables where schemaname = current_schema()
      `.execute(session.kysely)
      for (const { table } of rows) await session.execute(`vacuum (full) ${table}`)
    })
  }

  adoptIds(): Promise<void> {
    return this.#apart(async session => {
      const { rows } = await sql<{ table: string }>`
        select table_name as table from information_schema.columns
        where table_schema = current_schema() and column_name = 'id' and is_identity = 'YES'
      `.execute(session.kysely)
      for (const { table } of rows) {
        await sql`
          select setval(pg_get_serial_sequence(${table}, 'id'), coalesce(max(id), 0) + 1, false)
          from ${sql.table(table)}
        `.execute(session.kysely)
      }
    })
  }

  async check(): Promise<void> {
    await this.read.selectFrom('users').select('id').limit(1).execute()
    const at = Date.now() * 1000
    await this.write(trx => trx.updateTable('heartbeat').set({ at }).execute())
  }

  async close(): Promise<void> {
    await this.#sessions.close()
  }

  /** For work that takes its time. @throws Trouble */
  async #apart<Result>(work: (session: Session) => Promise<Result>): Promise<Result> {
    try {
      return await this.#sessions.useApart(work)
    } catch (error) {
      throw troubleOf(error)
    }
  }

  #atOneMoment<Result>(work: (db: Kysely<Schema>) => Promise<Result>): Promise<Result> {
    return this.#apart(async session => {
      await session.execute('begin isolation level repeatable read read only')
      const result = await work(session.kysely)
      await session.execute('commit')
      return result
    })
  }
}
