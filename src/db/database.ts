/** The database as the rules see it: reading, and acts that are written whole or not at all. */
import type { Kysely } from 'kysely'
import type { Schema } from './schema.ts'

/** What can be asked. Every query sees all acts that were committed before it. */
export type Reader = Pick<Kysely<Schema>, 'selectFrom' | 'executeQuery' | 'getExecutor'>

/** A transaction's handle, the only way to change anything. */
export type Writer = Pick<
  Kysely<Schema>,
  'selectFrom' | 'insertInto' | 'updateTable' | 'deleteFrom' | 'executeQuery' | 'getExecutor'
>

/** What is done in a transaction. */
export type Act<Result> = (trx: Writer, later: Later) => Promise<Result>

/**
 * Takes a query that the act has just asked and does not wait for. The act is committed only if it goes well; otherwise the
 * act fails as if it had thrown what the query does.
 */
export type Later = (query: Promise<unknown>) => void

export interface ActOptions {
  /**
   * For what comes in crowds: whose act it is, as a text. Acts of others that say so, too, may run in the same transaction
   * at the same time, and their changes are seen between the queries of this one: it must be right even so. What is
   * broken by that breaks a rule of the schema, or throws; then each is run again in a transaction of its own. Acts of the
   * same one never share.
   */
  readonly sharedBy?: string
}

export interface Database {
  readonly read: Reader

  /**
   * Runs one act in a transaction and resolves when its changes are durable; an act that throws leaves nothing
   * behind. The act must only use `trx`, and must do no work outside the database. Where two acts contradict each
   * other one of them is run again from the start, so it must not rely on what an earlier run of it left outside.
   * @throws what the act throws; Trouble `database`, `database-busy` or `storage-full`
   */
  write<Result>(act: Act<Result>, options?: ActOptions): Promise<Result>

  /**
   * An id such that no event with a lower or the same one will be committed from now on: acts may commit in another
   * order than they got their ids. 0: none yet. @throws Trouble
   */
  settledEventId(): Promise<number>

  /**
   * Writes a copy of everything that is committed by now to a new file, as of one moment and durable. Others go on
   * reading and writing. @throws Trouble
   */
  copyTo(path: string): Promise<void>

  /** What the database itself finds wrong with what it keeps; may read all of it. @throws Trouble */
  findFaults(): Promise<DatabaseFault[]>

  /**
   * Rewrites the files so that nothing deleted is left in them. Others go on reading, and wait for writing; it takes
   * about as long as copying the files twice, and as much room. @throws Trouble
   */
  compact(): Promise<void>

  /** To be called when rows were added with ids that they had elsewhere: new ones get higher ids. @throws Trouble */
  adoptIds(): Promise<void>

  /** Whether a query and a write would work now. @throws Trouble */
  check(): Promise<void>

  close(): Promise<void>
}

/** `structure`: in the words of the database. `foreign-key`: a row points at a row that is not there. */
export type DatabaseFault =
  | { readonly kind: 'structure'; readonly text: string }
  | { readonly kind: 'foreign-key'; readonly table: string; readonly row: number | null; readonly to: string }

/** A database that nobody writes to, such as one in a backup. */
export interface DatabaseCopy {
  readonly read: Reader
  /** The newest migration that it has been through. */
  readonly schema: string
  close(): Promise<void>
}
