/** How many links the chain over the events has, beside the links: a tail that was cut off is seen. */
import type { Kysely } from 'kysely'
import { runAll, type Words } from './engine.ts'

export function up(db: Kysely<unknown>): Promise<void> {
  return runAll(db, statements)
}

const statements = (words: Words) => [
  `create table event_chain (
    id ${words.number} primary key check (id = 1),
    last_seal_id ${words.number} not null
  )${words.strict}`,
  'insert into event_chain (id, last_seal_id) select 1, coalesce(max(id), 0) from event_seals',
]
