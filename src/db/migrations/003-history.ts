/** Events that show when they were tampered with, names that can be forgotten, keys that sign receipts. */
import { createHash, randomBytes } from 'node:crypto'
import type { Kysely } from 'kysely'
import { runAll, type Words } from './engine.ts'

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

type SealedEvent = Record<string, string | number | null>

export async function up(db: Kysely<unknown>): Promise<void> {
  const events = await (db as Kysely<{ events: OldEvent }>)
    .selectFrom('events')
    .selectAll()
    .orderBy('id')
    .execute()
  await runAll(db, statements)
  const present = db as Kysely<{ events: SealedEvent }>
  for (const event of events) await present.insertInto('events').values(sealed(event)).execute()
}

const statements = (words: Words) => [
  'drop table events',
  `create table events (
    id ${words.lastingId},
    at ${words.number} not null,
    action ${words.text} not null,
    result ${words.text} not null,
    course ${words.text},
    assignment ${words.text},
    actor ${words.text},
    actor_kind ${words.text} not null check (actor_kind in ('user', 'service')),
    address ${words.text},
    actor_salt ${words.text},
    actor_digest ${words.text} not null,
    subject ${words.text},
    subject_salt ${words.text},
    subject_digest ${words.text},
    digest ${words.text} not null
  )${words.strict}`,
  'create index events_course on events (course, id) where course is not null',
  'create index events_actor on events (actor, id) where actor is not null',
  'create index events_subject on events (subject, id) where subject is not null',

  `create table event_seals (
    id ${words.lastingId},
    last_event_id ${words.number} not null unique,
    event_count ${words.number} not null,
    hash ${words.text} not null,
    sealed_at ${words.number} not null
  )${words.strict}`,

  `create table former_names (
    user_id ${words.number} not null references users (id),
    name ${words.text} not null,
    until ${words.number} not null,
    primary key (user_id, name)
  )${words.strictByKey}`,

  `create table signing_keys (
    id ${words.text} primary key,
    public_key ${words.text} not null,
    private_key ${words.text} not null,
    created_at ${words.number} not null,
    retired_at ${words.number}
  )${words.strict}`,
]

/** As `exchange/event-digests.ts` does it, at the time of this migration. */
function sealed(row: OldEvent): SealedEvent {
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
