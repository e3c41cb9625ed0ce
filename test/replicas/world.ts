/** Replicas as in production: processes behind nginx, over one PostgreSQL and one S3 server, all of them real. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { onTestFailed } from 'vitest'
import { eventually } from '../faults/eventually.ts'
import { type Nginx, startNginx } from '../support/nginx.ts'
import { aFreePort } from '../support/ports.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { type S3Server, startS3Server } from '../support/s3-server.ts'

const program = fileURLToPath(new URL('../../bin/ngshare', import.meta.url))
const startTimeoutMs = 60_000
const stopTimeoutMs = 60_000
const shownLog = 4000
const database = 'ngshare'

export interface Health {
  readonly live: boolean
  readonly ready: boolean
}

export class World {
  readonly postgres: PostgresServer
  readonly s3: S3Server
  readonly replicas: readonly Replica[]
  readonly nginx: Nginx

  private constructor(parts: Pick<World, 'postgres' | 's3' | 'replicas' | 'nginx'>) {
    this.postgres = parts.postgres
    this.s3 = parts.s3
    this.replicas = parts.replicas
    this.nginx = parts.nginx
  }

  /** All replicas start at once, on an empty database. */
  static async open(count: number): Promise<World> {
    const [postgres, s3] = await Promise.all([startPostgres([]), startS3Server()])
    await postgres.query('postgres', `create database ${database}`)
    const replicas: Replica[] = []
    for (let number = 1; number <= count; number++) {
      replicas.push(
        new Replica({
          name: `replica ${number}`,
          port: await aFreePort(),
          args: ['--database', postgres.url(database), '--storage', s3.storage('class')],
          environment: s3.environment,
        }),
      )
    }
    await Promise.all(replicas.map(replica => replica.start()))
    const nginx = await startNginx(replicas.map(replica => replica.port))
    return new World({ postgres, s3, replicas, nginx })
  }

  get home(): URL {
    return new URL(`http://127.0.0.1:${this.nginx.port}/api/`)
  }

  get places(): string[] {
    return ['--database', this.postgres.url(database), '--storage', this.s3.storage('class')]
  }

  /** Connections that replicas have to PostgreSQL. */
  async connections(): Promise<number> {
    const [row] = await this.postgres.query<{ count: string }>(
      'postgres',
      `select count(*) from pg_stat_activity where datname = '${database}' and backend_type = 'client backend'`,
    )
    return Number(row?.count)
  }

  /** Runs `ngshare ARGS` on the data. @throws with what it complained about */
  async command(...args: string[]): Promise<string> {
    const environment = { ...this.s3.environment, PATH: process.env.PATH ?? '' }
    const running = spawn(process.execPath, [program, ...args, ...this.places], { env: environment })
    let said = ''
    let complained = ''
    running.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
    running.stderr.setEncoding('utf8').on('data', (text: string) => (complained += text))
    const [code] = await once(running, 'close')
    if (code !== 0) throw new Error(`ngshare ${args.join(' ')} ended with ${code}: ${said}${complained}`)
    return said
  }

  async close(): Promise<void> {
    await this.nginx.stop()
    for (const replica of this.replicas) await replica.kill()
    await Promise.all([this.postgres.close(), this.s3.close()])
  }

  /** For whoever looks into a failure of the test that runs now. */
  showLogsOnFailure(): void {
    onTestFailed(() => {
      for (const { name, log } of this.replicas) console.error(`${name}: ${log.slice(-shownLog)}`)
      // That a replica is down is what it is there for.
      const lines = this.nginx.log().split('\n')
      const strange = lines.filter(line => !line.includes('Connection refused'))
      console.error(`nginx: ${strange.join('\n').slice(-shownLog)}`)
    })
  }
}

export class Replica {
  readonly name: string
  readonly port: number
  readonly #args: readonly string[]
  readonly #environment: Readonly<Record<string, string>>
  #process: ChildProcess | null = null
  #log = ''

  constructor(input: {
    name: string
    port: number
    args: readonly string[]
    environment: Readonly<Record<string, string>>
  }) {
    this.name = input.name
    this.port = input.port
    this.#args = [
      '--vngshare',
      '--admins',
      'root',
      '--log-level',
      'warn',
      '--port',
      String(input.port),
      // As a service of a hub has it by default.
      ...['--drain-delay-seconds', '1'],
      ...input.args,
    ]
    this.#environment = { PATH: process.env.PATH ?? '', ...input.environment }
  }

  /** Warnings and errors, one JSON line each. */
  get log(): string {
    return this.#log
  }

  get logLines(): { level: number; msg: string; err?: { message: string }; reason?: string }[] {
    return this.#log
      .split('\n')
      .filter(line => line.startsWith('{'))
      .map(line => JSON.parse(line))
  }

  /** Resolves when it is ready. */
  async start(): Promise<void> {
    const started = spawn(process.execPath, [program, ...this.#args], {
      env: this.#environment,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.#process = started
    started.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#log += text
    })
    await eventually(
      `${this.name} is ready`,
      async () => {
        if (started.exitCode !== null)
          throw new Error(`${this.name} ended instead of listening: ${this.#log}`)
        return (await this.health()).ready
      },
      startTimeoutMs,
    )
  }

  async health(): Promise<Health> {
    const [live, ready] = await Promise.all([this.#isWell('healthz'), this.#isWell('readyz')])
    return { live, ready }
  }

  async kill(): Promise<void> {
    const killed = this.#process
    if (killed === null || killed.exitCode !== null || killed.signalCode !== null) return
    const ended = once(killed, 'exit')
    killed.kill('SIGKILL')
    await ended
  }

  /** As an admin does it. Returns the exit code. */
  async stop(): Promise<number | null> {
    const stopped = this.#process
    if (stopped === null || stopped.exitCode !== null) return stopped?.exitCode ?? null
    const ended = once(stopped, 'exit')
    stopped.kill('SIGTERM')
    const late = sleep(stopTimeoutMs, null, { ref: false }).then(() => {
      throw new Error(`${this.name} is still there ${stopTimeoutMs} ms after it was told to stop`)
    })
    const [code] = await Promise.race([ended, late])
    return code as number | null
  }

  async #isWell(page: string): Promise<boolean> {
    try {
      const answer = await fetch(`http://127.0.0.1:${this.port}/${page}`, {
        signal: AbortSignal.timeout(20_000),
      })
      await answer.text()
      return answer.ok
    } catch {
      return false // not there
    }
  }
}
