/** Statements that go to PostgreSQL in one piece and are answered in one piece: all succeed, or all fail. */
import type pg from 'pg'

export interface Statement {
  readonly text: string
  /** Texts, numbers, buffers, null. */
  readonly values: readonly unknown[]
  /** Whether the server keeps it, parsed and planned, for the next time. */
  readonly isKept: boolean
}

export interface Outcome {
  /** What PostgreSQL says that it did, in one word: `INSERT`. */
  readonly command: string
  /** How many rows that was; 0 where it is not about rows. */
  readonly rowCount: number
  readonly rows: Record<string, unknown>[]
}

interface Column {
  readonly name: string
  readonly parse: (text: string) => unknown
}

/** A statement that the server has kept, and what its rows are made of; null: it has none. */
interface Kept {
  readonly name: string
  columns: readonly Column[] | null
}

/** What the server keeps of one connection, by the texts. */
export class KeptStatements {
  readonly #kept = new Map<string, Kept>()
  #named = 0

  find(text: string): Kept | undefined {
    return this.#kept.get(text)
  }

  /** One that failed the first time gets another name the next time: the server may have kept it all the same. */
  newName(): string {
    return `s${++this.#named}`
  }

  add(text: string, kept: Kept): void {
    this.#kept.set(text, kept)
  }
}

type TypeParserOf = (oid: number) => (text: string) => unknown

/** What is on its way. Its outcome is told when that of the whole batch is known. */
interface Sent {
  readonly statement: Statement
  readonly kept: Kept | null
  columns: readonly Column[] | null
  readonly rows: Record<string, unknown>[]
  command: string
}

/**
 * To be handed to the driver's `query`. The server goes through the extended protocol without a `Sync` in between: after
 * the first statement that fails it skips the others (https://www.postgresql.org/docs/current/protocol-flow.html,
 * "Pipelining"). The names of the methods are the driver's.
 */
export class Batch {
  /** Set by the driver, which watches the time until it is called. */
  declare callback?: (error: unknown) => void
  readonly outcomes: Promise<Outcome[]>
  readonly #statements: readonly Statement[]
  readonly #kept: KeptStatements
  readonly #typeParserOf: TypeParserOf
  #sent: Sent[] = []
  #position = 0
  #resolve!: (outcomes: Outcome[]) => void
  #reject!: (error: unknown) => void

  constructor(statements: readonly Statement[], kept: KeptStatements, typeParserOf: TypeParserOf) {
    this.#statements = statements
    this.#kept = kept
    this.#typeParserOf = typeParserOf
    this.outcomes = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  submit(connection: pg.Connection): void {
    const { stream } = connection
    stream.cork()
    const named = new Map<string, Kept>()
    this.#sent = this.#statements.map(statement => this.#send(connection, statement, named))
    connection.sync()
    stream.uncork()
  }

  #send(connection: pg.Connection, statement: Statement, named: Map<string, Kept>): Sent {
    const { text, isKept } = statement
    const known = this.#kept.find(text) ?? named.get(text)
    const kept = known ?? (isKept ? { name: this.#kept.newName(), columns: null } : null)
    const name = kept?.name ?? ''
    if (known === undefined) connection.parse({ text, name, types: [] }, true)
    if (kept !== null) named.set(text, kept)
    connection.bind({ statement: name, values: statement.values.map(sendable) }, true)
    if (known === undefined) connection.describe({ type: 'P' }, true)
    connection.execute(null, true)
    return { statement, kept, columns: kept?.columns ?? null, rows: [], command: '' }
  }

  handleRowDescription({ fields }: { fields: pg.FieldDef[] }): void {
    const sent = this.#current()
    const columns = fields.map(({ name, dataTypeID }) => ({ name, parse: this.#typeParserOf(dataTypeID) }))
    sent.columns = columns
    if (sent.kept !== null) sent.kept.columns = columns
  }

  handleDataRow({ fields }: { fields: (string | null)[] }): void {
    const { kept, columns, rows } = this.#current()
    const row: Record<string, unknown> = {}
    let position = 0
    for (const { name, parse } of columns ?? kept?.columns ?? []) {
      const text = fields[position++] as string | null
      row[name] = text === null ? null : parse(text)
    }
    rows.push(row)
  }

  handleCommandComplete({ text }: { text: string }): void {
    const sent = this.#current()
    sent.command = text
    if (sent.kept !== null) this.#kept.add(sent.statement.text, sent.kept)
    this.#position++
  }

  handleEmptyQuery(): void {
    this.#position++
  }

  handleReadyForQuery(): void {
    this.callback?.(null)
    this.#resolve(this.#sent.map(outcomeOf))
  }

  handleError(error: unknown): void {
    this.callback?.(error)
    this.#reject(error)
  }

  #current(): Sent {
    return this.#sent[this.#position] as Sent
  }
}

/** Of `INSERT 0 1`, `SELECT 5`, `BEGIN`, `CREATE TABLE`. */
function outcomeOf({ command, rows }: Sent): Outcome {
  const [, word = '', count = '0'] = /^(\w+).*?(\d*)$/.exec(command) ?? []
  return { command: word, rowCount: Number(count), rows }
}

/** PostgreSQL has no NUL in texts. It becomes what lone surrogates become, so that it is found nowhere. */
function sendable(value: unknown): string | Buffer | null {
  if (value === null || value === undefined) return null
  if (Buffer.isBuffer(value)) return value
  const text = String(value)
  return text.includes('\0') ? text.replaceAll('\0', '\ufffd') : text
}
