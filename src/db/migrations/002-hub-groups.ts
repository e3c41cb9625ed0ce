/** Roles from groups of a hub, beside those from the roster; and services of a hub as actors. */
import type { Kysely } from 'kysely'
import { runAll, type Words } from './engine.ts'

export function up(db: Kysely<unknown>): Promise<void> {
  return runAll(db, statements)
}

const statements = (words: Words) => [
  `alter table members add column roster_role ${words.text} check (roster_role in ('instructor', 'student'))`,
  `alter table members add column group_role ${words.text} check (group_role in ('instructor', 'student'))`,
  'update members set roster_role = role',
  'alter table members drop column source',
  `alter table events add column actor_kind ${words.text} not null default 'user' check (actor_kind in ('user', 'service'))`,
]
