/** Runs the acts of concurrent requests in one SQLite transaction each batch, so that they share its cost. */
import { setTimeout as sleep } from 'node:timers/promises'
import { errorCode, Trouble } from '../domain/errors.ts'
import type { Act, Writer } from './database.ts'
import { troubleOf } from './sqlite-errors.ts'
import type { WriteAheadLog } from './write-ahead-log.ts'

const maxBatch = 64
const busyTimeoutMs = 30_000
/** So long others are only writing batches, between which there are moments to be met. Beyond that one does something large. */
const batchesMs = 2000

type Deliver = () => void

interface QueuedAct {
  /** Runs the act; resolves to what tells the waiting caller, to be called once the batch is durable. */
  run(trx: Writer): Promise<Deliver>
  fail(error: unknown): void
}

export class GroupCommit {
  readonly #connection: Writer
  readonly #execute: (statement: string) => void
  readonly #log: WriteAheadLog
  readonly #queue: QueuedAct[] = []
  #draining: Promise<void> | null = null
  #unsafe: unknown = null

  /** `connection` and `execute` reach the one connection that writes; nobody else may use it. */
  constructor(input: { connection: Writer; execute: (statement: string) => void; log: WriteAheadLog }) {
    this.#connection = input.connection
    this.#execute = input.execute
    this.#log = input.log
  }

  write<Result>(act: Act<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#queue.push({
        run: async trx => {
          const result = await runAct(trx, act)
          return () => resolve(result)
        },
        fail: reject,
      })
      this.#draining ??= this.#drain()
    })
  }

  /** Resolves when everything queued so far has been answered. */
  async idle(): Promise<void> {
    await this.#draining
    if (this.#log.isSyncing) await this.#log.sync()
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      // Requests whose bytes have arrived get their turn first, and join this batch.
      await new Promise(resolve => setImmediate(resolve))
      await this.#commit(this.#queue.splice(0, maxBatch))
    }
    this.#draining = null
  }

  async #commit(batch: QueuedAct[]): Promise<void> {
    let delivery: Deliver[]
    let changed: boolean
    try {
      if (this.#unsafe !== null) throw this.#unsafe
      await this.#begin()
      ;({ delivery, changed } = await this.#runAll(batch))
      this.#execute('commit')
    } catch (error) {
      this.#rollBack()
      for (const act of batch) act.fail(troubleOf(error))
      return
    }
    // The next batch may begin while this one becomes durable. A refusal waits, too: it may rest on another's change.
    const durable = changed || this.#log.isSyncing ? this.#log.sync() : Promise.resolve()
    durable.then(
      () => {
        for (const deliver of delivery) deliver()
      },
      error => this.#giveUp(error, batch),
    )
  }

  async #runAll(batch: QueuedAct[]): Promise<{ delivery: Deliver[]; changed: boolean }> {
    const delivery: Deliver[] = []
    let changed = false
    for (const act of batch) {
      this.#execute('savepoint act')
      try {
        delivery.push(await act.run(this.#connection))
        changed = true
      } catch (error) {
        if (isFatal(error)) throw error
        this.#execute('rollback to act')
        delivery.push(() => act.fail(troubleOf(error)))
      }
      this.#execute('release act')
    }
    return { delivery, changed }
  }

  /** Another process may hold the write lock: wait for it without stopping the event loop. */
  async #begin(): Promise<void> {
    const since = performance.now()
    const until = since + busyTimeoutMs
    for (;;) {
      try {
        return this.#execute('begin immediate')
      } catch (error) {
        if (!errorCode(error)?.startsWith('SQLITE_BUSY')) throw error
        if (performance.now() > until) {
          throw new Trouble('database-busy', 'another process held the write lock for too long', {
            cause: error,
          })
        }
        const waitMs = performance.now() - since < batchesMs ? 1 + Math.random() : 50 * Math.random()
        await sleep(waitMs)
      }
    }
  }

  /** After a failed sync nobody knows what is on the disk; a restart begins an empty log. */
  #giveUp(error: unknown, batch: QueuedAct[]): void {
    this.#unsafe = new Trouble(
      'database',
      'the write-ahead log could not be made durable; restart the server',
      { cause: error },
    )
    for (const act of batch) act.fail(this.#unsafe)
  }

  #rollBack(): void {
    try {
      this.#execute('rollback')
    } catch {
      // SQLite had rolled back by itself; what it said first is what counts.
    }
  }
}

/** Waits for what the act does not wait for, however it ends. */
async function runAct<Result>(trx: Writer, act: Act<Result>): Promise<Result> {
  const queries: Promise<unknown>[] = []
  const acting = act(trx, query => queries.push(query))
  await Promise.allSettled([acting])
  const outcomes = await Promise.allSettled(queries)
  const result = await acting
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  return result
}

/** Errors after which SQLite may have ended the whole transaction, not just the statement. */
function isFatal(error: unknown): boolean {
  return /^SQLITE_(FULL|IOERR|NOMEM|CORRUPT|NOTADB|CANTOPEN|READONLY|BUSY|INTERRUPT)/.test(
    errorCode(error) ?? '',
  )
}
