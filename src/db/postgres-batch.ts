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

/** A statement as the server has parsed it. One without a name is gone with the next. */
interface Parsed {
  readonly name: string
  /** What its rows are made of; null: it has none, or has not told yet. */
  columns: readonly Column[] | null
}

/** What the server keeps of one connection, by the texts. */
export class KeptStatements {
  readonly #kept = new Map<string, Parsed>()
  #named = 0

  find(text: string): Parsed | undefined {
    return this.#kept.get(text)
  }

  /** One that failed the first time gets another name the next time: the server may have kept it all the same. */
  newName(): string {
    return `s${++this.#named}`
  }

  add(text: string, parsed: Parsed): void {
    this.#kept.set(text, parsed)
  }
}

type TypeParserOf = (oid: number) => (text: string) => unknown

/** What is on its way. Its outcome is told when that of the whole batch is known. */
interface Sent {
  readonly text: string
  readonly parsed: Parsed
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
  readonly statements: readonly Statement[]
  readonly outcomes: Promise<Outcome[]>
  readonly #kept: KeptStatements
  readonly #typeParserOf: TypeParserOf
  #sent: Sent[] = []
  #position = 0
  #resolve!: (outcomes: Outcome[]) => void
  #reject!: (error: unknown) => void

  constructor(statements: readonly Statement[], kept: KeptStatements, typeParserOf: TypeParserOf) {
    this.statements = statements
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
    const named = new Map<string, Parsed>()
    this.#sent = this.statements.map(statement => this.#send(connection, statement, named))
    connection.sync()
    stream.uncork()
  }

  #send(connection: pg.Connection, statement: Statement, named: Map<string, Parsed>): Sent {
    const { text, isKept } = statement
    const values = statement.values.map(sendable)
    const known = this.#kept.find(text) ?? named.get(text)
    const parsed = known ?? { name: isKept ? this.#kept.newName() : '', columns: null }
    const { name } = parsed
    if (known === undefined) connection.parse({ text, name, types: [] }, true)
    connection.bind({ statement: name, values }, true)
    if (known === undefined) connection.describe({ type: 'P' }, true)
    connection.execute(null, true)
    if (name !== '') named.set(text, parsed)
    return { text, parsed, rows: [], command: '' }
  }

  handleRowDescription({ fields }: { fields: pg.FieldDef[] }): void {
    this.#current().parsed.columns = fields.map(({ name, dataTypeID }) => ({
      name,
      parse: this.#typeParserOf(dataTypeID),
    }))
  }

  handleDataRow({ fields }: { fields: (string | null)[] }): void {
    const { parsed, rows } = this.#current()
    const row: Record<string, unknown> = {}
    let position = 0
    for (const { name, parse } of parsed.columns ?? []) {
      const text = fields[position++] as string | null
      row[name] = text === null ? null : parse(text)
    }
    rows.push(row)
  }

  handleCommandComplete({ text: command }: { text: string }): void {
    const sent = this.#current()
    sent.command = command
    if (sent.parsed.name !== '') this.#kept.add(sent.text, sent.parsed)
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
