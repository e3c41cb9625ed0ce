/** A vserver for a test: listening on a free port, over fresh files, a fresh database and a fresh root of its own. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { Agent } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, onTestFinished } from 'vitest'
import type { ContentStore } from '../../src/content/content-store.ts'
import { openDiskStore } from '../../src/content/disk-store.ts'
import { openSqlite } from '../../src/db/sqlite.ts'
import { systemClock } from '../../src/domain/timestamp.ts'
import type { Exchange } from '../../src/exchange/exchange.ts'
import { createAdmission } from '../../src/http/admission/create.ts'
import { createVserver, type VserverOptions } from '../../src/vserver/app.ts'
import { defaultFileLimits } from '../../src/vserver/files/calls.ts'
import { openRoot } from '../../src/vserver/files/root.ts'
import { addVserverTestData } from '../../src/vserver/test-data.ts'
import { type Answer, type AskOptions, ask, type Person, personAt } from '../support/client.ts'

export interface WorldOptions {
  readonly onLoopback?: boolean
  readonly maxBodyBytes?: number
  /** Instead of the one on the disk. */
  readonly content?: ContentStore
}

export interface World {
  readonly port: number
  /** What the file-system calls see as `/`. */
  readonly root: string
  readonly exchange: Exchange
  /** What was logged, a JSON line an event. */
  readonly log: readonly string[]
  /** The 2020 API as one person uses it; paths begin behind `/api/`. */
  as(user: string): Person
  ask(method: string, path: string, options?: AskOptions): Promise<Answer>
}

/** With the test data of the contract. */
export async function aVserver(options: WorldOptions = {}): Promise<World> {
  const { close, ...world } = await openWorld(options)
  onTestFinished(close)
  return world
}

/** For files whose tests leave it as they found it. */
export async function aVserverForTheFile(options: WorldOptions = {}): Promise<World> {
  const { close, ...world } = await openWorld(options)
  afterAll(close)
  return world
}

const load = {
  maxActive: 64,
  maxTransferBytes: 64 * 1024 * 1024,
  maxWaiting: 1000,
  maxWaitingPerUser: 100,
  maxWaitMs: 45_000,
}

async function openWorld(options: WorldOptions): Promise<World & { close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'ngshare-vserver-'))
  const root = join(folder, 'root')
  await mkdir(root)
  const db = await openSqlite({ path: join(folder, 'vserver.db'), upgrade: true })
  const clock = systemClock()
  const content = await openDiskStore(join(folder, 'files'))
  await addVserverTestData({ db, content, clock })
  const exchange = { db, content: options.content ?? content, clock }
  const log: string[] = []
  const openedRoot = await openRoot(root)
  const logger = pino({ level: 'info' }, { write: line => log.push(line) })
  const app = createVserver({
    root: openedRoot,
    exchange,
    clock,
    logger,
    onLoopback: options.onLoopback ?? true,
    limits: limits(options.maxBodyBytes ?? 20_000_000),
    admission: createAdmission(load, { metrics: null, logger }),
    maxConnections: 1000,
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const agent = new Agent({ keepAlive: true })
  const server = { port, prefix: '/api/', agent }
  return {
    port,
    root,
    exchange,
    log,
    as: user => personAt(server, user),
    ask: (method, path, askOptions) => ask(server, method, path, askOptions),
    async close() {
      agent.destroy()
      await app.close()
      openedRoot.close()
      await db.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function limits(maxBodyBytes: number): VserverOptions['limits'] {
  return {
    form: { maxBodyBytes, maxFiles: 1000, maxFileBytes: maxBodyBytes, maxArgumentBytes: 1_000_000 },
    files: defaultFileLimits,
  }
}
