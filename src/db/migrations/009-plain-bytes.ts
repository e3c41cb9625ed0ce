/** Bytes are stored as they came: PostgreSQL would try to compress those of every small file while a student waits. */
import type { Kysely } from 'kysely'
import { runAll } from './engine.ts'

export function up(db: Kysely<unknown>): Promise<void> {
  return runAll(db, words => words.storePlain('blobs', 'bytes'))
}
