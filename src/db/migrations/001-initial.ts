/** The tables that the exchange starts with. */
import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

/** `autoincrement` where an id may be remembered after its row has gone, and must not come to mean another. */
const statements = [
  `create table users (
    id integer primary key autoincrement,
    name text not null unique,
    created_at integer not null
  ) strict`,

  `create table courses (
    id integer primary key autoincrement,
    name text not null,
    created_at integer not null,
    hidden_at integer
  ) strict`,
  'create unique index courses_living_name on courses (name) where hidden_at is null',

  `create table members (
    id integer primary key autoincrement,
    course_id integer not null references courses (id),
    user_id integer not null references users (id),
    role text not null check (role in ('instructor', 'student')),
    first_name text,
    last_name text,
    email text,
    source text not null check (source in ('manual')),
    unique (course_id, user_id)
  ) strict`,
  'create index members_user on members (user_id)',

  `create table assignments (
    id integer primary key autoincrement,
    course_id integer not null references courses (id),
    name text not null,
    listed_at integer not null,
    hidden_at integer,
    unique (course_id, name)
  ) strict`,

  `create table trees (
    id integer primary key,
    digest text not null,
    file_count integer not null,
    size_bytes integer not null
  ) strict`,

  `create table blobs (
    id integer primary key,
    sha256 text not null unique,
    md5 text not null,
    size_bytes integer not null,
    stored_at integer not null,
    location text,
    bytes blob,
    check ((location is null) <> (bytes is null))
  ) strict`,

  `create table tree_files (
    tree_id integer not null references trees (id),
    position integer not null,
    path text not null,
    is_executable integer not null check (is_executable in (0, 1)),
    blob_id integer not null references blobs (id),
    primary key (tree_id, position)
  ) strict, without rowid`,
  'create index tree_files_blob on tree_files (blob_id)',

  `create table releases (
    id integer primary key,
    assignment_id integer not null references assignments (id),
    version integer not null,
    tree_id integer not null references trees (id),
    released_by integer not null references users (id),
    released_at integer not null,
    unique (assignment_id, version)
  ) strict`,

  `create table submissions (
    id integer primary key autoincrement,
    assignment_id integer not null references assignments (id),
    user_id integer not null references users (id),
    received_at integer not null,
    tree_id integer not null references trees (id),
    unique (assignment_id, user_id, received_at)
  ) strict`,
  'create index submissions_assignment on submissions (assignment_id, id)',

  `create table feedback (
    id integer primary key,
    submission_id integer not null references submissions (id),
    tree_id integer not null references trees (id),
    released_by integer not null references users (id),
    released_at integer not null,
    replaced_at integer
  ) strict`,
  'create unique index feedback_served on feedback (submission_id) where replaced_at is null',
  'create index feedback_submission on feedback (submission_id)',

  `create table heartbeat (
    id integer primary key check (id = 1),
    at integer not null
  ) strict`,
  'insert into heartbeat (id, at) values (1, 0)',

  `create table events (
    id integer primary key,
    at integer not null,
    actor text not null,
    address text,
    action text not null,
    course text,
    assignment text,
    subject text
  ) strict`,
]
