// Where our server keeps its data: the two shapes in which it can be run.

import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** `small`: SQLite and a folder. `large`: PostgreSQL and an S3 store, both started for the occasion. */
export type Shape = 'small' | 'large'
export const SHAPES: readonly Shape[] = ['small', 'large']

export type Place = {
  /** For the command line of every `ngshare` that is to use it. */
  args: string[]
  env: Record<string, string>
  /** In words, without passwords. */
  described: string
  /** What runs beneath the server, by its first processes. */
  processes: { name: string; pid: number }[]
  close(): Promise<void>
}

/** Instead of what the shape would use. */
export type OwnPlace = { database?: string | undefined; storage?: string | undefined }

export async function openPlace(shape: Shape, folder: string, own: OwnPlace = {}): Promise<Place> {
  const opened: Part[] = []
  const close = async () => {
    for (const part of opened.splice(0).reverse()) await part.close?.()
  }
  async function open(part: Promise<Part>): Promise<Part> {
    const there = await part
    opened.push(there)
    return there
  }
  try {
    const database = await open(
      own.database === undefined
        ? databases[shape](folder)
        : given(own.database, 'a database of your own', 'PG'),
    )
    const storage = await open(
      own.storage === undefined
        ? storages[shape](folder)
        : given(own.storage, 'a storage of your own', 'AWS_'),
    )
    return {
      args: ['--database', database.value, '--storage', storage.value],
      env: { ...database.env, ...storage.env },
      described: `${database.described}, ${storage.described}`,
      processes: [database, storage].flatMap(({ process }) => process ?? []),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** The database, or the storage. */
type Part = {
  value: string
  env?: Record<string, string>
  described: string
  process?: { name: string; pid: number }
  close?(): Promise<void>
}

const databases: { [shape in Shape]: (folder: string) => Promise<Part> } = {
  async small(folder) {
    return { value: `sqlite:///${join(folder, 'ngshare.db')}`, described: 'SQLite' }
  },
  async large() {
    // As an admin gets it: every commit is on the disk before it is acknowledged.
    const { startPostgres } = await import('../../test/support/postgres.ts')
    const server = await startPostgres([])
    const database = await server.newDatabase()
    const [row] = await server.query<{ version: string; folder: string }>(
      'postgres',
      `select current_setting('server_version') as version, current_setting('data_directory') as folder`,
    )
    const pid = Number((await readFile(join(row?.folder ?? '', 'postmaster.pid'), 'utf8')).split('\n')[0])
    return {
      value: server.url(database),
      described: `PostgreSQL ${row?.version} with its default settings`,
      process: { name: 'postgres', pid },
      close: () => server.close(),
    }
  },
}

const storages: { [shape in Shape]: (folder: string) => Promise<Part> } = {
  async small(folder) {
    const files = join(folder, 'files')
    await mkdir(files, { recursive: true })
    return { value: files, described: 'a folder on the same disk' }
  },
  async large() {
    const { startS3Server } = await import('../../test/support/s3-server.ts')
    const server = await startS3Server('minio')
    return {
      value: server.storage('bench'),
      env: { ...server.environment },
      described: 'MinIO on the same disk',
      process: { name: 's3', pid: server.pid() },
      close: () => server.close(),
    }
  },
}

/** With the variables that its client would read. */
async function given(value: string, described: string, prefix: string): Promise<Part> {
  const known = Object.entries(process.env).filter(([name]) => name.startsWith(prefix))
  return { value, described, env: Object.fromEntries(known) as Record<string, string> }
}
