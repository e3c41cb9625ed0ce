/** A real S3 server for tests, on this machine alone: built by test/s3/setup.sh, with data and keys of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, openSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import http from 'node:http'
import https from 'node:https'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { makeCertificate } from './certificate.ts'
import { aFreePort } from './ports.ts'

export type S3ServerKind = 'minio' | 'versitygw'

export interface S3Server {
  /** `http://127.0.0.1:PORT`, or `https://NAME:PORT` */
  readonly endpoint: string
  /** The file with its certificate; null without TLS. */
  readonly caFile: string | null
  readonly port: number
  /** There from the beginning. */
  readonly bucket: string
  /** The keys, as the AWS variables that clients read. */
  readonly environment: Readonly<Record<'AWS_ACCESS_KEY_ID' | 'AWS_SECRET_ACCESS_KEY' | 'AWS_REGION', string>>
  /** As `--storage` takes it. */
  storage(prefix: string): string
  /** Ends the process; clients find nobody there. Data and port stay. */
  stop(): Promise<void>
  /** Again, after `stop`. Resolves when it answers. Nothing happens where it runs. */
  start(): Promise<void>
  /** Of the process that runs. */
  pid(): number
  /** Ends it for good, and removes its data. */
  close(): Promise<void>
}

const binaries = resolve(import.meta.dirname, '../../.venv/s3')
const region = 'us-east-1'
const bucket = 'ngshare-tests'
const startTimeoutMs = 60_000

/** `name`: MinIO serves with TLS under it, and each bucket under a name below. Somebody must resolve these. */
export async function startS3Server(
  kind: S3ServerKind = 'minio',
  { name = null }: { name?: string | null } = {},
): Promise<S3Server> {
  const binary = join(binaries, kind)
  if (!existsSync(binary)) throw new Error(`there is no ${binary}: run test/s3/setup.sh ${kind}`)
  const folder = await mkdtemp(join(tmpdir(), `ngshare-${kind}-`))
  const port = await aFreePort()
  const endpoint = name === null ? `http://127.0.0.1:${port}` : `https://${name}:${port}`
  const caFile = name === null ? null : await withCertificate(folder, name)
  const keys = { id: 'ngshare-tests', secret: randomBytes(20).toString('hex') }
  const environment = {
    AWS_ACCESS_KEY_ID: keys.id,
    AWS_SECRET_ACCESS_KEY: keys.secret,
    AWS_REGION: region,
  }
  const command = await commandOf[kind]({ binary, folder, port, keys, name })
  const process = new ServerProcess(command, join(folder, 'log'))
  const start = async () => {
    if (process.isRunning) return
    process.start()
    await answering({ endpoint, caFile }, process)
  }
  try {
    await start()
    await makeBucket({ endpoint, caFile }, keys)
  } catch (error) {
    await process.stop()
    const log = await readFile(join(folder, 'log'), 'utf8')
    throw new Error(`${kind} does not start: ${log}`, { cause: error })
  }
  return {
    ...{ endpoint, caFile, port, bucket, environment, start },
    storage: prefix => `s3://${bucket}/${prefix}?endpoint=${endpoint}&region=${region}`,
    stop: () => process.stop(),
    pid: () => process.pid,
    async close() {
      await process.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

interface Command {
  readonly binary: string
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string>>
}

interface Input {
  readonly binary: string
  readonly folder: string
  readonly port: number
  readonly keys: { readonly id: string; readonly secret: string }
  readonly name: string | null
}

interface Place {
  readonly endpoint: string
  readonly caFile: string | null
}

/** Returns the file of the certificate, which lies where MinIO looks for it. */
async function withCertificate(folder: string, name: string): Promise<string> {
  const certificates = join(folder, 'certificates')
  await mkdir(certificates)
  const [key, certificate] = [join(certificates, 'private.key'), join(certificates, 'public.crt')]
  await makeCertificate({ key, certificate }, { names: [`DNS:${name}`, `DNS:*.${name}`] })
  return certificate
}

const commandOf: Record<S3ServerKind, (input: Input) => Promise<Command>> = {
  async minio({ binary, folder, port, keys, name }) {
    const secure = name === null ? [] : ['--certs-dir', join(folder, 'certificates')]
    const at = ['--address', `127.0.0.1:${port}`]
    return {
      binary,
      args: ['server', '--quiet', '--anonymous', ...secure, ...at, join(folder, 'data')],
      environment: {
        HOME: folder,
        ...(name === null ? {} : { MINIO_DOMAIN: name }),
        MINIO_ROOT_USER: keys.id,
        MINIO_ROOT_PASSWORD: keys.secret,
        // Encrypts what clients ask to be encrypted (SSE-S3, and SSE-KMS with this one key).
        MINIO_KMS_SECRET_KEY: `tests:${randomBytes(32).toString('base64')}`,
        MINIO_BROWSER: 'off',
        MINIO_UPDATE: 'off',
        MINIO_CALLHOME_ENABLE: 'off',
      },
    }
  },
  async versitygw({ binary, folder, port, keys }) {
    const [data, facts] = [join(folder, 'data'), join(folder, 'facts')]
    await Promise.all([mkdir(data), mkdir(facts)])
    return {
      binary,
      args: ['--port', `127.0.0.1:${port}`, '--quiet', 'posix', '--sidecar', facts, data],
      environment: { HOME: folder, ROOT_ACCESS_KEY: keys.id, ROOT_SECRET_KEY: keys.secret },
    }
  },
}

class ServerProcess {
  readonly #command: Command
  readonly #log: number
  #child: ChildProcess | null = null

  constructor(command: Command, logPath: string) {
    this.#command = command
    this.#log = openSync(logPath, 'a', 0o600)
  }

  get isRunning(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null
  }

  get pid(): number {
    const pid = this.#child?.pid
    if (pid === undefined) throw new Error('the server does not run')
    return pid
  }

  start(): void {
    const { binary, args, environment } = this.#command
    this.#child = spawn(binary, args, { env: environment, stdio: ['ignore', this.#log, this.#log] })
    process.on('exit', this.#kill)
  }

  async stop(): Promise<void> {
    const child = this.#child
    process.off('exit', this.#kill)
    if (child === null || !this.isRunning) return
    const ended = new Promise(resolve => child.once('exit', resolve))
    child.kill('SIGKILL') // as a machine goes down; what it has acknowledged it must have
    await ended
  }

  /** Nobody else ends it when a test run is cut off. */
  #kill = (): void => {
    this.#child?.kill('SIGKILL')
  }
}

async function answering(place: Place, process: ServerProcess): Promise<void> {
  const deadline = Date.now() + startTimeoutMs
  for (;;) {
    if (await isThere(place)) return
    if (!process.isRunning || Date.now() > deadline) throw new Error('it does not answer')
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

function isThere({ endpoint, caFile }: Place): Promise<boolean> {
  return new Promise(resolve => {
    const { get } = caFile === null ? http : https
    get(endpoint, { timeout: 2000, ...authority(caFile) }, ({ statusCode = 500 }) =>
      resolve(statusCode < 500),
    )
      .on('timeout', () => resolve(false))
      .on('error', () => resolve(false))
  })
}

const authority = (caFile: string | null) => (caFile === null ? {} : { ca: readFileSync(caFile) })

async function makeBucket({ endpoint, caFile }: Place, keys: Input['keys']): Promise<void> {
  const client = new S3Client({
    ...{ endpoint, region, forcePathStyle: true },
    requestHandler: { httpsAgent: authority(caFile) },
    credentials: { accessKeyId: keys.id, secretAccessKey: keys.secret },
  })
  await client.send(new CreateBucketCommand({ Bucket: bucket }))
  client.destroy()
}
