/** A real PgBouncer in front of a server of PostgreSQL, as it is out of the box but for its mode. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { aFreePort, untilListening } from './ports.ts'
import { nobody } from './postgres.ts'

export type PoolMode = 'session' | 'transaction'

export interface PgBouncer {
  url(database: string): string
  /** Connections are ended; from then on it serves others. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** Ends with whoever started it, however they end: its standard input does. */
const untilTheEnd = 'pgbouncer -q "$1" & pooler=$!; read -r _; kill -TERM $pooler; wait $pooler'

/** `server`: the URL of PostgreSQL, with any database. */
export async function startPgBouncer(server: string, mode: PoolMode): Promise<PgBouncer> {
  const folder = await mkdtemp(join(tmpdir(), 'ngshare-pgbouncer-'))
  await chmod(folder, 0o755)
  const { username, port: serverPort } = new URL(server)
  const port = await aFreePort()
  const configuration = join(folder, 'pgbouncer.ini')
  await writeFile(
    configuration,
    [
      '[databases]',
      `* = host=127.0.0.1 port=${serverPort} user=${username}`,
      '[pgbouncer]',
      'listen_addr = 127.0.0.1',
      `listen_port = ${port}`,
      'unix_socket_dir =',
      'auth_type = any',
      `pool_mode = ${mode}`,
      'max_client_conn = 1000',
      '',
    ].join('\n'),
  )
  let running = await started(configuration, port)
  return {
    url: database => `postgresql://${username}@127.0.0.1:${port}/${database}`,
    async restart() {
      await end(running)
      running = await started(configuration, port)
    },
    async stop() {
      await end(running)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function started(configuration: string, port: number): Promise<ChildProcess> {
  const child = spawn('sh', ['-c', untilTheEnd, 'sh', configuration], {
    ...(process.getuid?.() === 0 ? nobody : {}),
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  await untilListening(child, port)
  return child
}

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.stdin?.end()
  await ended
}
