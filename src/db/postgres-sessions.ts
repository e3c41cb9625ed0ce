/** Connections to PostgreSQL: a pool of them, and queries on one. */
import { createHash } from 'node:crypto'
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
      pipeline: true,
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

/** One connection, while somebody has it. Errors are those of the driver, and ConnectionLost. */
export class Session implements Connection {
  /** Queries that are asked at once go out at once, and are answered in their order. */
  readonly kysely: Kysely<Schema> = kyselyOver(this, engine)
  /**
   * Whether somebody is between us and the server, such as PgBouncer, who may give each transaction to another connection:
   * then nothing may rely on what was said in the one before.
   */
  readonly isPooled: boolean
  readonly #client: pg.Client
  #beginning: Promise<unknown> | null = null
  #failure: unknown = null
  #isCorked = false

  constructor(client: pg.Client, { isPooled }: { isPooled: boolean }) {
    this.#client = client
    this.isPooled = isPooled
  }

  /** Does not wait for the answer: what is asked next goes out with it. */
  begin(kind: string): void {
    this.#failure = null
    this.#beginning = this.execute(`begin ${kind}`)
    this.#beginning.catch(() => undefined) // whoever waits for it is told
  }

  /** A statement without values. Returns what PostgreSQL says that it did. */
  async execute(text: string): Promise<string> {
    const { command } = await this.#ask({ text })
    return command
  }

  async executeQuery<Row>({ sql: text, parameters, query }: CompiledQuery): Promise<QueryResult<Row>> {
    // Only what changes nothing may run where the transaction did not begin.
    if (this.#beginning !== null && query.kind !== 'SelectQueryNode') await this.hasBegun()
    const name = this.isPooled ? undefined : statementName(text)
    const values = parameters.map(storable)
    const { command, rowCount, rows } = await this.#ask(
      name === undefined ? { text, values } : { name, text, values },
    )
    if (command === 'SELECT') return { rows: rows as Row[] }
    return { rows: rows as Row[], numAffectedRows: BigInt(rowCount ?? 0) }
  }

  async hasBegun(): Promise<void> {
    await this.#beginning
    this.#beginning = null
  }

  async #ask(query: pg.QueryConfig): Promise<pg.QueryResult> {
    this.#cork()
    try {
      return await this.#client.query(query)
    } catch (error) {
      if (isConnectionError(error)) throw new ConnectionLost(error)
      // After the first failure of a transaction its other statements fail for no reason of their own.
      if (sqlState(error) === '25P02' && this.#failure !== null) throw this.#failure
      this.#failure = error
      throw error
    }
  }

  /** What is asked in one turn leaves in one piece. */
  #cork(): void {
    if (this.#isCorked) return
    this.#isCorked = true
    const { stream } = this.#client.connection
    stream.cork()
    process.nextTick(() => {
      this.#isCorked = false
      stream.uncork()
    })
  }
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

/** PostgreSQL has no NUL in texts. It becomes what lone surrogates become, so that it is found nowhere. */
function storable(value: unknown): unknown {
  return typeof value === 'string' && value.includes('\0') ? value.replaceAll('\0', '\ufffd') : value
}

const maxNames = 400
const namedAfter = 3
const askedTimes = new Map<string, number>()
const names = new Map<string, string>()

/**
 * What is asked again and again is parsed and planned once on each connection, under a name. There are not so many of
 * these texts; those that vary with the number of their values stay without, once the names are used up.
 */
function statementName(text: string): string | undefined {
  const known = names.get(text)
  if (known !== undefined || names.size >= maxNames) return known
  const times = (askedTimes.get(text) ?? 0) + 1
  if (times < namedAfter) {
    if (askedTimes.size > 10 * maxNames) askedTimes.clear()
    askedTimes.set(text, times)
    return undefined
  }
  askedTimes.delete(text)
  const name = createHash('sha256').update(text).digest('hex').slice(0, 32)
  names.set(text, name)
  return name
}

const { INT8, NUMERIC } = pg.types.builtins

/** Whole numbers of ours fit 53 bits, and sums of them are numeric. */
function getTypeParser(oid: number, format?: 'text' | 'binary') {
  if ((oid === INT8 || oid === NUMERIC) && format !== 'binary') return Number
  return pg.types.getTypeParser(oid, format ?? 'text')
}
