/** Submissions whose list of files has come, and whose files are on their way. */
import type { Kysely } from 'kysely'
import { runAll, type Words } from './engine.ts'

export function up(db: Kysely<unknown>): Promise<void> {
  return runAll(db, statements)
}

/** Programs of earlier schemas do not know of these rows: they go with what they are about, whoever deletes it. */
const statements = ({ number, text, strictByKey }: Words) => [
  `create table announcements (
    user_id ${number} not null references users (id) on delete cascade,
    caller_id ${number} not null references users (id) on delete cascade,
    client_key ${text} not null,
    assignment_id ${number} not null references assignments (id) on delete cascade,
    digest ${text} not null,
    announced_at ${number} not null,
    primary key (user_id, caller_id, client_key)
  )${strictByKey}`,
  'create index announcements_caller on announcements (caller_id, announced_at)',
  'create index announcements_assignment on announcements (assignment_id)',
  'create index announcements_announced_at on announcements (announced_at)',
]
