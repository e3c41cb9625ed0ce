import { afterAll, beforeAll } from 'vitest'
import { type PostgresServer, startPostgres } from './postgres.ts'

/** One for all tests of the file. */
export function aPostgresForTheFile(): () => PostgresServer {
  let server: PostgresServer | null = null
  beforeAll(async () => {
    server = await startPostgres()
  }, 60_000)
  afterAll(() => server?.close(), 60_000)
  return () => {
    if (server === null) throw new Error('PostgreSQL has not started yet')
    return server
  }
}
