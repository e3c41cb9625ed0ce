/** Events that show when they were tampered with, names that can be forgotten, keys that sign receipts. */
import { createHash, randomBytes } from 'node:crypto'
import { type Kysely, sql } from 'kysely'

interface OldEvent {
  id: number
  at: number
  actor: string
  actor_kind: string
  address: string | null
  action: string
  course: string | null
  assignment: string | null
  subject: string | null
}

export async function up(db: Kysely<unknown>): Promise<void> {
  const old = db as Kysely<{ events: OldEvent }>
  await sql.raw('alter table events rename to old_events').execute(db)
  for (const statement of statements) await sql.raw(statement).execute(db)
  const { rows } = await sql<OldEvent>`select * from old_events order by id`.execute(old)
  for (const row of rows) await sql.raw(insertOf(sealed(row))).execute(db)
  await sql.raw('drop table old_events').execute(db)
}

const statements = [
  `create table events (
    id integer primary key autoincrement,
    at integer not null,
    action text not null,
    result text not null,
    course text,
    assignment text,
    actor text,
    actor_kind text not null check (actor_kind in ('user', 'service')),
    address text,
    actor_salt text,
    actor_digest text not null,
    subject text,
    subject_salt text,
    subject_digest text,
    digest text not null
  ) strict`,
  'create index events_course on events (course, id) where course is not null',
  'create index events_actor on events (actor, id) where actor is not null',
  'create index events_subject on events (subject, id) where subject is not null',

  `create table event_seals (
    id integer primary key autoincrement,
    last_event_id integer not null unique,
    event_count integer not null,
    hash text not null,
    sealed_at integer not null
  ) strict`,

  `create table former_names (
    user_id integer not null references users (id),
    name text not null,
    until integer not null,
    primary key (user_id, name)
  ) strict, without rowid`,

  `create table signing_keys (
    id text primary key,
    public_key text not null,
    private_key text not null,
    created_at integer not null,
    retired_at integer
  ) strict`,
]

/** As `exchange/event-digests.ts` does it, at the time of this migration. */
function sealed(row: OldEvent): Record<string, string | number | null> {
  const actorSalt = randomBytes(16).toString('hex')
  const actorDigest = sha256([actorSalt, row.actor, row.address])
  const subjectSalt = row.subject === null ? null : randomBytes(16).toString('hex')
  const subjectDigest = row.subject === null ? null : sha256([subjectSalt, row.subject])
  const facts = [
    row.at,
    row.action,
    'done',
    row.course,
    row.assignment,
    row.actor_kind,
    actorDigest,
    subjectDigest,
  ]
  return {
    id: row.id,
    at: row.at,
    action: row.action,
    result: 'done',
    course: row.course,
    assignment: row.assignment,
    actor: row.actor,
    actor_kind: row.actor_kind,
    address: row.address,
    actor_salt: actorSalt,
    actor_digest: actorDigest,
    subject: row.subject,
    subject_salt: subjectSalt,
    subject_digest: subjectDigest,
    digest: sha256(facts),
  }
}

function sha256(parts: readonly (string | number | null)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

function insertOf(row: Record<string, string | number | null>): string {
  const values = Object.values(row).map(value =>
    typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value),
  )
  return `insert into events (${Object.keys(row).join(', ')}) values (${values.join(', ')})`
}
