/** Files that are sent ahead of their tree, and the keys by which clients repeat a submission safely. */
import type { Kysely } from 'kysely'
import { runAll, type Words } from './engine.ts'

export function up(db: Kysely<unknown>): Promise<void> {
  return runAll(db, statements)
}

const statements = (words: Words) => [
  `create table uploads (
    user_id ${words.number} not null references users (id),
    blob_id ${words.number} not null references blobs (id),
    uploaded_at ${words.number} not null,
    primary key (user_id, blob_id)
  )${words.strictByKey}`,
  'create index uploads_blob on uploads (blob_id)',
  'create index uploads_uploaded_at on uploads (uploaded_at)',
  `alter table submissions add column client_key ${words.text}`,
  'create unique index submissions_client_key on submissions (user_id, client_key) where client_key is not null',
]
