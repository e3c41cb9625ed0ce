/** The database as the rules see it: reading, and acts that are written whole or not at all. */
import type { Kysely } from 'kysely'
import type { Schema } from './schema.ts'

/** What can be asked. Every query sees all acts that were committed before it. */
export type Reader = Pick<Kysely<Schema>, 'selectFrom' | 'executeQuery'>

/** A transaction's handle, the only way to change anything. */
export type Writer = Pick<
  Kysely<Schema>,
  'selectFrom' | 'insertInto' | 'updateTable' | 'deleteFrom' | 'executeQuery'
>

export interface Database {
  readonly read: Reader

  /**
   * Runs one act in a transaction and resolves when its changes are durable; an act that throws leaves nothing
   * behind. The act must only use `trx`, and must do no work outside the database.
   * @throws what the act throws; Trouble `database`, `database-busy` or `storage-full`
   */
  write<Result>(act: (trx: Writer) => Promise<Result>): Promise<Result>

  /** Whether a query and a write would work now. @throws Trouble */
  check(): Promise<void>

  close(): Promise<void>
}
