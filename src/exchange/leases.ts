/**
 * Work that one process at a time does, of all that share the database, however many machines they are on. Who holds a
 * lease raises its beat; the others take it over when they have seen the same beat for a minute by their own clocks, which
 * are never compared. See docs/decisions/015-workers-and-leases.md.
 */
import { randomUUID } from 'node:crypto'
import type { Database, Writer } from '../db/database.ts'

export interface LeaseTimes {
  /** Between two looks at the leases. */
  readonly lookMs: number
  /** Between two beats of the holder. */
  readonly beatMs: number
  /** From the last beat on, how long its holder relies on it. */
  readonly relyMs: number
  /** From the last beat on, how long others wait: much longer, for what the holder is in the middle of. */
  readonly waitMs: number
}

const usualTimes: LeaseTimes = { lookMs: 1000, beatMs: 10_000, relyMs: 45_000, waitMs: 60_000 }

/** Another process has the lease by now. Nothing was written. */
export class LeaseLost extends Error {
  constructor(name: string) {
    super(`another process does this by now: ${name}`)
    this.name = 'LeaseLost'
  }
}

interface Log {
  info(facts: object, message: string): void
  warn(facts: object, message: string): void
}

interface LeaseRow {
  readonly holder: string | null
  readonly beat: number
}

/** What all leases of one process have in common. */
interface Holder {
  readonly db: Database
  /** Of this process, and of no other one ever. */
  readonly id: string
  readonly times: LeaseTimes
  readonly logger: Log
  /** Resolves when the look that is under way has ended. */
  looked(): Promise<void>
}

export class Leases {
  readonly #holder: Holder
  readonly #leases: Lease[] = []
  readonly #timer: NodeJS.Timeout
  #looking: Promise<void> | null = null
  #isStopped = false
  #isInTrouble = false

  constructor(input: { db: Database; logger: Log; times?: LeaseTimes }) {
    const { db, logger, times = usualTimes } = input
    const looked = async () => (await this.#looking) ?? undefined
    this.#holder = { db, logger, times, id: randomUUID(), looked }
    this.#timer = setInterval(() => this.#tick(), times.lookMs)
    this.#timer.unref()
  }

  /** From now on this process takes it whenever it is free. */
  want(name: string): Lease {
    const lease = new Lease(this.#holder, name)
    this.#leases.push(lease)
    this.#look()
    return lease
  }

  /** Gives back what it has, so that others need not wait. Whatever relies on a lease has stopped by then. */
  async stop(): Promise<void> {
    this.#isStopped = true
    clearInterval(this.#timer)
    await this.#looking
    for (const lease of this.#leases) lease.lose()
    const { db, id, logger } = this.#holder
    try {
      await db.write(trx => changeBeat(trx).set({ holder: null }).where('holder', '=', id).execute())
    } catch (error) {
      logger.warn({ err: error }, 'leases could not be given back; others take them over in a minute')
    }
  }

  #tick(): void {
    for (const lease of this.#leases) lease.expire()
    if (this.#looking === null) this.#look()
  }

  #look(): void {
    const looking = (this.#looking ?? Promise.resolve()).then(() => this.#tendAll())
    this.#looking = looking
    looking.then(() => {
      if (this.#looking === looking) this.#looking = null
    })
  }

  async #tendAll(): Promise<void> {
    if (this.#isStopped) return
    const { db, logger } = this.#holder
    try {
      const rows = await db.read.selectFrom('leases').selectAll().execute()
      const byName = new Map(rows.map(row => [row.name, row]))
      for (const lease of this.#leases) await lease.tend(byName.get(lease.name) ?? null)
      this.#isInTrouble = false
    } catch (error) {
      if (!this.#isInTrouble) logger.warn({ err: error }, 'leases could not be read or renewed; trying on')
      this.#isInTrouble = true
    }
  }
}

export class Lease {
  readonly name: string
  readonly #holder: Holder
  #held: AbortController | null = null
  /** When the beat that we rely on was sent: others can have seen it later only. */
  #beatAt = 0
  #seen: (LeaseRow & { readonly since: number }) | null = null
  #onTaken: () => void = () => undefined

  constructor(holder: Holder, name: string) {
    this.#holder = holder
    this.name = name
  }

  /** Aborted when it is lost; null while another process has it. */
  get held(): AbortSignal | null {
    this.expire()
    return this.#held?.signal ?? null
  }

  /** Resolves when it is known whether it was free. */
  looked(): Promise<void> {
    return this.#holder.looked()
  }

  /** Called each time when it is taken. */
  onTaken(act: () => void): void {
    this.#onTaken = act
  }

  /**
   * The same database, to which nothing is written once another process has the lease, not even by an act that was
   * under way when this process was suspended: each act raises the beat, or fails with LeaseLost.
   */
  guard(db: Database): Database {
    const { id } = this.#holder
    const write: Database['write'] = async act => {
      const sentAt = performance.now()
      const result = await db.write(async (trx, later) => {
        const { numUpdatedRows } = await changeBeat(trx)
          .where('name', '=', this.name)
          .where('holder', '=', id)
          .executeTakeFirstOrThrow()
        if (numUpdatedRows === 0n) throw new LeaseLost(this.name)
        return act(trx, later)
      })
      this.#rely(sentAt)
      return result
    }
    return {
      read: db.read,
      write,
      settledEventId: () => db.settledEventId(),
      copyTo: path => db.copyTo(path),
      findFaults: () => db.findFaults(),
      compact: () => db.compact(),
      adoptIds: () => db.adoptIds(),
      check: () => db.check(),
      close: () => db.close(),
    }
  }

  /** Gives up what was not renewed in time, before others may take it. */
  expire(): void {
    const age = performance.now() - this.#beatAt
    if (this.#held === null || age < this.#holder.times.relyMs) return
    this.#holder.logger.warn({ lease: this.name }, 'a lease was not renewed in time; its work stops')
    this.lose()
  }

  lose(): void {
    this.#held?.abort(new LeaseLost(this.name))
    this.#held = null
  }

  /** `row`: as it is in the database; null where there is none. */
  async tend(row: LeaseRow | null): Promise<void> {
    const { id, times } = this.#holder
    const now = performance.now()
    if (row?.holder === id) {
      if (this.#held === null || now - this.#beatAt >= times.beatMs) await this.#claim(row)
      return
    }
    this.lose()
    const isSame = this.#seen?.holder === row?.holder && this.#seen?.beat === row?.beat
    if (row !== null && !isSame) this.#seen = { ...row, since: now }
    const isFree = row === null || row.holder === null
    if (isFree || now - (this.#seen?.since ?? now) >= times.waitMs) await this.#claim(row)
  }

  /** Ours, unless somebody has changed that row meanwhile. */
  async #claim(row: LeaseRow | null): Promise<void> {
    const { db, id, logger } = this.#holder
    const sentAt = performance.now()
    const isOurs = await db.write(async trx => {
      if (row === null) await insertFree(trx, this.name)
      const { holder, beat } = row ?? { holder: null, beat: 0 }
      const { numUpdatedRows } = await changeBeat(trx)
        .set({ holder: id })
        .where('name', '=', this.name)
        .where('holder', holder === null ? 'is' : '=', holder)
        .where('beat', '=', beat)
        .executeTakeFirstOrThrow()
      return numUpdatedRows > 0n
    })
    if (!isOurs) return // a guarded act of ours, or another process, was faster: the next look tells
    this.#rely(sentAt)
    if (this.#held !== null) return
    this.#held = new AbortController()
    if (row !== null && row.holder !== null && row.holder !== id) {
      logger.warn({ lease: this.name }, 'took over a lease from a process that is gone or hangs')
    }
    this.#onTaken()
  }

  #rely(sentAt: number): void {
    this.#beatAt = Math.max(this.#beatAt, sentAt)
  }
}

/** Every change raises the beat. */
function changeBeat(trx: Writer) {
  return trx.updateTable('leases').set(eb => ({ beat: eb('beat', '+', 1) }))
}

async function insertFree(trx: Writer, name: string): Promise<void> {
  await trx
    .insertInto('leases')
    .values({ name, holder: null, beat: 0 })
    .onConflict(conflict => conflict.doNothing())
    .execute()
}
