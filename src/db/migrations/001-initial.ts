/** The tables that the exchange starts with. */
import type { Kysely } from 'kysely'
import { runAll, type Words } from './engine.ts'

export function up(db: Kysely<unknown>): Promise<void> {
  return runAll(db, statements)
}

/** `lastingId` where an id may be remembered after its row has gone, and must not come to mean another. */
const statements = (words: Words) => [
  `create table users (
    id ${words.lastingId},
    name ${words.text} not null unique,
    created_at ${words.number} not null
  )${words.strict}`,

  `create table courses (
    id ${words.lastingId},
    name ${words.text} not null,
    created_at ${words.number} not null,
    hidden_at ${words.number}
  )${words.strict}`,
  'create unique index courses_living_name on courses (name) where hidden_at is null',

  `create table members (
    id ${words.lastingId},
    course_id ${words.number} not null references courses (id),
    user_id ${words.number} not null references users (id),
    role ${words.text} not null check (role in ('instructor', 'student')),
    first_name ${words.text},
    last_name ${words.text},
    email ${words.text},
    source ${words.text} not null check (source in ('manual')),
    unique (course_id, user_id)
  )${words.strict}`,
  'create index members_user on members (user_id)',

  `create table assignments (
    id ${words.lastingId},
    course_id ${words.number} not null references courses (id),
    name ${words.text} not null,
    listed_at ${words.number} not null,
    hidden_at ${words.number},
    unique (course_id, name)
  )${words.strict}`,

  `create table trees (
    id ${words.id},
    digest ${words.text} not null,
    file_count ${words.number} not null,
    size_bytes ${words.number} not null
  )${words.strict}`,

  `create table blobs (
    id ${words.id},
    sha256 ${words.text} not null unique,
    md5 ${words.text} not null,
    size_bytes ${words.number} not null,
    stored_at ${words.number} not null,
    location ${words.text},
    bytes ${words.bytes},
    check ((location is null) <> (bytes is null))
  )${words.strict}`,

  `create table tree_files (
    tree_id ${words.number} not null references trees (id),
    position ${words.number} not null,
    path ${words.text} not null,
    is_executable ${words.flag} not null check (is_executable in (0, 1)),
    blob_id ${words.number} not null references blobs (id),
    primary key (tree_id, position)
  )${words.strictByKey}`,
  'create index tree_files_blob on tree_files (blob_id)',

  `create table releases (
    id ${words.id},
    assignment_id ${words.number} not null references assignments (id),
    version ${words.number} not null,
    tree_id ${words.number} not null references trees (id),
    released_by ${words.number} not null references users (id),
    released_at ${words.number} not null,
    unique (assignment_id, version)
  )${words.strict}`,

  `create table submissions (
    id ${words.lastingId},
    assignment_id ${words.number} not null references assignments (id),
    user_id ${words.number} not null references users (id),
    received_at ${words.number} not null,
    tree_id ${words.number} not null references trees (id),
    unique (assignment_id, user_id, received_at)
  )${words.strict}`,
  'create index submissions_assignment on submissions (assignment_id, id)',

  `create table feedback (
    id ${words.id},
    submission_id ${words.number} not null references submissions (id),
    tree_id ${words.number} not null references trees (id),
    released_by ${words.number} not null references users (id),
    released_at ${words.number} not null,
    replaced_at ${words.number}
  )${words.strict}`,
  'create unique index feedback_served on feedback (submission_id) where replaced_at is null',
  'create index feedback_submission on feedback (submission_id)',

  `create table heartbeat (
    id ${words.number} primary key check (id = 1),
    at ${words.number} not null
  )${words.strict}`,
  'insert into heartbeat (id, at) values (1, 0)',

  `create table events (
    id ${words.id},
    at ${words.number} not null,
    actor ${words.text} not null,
    address ${words.text},
    action ${words.text} not null,
    course ${words.text},
    assignment ${words.text},
    subject ${words.text}
  )${words.strict}`,
]
