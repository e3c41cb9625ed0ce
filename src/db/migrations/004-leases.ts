/** Who does what only one may do at a time; and which programs may serve a database that is newer than they are. */
import type { Kysely } from 'kysely'
import { runAll, type Words } from './engine.ts'

export function up(db: Kysely<unknown>): Promise<void> {
  return runAll(db, statements)
}

const statements = (words: Words) => [
  `create table leases (
    name ${words.text} primary key,
    holder ${words.text},
    beat ${words.number} not null
  )${words.strictByKey}`,

  `create table compatibility (
    id ${words.number} primary key check (id = 1),
    oldest_schema ${words.text} not null
  )${words.strict}`,
  `insert into compatibility (id, oldest_schema) values (1, '004-leases')`,
]
