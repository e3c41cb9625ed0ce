/** Queries that are asked all the time: built and compiled once, asked with other values each time. */
import type { Compilable, CompiledQuery } from 'kysely'
import type { Reader, Writer } from './database.ts'

/** Stands for the argument of that position while the query is built. */
class Placeholder {
  readonly position: number

  constructor(position: number) {
    this.position = position
  }
}

type Values = readonly (string | number | Buffer | null)[]

/**
 * `build` is called once, with placeholders for its values: it must pass each on as a whole, to where a value goes,
 * and must not look at it. Building costs more than SQLite needs to answer a small query. Each engine has its text.
 */
export function prepared<Db extends Reader | Writer, Row, Args extends Values>(
  build: (db: Db, ...values: Args) => Compilable<Row>,
): (db: Db, ...values: Args) => Promise<Row[]> {
  const templates = new Map<unknown, CompiledQuery<Row>>()
  return async (db, ...values) => {
    const engine = db.getExecutor().adapter.constructor
    let template = templates.get(engine)
    if (template === undefined) {
      const places = values.map((_, position) => new Placeholder(position)) as unknown as Args
      template = build(db, ...places).compile()
      templates.set(engine, template)
    }
    const parameters = template.parameters.map(parameter =>
      parameter instanceof Placeholder ? values[parameter.position] : parameter,
    )
    const { rows } = await db.executeQuery<Row>({ ...template, parameters })
    return rows
  }
}
