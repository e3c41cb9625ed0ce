/** Which events are settled: transactions commit in another order than they got the ids of their events. */
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import type { Reader } from './database.ts'

/** How long acts that are under way are waited for, before an older answer has to do. */
const patienceMs = 1000
const lookEveryMs = 5

export class SettledEvents {
  readonly #db: Reader
  #id = 0

  constructor(db: Reader) {
    this.#db = db
  }

  /**
   * Whoever adds an event locks the table before it gets an id, and until its end. So all ids up to the last one that
   * was given are settled as soon as those have ended who held that lock after we asked for that id.
   */
  async id(): Promise<number> {
    const last = await lastGivenId(this.#db)
    const before = await transactionsAddingEvents(this.#db)
    const until = performance.now() + patienceMs
    let still = before
    while (still.length > 0 && performance.now() < until) {
      await sleep(lookEveryMs)
      still = (await transactionsAddingEvents(this.#db)).filter(id => before.includes(id))
    }
    if (still.length === 0) this.#id = last
    return this.#id
  }
}

async function lastGivenId(db: Reader): Promise<number> {
  const { rows } = await sql<{ id: number | null }>`
    select pg_sequence_last_value(pg_get_serial_sequence('events', 'id')::regclass) as id
  `.execute(db)
  return rows[0]?.id ?? 0
}

async function transactionsAddingEvents(db: Reader): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select virtualtransaction as id from pg_locks
    where locktype = 'relation' and mode = 'RowExclusiveLock' and relation = 'events'::regclass
      and database = (select oid from pg_database where datname = current_database())
  `.execute(db)
  return rows.map(row => row.id)
}
