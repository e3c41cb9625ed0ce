/** Roles from groups of a hub, beside those from the roster; and services of a hub as actors. */
import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  `alter table members add column roster_role text check (roster_role in ('instructor', 'student'))`,
  `alter table members add column group_role text check (group_role in ('instructor', 'student'))`,
  'update members set roster_role = role',
  'alter table members drop column source',
  `alter table events add column actor_kind text not null default 'user' check (actor_kind in ('user', 'service'))`,
]
