// Databases with a past, and the server over each.

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Database } from '../../src/db/database.ts'
import { openPostgres } from '../../src/db/postgres.ts'
import { openSqlite } from '../../src/db/sqlite.ts'
import { aFreePort } from '../../test/support/ports.ts'
import { type PostgresServer, startPostgres } from '../../test/support/postgres.ts'
import { ADMIN, OURS } from '../peers/ours.ts'
import { ENVIRONMENT, ServerProcess } from '../peers/server-process.ts'
import { submissionsPerCourse, writePast } from './past.ts'
import { writeRows } from './rows.ts'

export const ENGINES = ['sqlite', 'postgresql'] as const
export type Engine = (typeof ENGINES)[number]

/** Where databases are made. */
export type Ground = {
  open(name: string): Promise<Database>
  url(name: string): string
  /** As the engine does by itself after a while: what it knows of the tables is up to date. */
  settle(name: string): Promise<void>
  close(): Promise<void>
}

export async function openGround(engine: Engine, folder: string): Promise<Ground> {
  if (engine === 'postgresql') return postgresGround(await startPostgres([]))
  const path = (name: string) => join(folder, `${name}.db`)
  return {
    open: name => openSqlite({ path: path(name), upgrade: true }),
    url: name => `sqlite:///${path(name)}`,
    settle: async () => undefined,
    close: async () => undefined,
  }
}

function postgresGround(server: PostgresServer): Ground {
  return {
    async open(name) {
      await server.query('postgres', `create database ${name}`)
      const url = server.url(name)
      const openFile = (path: string) => openSqlite({ path, upgrade: true })
      return openPostgres({
        url,
        password: null,
        size: 2,
        statementTimeoutMs: 60_000,
        upgrade: true,
        openFile,
      })
    },
    url: name => server.url(name),
    async settle(name) {
      await server.query(name, 'vacuum analyze')
    },
    close: () => server.close(),
  }
}

export async function fill(ground: Ground, name: string, submissions: number): Promise<void> {
  const db = await ground.open(name)
  try {
    await writePast(submissions / submissionsPerCourse, rows => writeRows(db, rows))
    await db.adoptIds()
  } finally {
    await db.close()
  }
  await ground.settle(name)
}

export async function serve(ground: Ground, name: string, folder: string): Promise<ServerProcess> {
  const files = join(folder, `${name}-files`)
  await mkdir(files, { recursive: true })
  const port = await aFreePort()
  const quotas = ['assignment', 'user', 'course'].map(what => `--max-${what}-bytes=1000000000000`)
  return new ServerProcess({
    command: process.execPath,
    args: [
      ...[OURS, '--vngshare', '--workers=1', `--port=${port}`, `--admins=${ADMIN}`, ...quotas],
      ...['--database', ground.url(name), '--storage', files],
    ],
    env: ENVIRONMENT,
    logFile: join(folder, `${name}.log`),
    port,
  })
}
