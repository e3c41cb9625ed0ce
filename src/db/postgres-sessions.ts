/** Connections to PostgreSQL: a pool of them, and queries on one. */
import {
  type CompiledQuery,
  HandleEmptyInListsPlugin,
  type Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
  replaceWithNoncontingentExpression,
} from 'kysely'
import pg from 'pg'
import { Trouble } from '../domain/errors.ts'
import { type Connection, type Engine, kyselyOver } from './kysely-over.ts'
import { Batch, KeptStatements, type Outcome, type Statement } from './postgres-batch.ts'
import { ConnectionLost, isConnectionError, lostEarly, sqlState, troubleOf } from './postgres-errors.ts'
import type { Schema } from './schema.ts'

const keepAliveMs = 10_000
const connectTimeoutMs = 10_000
const idleConnectionMs = 60_000
/** How much longer than the server we wait for the end of a statement, before we take the connection for dead. */
const deadAfterMs = 5_000
/** A transaction that nobody goes on with, since its process hangs, must not hold up others for good. */
const idleInTransactionMs = 60_000

export interface PoolOptions {
  /** Without a password. */
  readonly url: string
  readonly password: string | null
  readonly size: number
  readonly statementTimeoutMs: number
}

export class Sessions {
  readonly #settings: pg.ClientConfig
  readonly #pool: pg.Pool
  readonly #sessions = new WeakMap<pg.Client, Session>()
  #underWay = 0
  #idle: (() => void) | null = null
  #closed: Promise<void> | null = null

  constructor(options: PoolOptions) {
    const { url, password, size, statementTimeoutMs } = options
    this.#settings = {
      connectionString: withPassword(url, password),
      connectionTimeoutMillis: connectTimeoutMs,
      keepAlive: true,
      keepAliveInitialDelayMillis: keepAliveMs,
      fallback_application_name: 'ngshare',
      types: { getTypeParser },
    }
    this.#pool = new pg.Pool({
      ...this.#settings,
      max: size,
      idleTimeoutMillis: idleConnectionMs,
      query_timeout: statementTimeoutMs + deadAfterMs,
      onConnect: client => this.#welcome(client as pg.Client, statementTimeoutMs),
    })
    // Broken connections leave the pool by themselves; whoever uses one is told by the query.
    this.#pool.on('error', () => undefined)
    this.#pool.on('connect', client => client.on('error', () => undefined))
  }

  /**
   * Lends a connection, which must be in no transaction when it is given back. One that broke is not used again.
   * @throws what `use` throws; ConnectionLost; Trouble `database-busy`: all are taken for too long
   */
  use<Result>(use: (session: Session) => Promise<Result>): Promise<Result> {
    return this.keepOpen(() => this.#use(use))
  }

  /** What has begun before `close` gets to its end. */
  async keepOpen<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#underWay++
    try {
      return await work()
    } finally {
      this.#underWay--
      if (this.#underWay === 0) this.#idle?.()
    }
  }

  async #use<Result>(use: (session: Session) => Promise<Result>): Promise<Result> {
    const client = await this.#connect()
    let isBroken = false
    try {
      return await use(this.#sessions.get(client) as Session)
    } catch (error) {
      isBroken = error instanceof ConnectionLost || error instanceof Trouble
      throw error
    } finally {
      client.release(isBroken)
    }
  }

  /** As `use`, with a connection of its own and no limits of time. */
  useApart<Result>(use: (session: Session) => Promise<Result>): Promise<Result> {
    return this.keepOpen(() => this.#useApart(use))
  }

  async #useApart<Result>(use: (session: Session) => Promise<Result>): Promise<Result> {
    const client = new pg.Client(this.#settings)
    client.on('error', () => undefined)
    try {
      const connecting = client.connect().then(() => openSession(client))
      const session = await connecting.catch(error => {
        throw new ConnectionLost(error)
      })
      return await use(session)
    } finally {
      await client.end().catch(() => undefined) // it may be broken
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    if (this.#underWay > 0) {
      await new Promise<void>(resolve => {
        this.#idle = resolve
      })
    }
    await this.#pool.end()
  }

  async #connect(): Promise<pg.PoolClient> {
    const { max = 0 } = this.#pool.options
    const isFull = this.#pool.totalCount >= max
    try {
      return await this.#pool.connect()
    } catch (error) {
      if (sqlState(error) !== undefined || !isFull) throw new ConnectionLost(error)
      throw new Trouble('database-busy', `all ${max} connections to PostgreSQL were taken for too long`, {
        cause: error,
      })
    }
  }

  /** The pool waits for it. */
  async #welcome(client: pg.Client, statementTimeoutMs: number): Promise<void> {
    const session = await openSession(client)
    this.#sessions.set(client, session)
    // What is set through a pooler is set for others.
    if (!session.isPooled) await setLimits(client, statementTimeoutMs)
  }
}

async function openSession(client: pg.Client): Promise<Session> {
  // The types do not have what the server said at the beginning.
  const { processID } = client as { processID?: number }
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  return new Session(client, { isPooled: rows[0]?.pid !== processID })
}

async function setLimits(client: pg.Client, statementTimeoutMs: number): Promise<void> {
  const limits = {
    statement_timeout: statementTimeoutMs,
    lock_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: idleInTransactionMs,
  }
  const statements = Object.entries(limits).map(([name, ms]) => `set ${name} = ${ms}`)
  await client.query(statements.join('; '))
}

/** A statement, and who waits for its outcome. */
interface Asked {
  readonly statement: Statement
  resolve(outcome: Outcome): void
  reject(error: unknown): void
}

/**
 * One connection, while somebody has it. What is asked in one turn goes out in one batch, and what is asked while that is
 * under way makes the next one. Errors are those of the driver, and ConnectionLost.
 */
export class Session implements Connection {
  readonly kysely: Kysely<Schema> = kyselyOver(this, engine)
  /**
   * Whether somebody is between us and the server, such as PgBouncer, who may give each transaction to another connection:
   * then nothing may rely on what was said in the one before.
   */
  readonly isPooled: boolean
  readonly #client: pg.Client
  readonly #kept = new KeptStatements()
  #asked: Asked[] = []
  /** Resolves when that batch, under way or about to be, is answered. */
  #batch: Promise<void> | null = null
  #isInAct = false
  /** Why the act failed: nothing more of it is asked. */
  #failure: unknown = null
  #mayBeCommitted = false

  constructor(client: pg.Client, { isPooled }: { isPooled: boolean }) {
    this.#client = client
    this.isPooled = isPooled
  }

  /** Begins an act. Does not wait for the answer: what is asked next goes out with it, and fails with it. */
  begin(kind: string): void {
    this.#failure = null
    this.#mayBeCommitted = false
    this.#isInAct = true
    this.#ask(plain(`begin ${kind}`)).catch(() => undefined)
  }

  /** Ends the act, and goes out with what it asked last. @throws what made a query of it fail; then it must be rolled back */
  async commit(): Promise<void> {
    const { command } = await this.#ask(plain('commit'))
    if (command !== 'COMMIT') throw new Error('an act went on after a statement that failed')
    this.#isInAct = false
  }

  /** Whether the act's commit went out. */
  get mayBeCommitted(): boolean {
    return this.#mayBeCommitted
  }

  /** A statement without values, in a batch of its own; of an act that failed only `rollback`. */
  async execute(text: string): Promise<void> {
    while (this.#batch !== null) await this.#batch
    this.#isInAct = false
    this.#failure = null
    await this.#ask(plain(text))
  }

  async executeQuery<Row>({ sql: text, parameters: values }: CompiledQuery): Promise<QueryResult<Row>> {
    const isKept = !this.isPooled && isAskedOften(text)
    const { command, rowCount, rows } = await this.#ask({ text, values, isKept })
    if (command === 'SELECT') return { rows: rows as Row[] }
    return { rows: rows as Row[], numAffectedRows: BigInt(rowCount) }
  }

  #ask(statement: Statement): Promise<Outcome> {
    if (this.#failure !== null) return Promise.reject(this.#failure)
    return new Promise((resolve, reject) => {
      this.#asked.push({ statement, resolve, reject })
      this.#batch ??= this.#sendAll()
    })
  }

  async #sendAll(): Promise<void> {
    while (this.#asked.length > 0) {
      await endOfTurn()
      await this.#send(this.#asked.splice(0))
    }
    this.#batch = null
  }

  async #send(asked: readonly Asked[]): Promise<void> {
    const statements = asked.map(({ statement }) => statement)
    this.#mayBeCommitted ||= this.#isInAct && statements.at(-1)?.text === 'commit'
    try {
      const { outcomes } = this.#client.query(new Batch(statements, this.#kept, getTypeParser))
      for (const [position, outcome] of (await outcomes).entries()) asked[position]?.resolve(outcome)
    } catch (error) {
      const failure = isConnectionError(error) ? new ConnectionLost(error) : error
      for (const { reject } of asked) reject(failure)
      if (!this.#isInAct) return
      this.#failure = failure
      for (const { reject } of this.#asked.splice(0)) reject(failure)
    }
  }
}

function plain(text: string): Statement {
  return { text, values: [], isKept: false }
}

/** When all that goes on now has asked what it wants to know. */
function endOfTurn(): Promise<void> {
  return new Promise(resolve => queueMicrotask(() => process.nextTick(resolve)))
}

/** The driver takes it from the URL alone. The meaning of its parameters is that of PostgreSQL's own programs. */
function withPassword(text: string, password: string | null): string {
  const url = new URL(text)
  if (password !== null) url.password = encodeURIComponent(password)
  if (url.searchParams.has('sslmode')) url.searchParams.set('uselibpqcompat', 'true')
  return url.href
}

/** For single queries, each on any connection. A query changes nothing, so that it may be asked again. */
export function reader(sessions: Sessions): Kysely<Schema> {
  const connection: Connection = {
    async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
      const ask = () => sessions.use(session => session.executeQuery<Row>(query))
      const wasLostEarly = lostEarly()
      try {
        return await ask().catch(error => {
          if (wasLostEarly(error)) return ask()
          throw error
        })
      } catch (error) {
        throw troubleOf(error)
      }
    },
  }
  return kyselyOver(connection, engine)
}

const engine: Engine = {
  createAdapter: () => new PostgresAdapter(),
  createIntrospector: kysely => new PostgresIntrospector(kysely),
  createQueryCompiler: () => new PostgresQueryCompiler(),
  // SQLite takes `in ()`, PostgreSQL does not.
  plugins: [new HandleEmptyInListsPlugin({ strategy: replaceWithNoncontingentExpression })],
}

const maxKept = 400
const keptAfter = 3
const askedTimes = new Map<string, number>()
const often = new Set<string>()

/**
 * What is asked again and again is parsed and planned once on each connection. There are not so many of these texts;
 * those that vary with the number of their values are not kept, once the places are taken.
 */
function isAskedOften(text: string): boolean {
  if (often.has(text)) return true
  if (often.size >= maxKept) return false
  const times = (askedTimes.get(text) ?? 0) + 1
  if (times < keptAfter) {
    if (askedTimes.size > 10 * maxKept) askedTimes.clear()
    askedTimes.set(text, times)
    return false
  }
  askedTimes.delete(text)
  often.add(text)
  return true
}

const { INT8, NUMERIC } = pg.types.builtins

/** Whole numbers of ours fit 53 bits, and sums of them are numeric. */
function getTypeParser(oid: number, format?: 'text' | 'binary') {
  if ((oid === INT8 || oid === NUMERIC) && format !== 'binary') return Number
  return pg.types.getTypeParser(oid, format ?? 'text')
}
