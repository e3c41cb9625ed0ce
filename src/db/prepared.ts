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
 * and must not look at it. Building costs more than SQLite needs to answer a small query.
 *
 * NOTE: the text is kept for the process, so all its databases must be of one engine.
 */
export function prepared<Db extends Reader | Writer, Row, Args extends Values>(
  build: (db: Db, ...values: Args) => Compilable<Row>,
): (db: Db, ...values: Args) => Promise<Row[]> {
  let template: CompiledQuery<Row> | null = null
  return async (db, ...values) => {
    template ??= build(
      db,
      ...(values.map((_, position) => new Placeholder(position)) as unknown as Args),
    ).compile()
    const parameters = template.parameters.map(parameter =>
      parameter instanceof Placeholder ? values[parameter.position] : parameter,
    )
    const { rows } = await db.executeQuery<Row>({ ...template, parameters })
    return rows
  }
}
