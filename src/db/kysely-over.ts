/** Kysely over a connection of ours, which knows itself what to do with many queries at once. */
import {
  type Compilable,
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  type KyselyConfig,
  type KyselyPlugin,
  type QueryResult,
} from 'kysely'
import type { Schema } from './schema.ts'

export interface Connection extends Pick<DatabaseConnection, 'executeQuery'> {
  /** A statement without values or rows; only for those who begin transactions by way of Kysely. */
  execute?(statement: string): Promise<unknown>
  close?(): Promise<void>
}

export type Engine = Pick<Dialect, 'createAdapter' | 'createIntrospector' | 'createQueryCompiler'> & {
  readonly plugins?: KyselyPlugin[]
}

/** What is compiled already goes straight to the connection: a third of what Kysely takes for a query is on that way. */
export function kyselyOver(connection: Connection, engine: Engine): Kysely<Schema> {
  const { plugins = [], ...words } = engine
  return new Direct({ dialect: { ...words, createDriver: () => driverOf(connection) }, plugins }, connection)
}

class Direct extends Kysely<Schema> {
  readonly #connection: Connection

  constructor(config: KyselyConfig, connection: Connection) {
    super(config)
    this.#connection = connection
  }

  override executeQuery<Row>(query: CompiledQuery<Row> | Compilable<Row>): Promise<QueryResult<Row>> {
    return this.#connection.executeQuery('compile' in query ? query.compile() : query)
  }

  /** Kysely tells its driver only where it has asked it something. */
  override async destroy(): Promise<void> {
    await super.destroy()
    await this.#connection.close?.()
  }
}

function driverOf(connection: Connection): Driver {
  const lent: DatabaseConnection = {
    executeQuery: query => connection.executeQuery(query),
    streamQuery() {
      throw new Error('rows are not streamed; read them a page at a time')
    },
  }
  const execute = async (text: string) => {
    await connection.execute?.(text)
  }
  return {
    init: async () => undefined,
    acquireConnection: async () => lent,
    releaseConnection: async () => undefined,
    beginTransaction: () => execute('begin'),
    commitTransaction: () => execute('commit'),
    rollbackTransaction: () => execute('rollback'),
    destroy: async () => undefined,
  }
}
