/** The one place where the parts are put together; the only file that knows which database and store there are. */
import { existsSync } from 'node:fs'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { Authenticator } from './auth/authenticator.ts'
import { groupRoster } from './auth/hub/group-roster.ts'
import { hubAuthenticator } from './auth/hub/hub.ts'
import { hubApi } from './auth/hub/hub-api.ts'
import { hubProbe } from './auth/hub/probe.ts'
import { standAlone } from './auth/stand-alone.ts'
import { readCommandLine } from './config/command-line.ts'
import {
  type Config,
  checkPlaces,
  checkSettings,
  type DatabaseConfig,
  type VserverConfig,
} from './config/config.ts'
import { databaseWords } from './config/database-url.ts'
import type { ContentStore } from './content/content-store.ts'
import { isEmptyFolder, openDiskStore, openNewDiskStore } from './content/disk-store.ts'
import type { Database } from './db/database.ts'
import { findFreeze } from './db/freeze.ts'
import { newestSchema } from './db/migrations.ts'
import { openPostgres } from './db/postgres.ts'
import { openSqlite, openSqliteCopy } from './db/sqlite.ts'
import { Trouble } from './domain/errors.ts'
import { systemClock } from './domain/timestamp.ts'
import { startDuty } from './exchange/duty.ts'
import { startEventBuffer } from './exchange/event-buffer.ts'
import type { Exchange } from './exchange/exchange.ts'
import { bringAllMemberships } from './exchange/group-memberships.ts'
import { startHousekeeping } from './exchange/housekeeping.ts'
import { Leases } from './exchange/leases.ts'
import { ensureSigningKey } from './exchange/receipts.ts'
import { startSealing } from './exchange/sealing.ts'
import { addTestData, isEmpty } from './exchange/test-data.ts'
import { createAdmission } from './http/admission/create.ts'
import { createApp } from './http/app.ts'
import { createMetrics, type Metrics } from './http/metrics.ts'
import type { DataAccess, OpenExchange, Places } from './ops/command.ts'
import { comeOverFromNgshare06, placeBesideNgshare06 } from './ops/import/beside.ts'
import { readPluginWheel } from './plugin-wheel.ts'
import { version } from './version.ts'
import { createVserver } from './vserver/app.ts'
import { defaultFileLimits } from './vserver/files/limits.ts'
import { openRoot } from './vserver/files/root.ts'
import { addVserverTestData } from './vserver/test-data.ts'

export interface Service {
  readonly app: FastifyInstance
  /** Finishes requests in flight, then closes everything that was opened, in reverse. */
  close(): Promise<void>
}

/** Opens everything, and listens to nothing yet. @throws Trouble */
export function compose(config: Config, logger: Logger): Promise<Service> {
  return closingOnFailure(async opened => {
    const { database, original } = await besideNgshare06(config.database)
    const stored = await openExchange({ ...config, database }, opened)
    if (original !== null) {
      const from = { databasePath: original, storageFolder: folderOfNgshare06(original, config.storage) }
      await comeOverFromNgshare06(stored, from, logger)
    }
    await refuseMoved(stored)
    await makeSigningKey(stored, logger)
    const leases = new Leases({ db: stored.db, logger })
    opened.push(() => leases.stop())
    const exchange = { ...recording(stored, { leases, logger, opened }), quotas: config.quotas }
    if (config.testData && (await isEmpty(exchange))) {
      await addTestData(exchange, { caller: { name: 'user', kind: 'user', isAdmin: true, address: null } })
    }
    const metrics = createMetrics()
    const admission = createAdmission(config.load, { metrics, logger })
    const authenticator = openAuthenticator(config, { exchange, leases, metrics, logger })
    opened.push(() => authenticator.close())
    const housekeeping = startHousekeeping(exchange, {
      leases,
      retentionDays: config.retentionDays,
      logger,
    })
    opened.push(() => housekeeping.stop())
    const app = createApp({
      exchange,
      clock: exchange.clock,
      logger,
      metrics,
      authenticator,
      admission,
      maxConnections: config.load.maxConnections,
      tls: config.mode.kind === 'service' ? config.mode.hub.tls : null,
      prefix: config.prefix,
      limits: config.limits,
      debug: config.debug,
      version,
      pluginWheel: readPluginWheel(),
    })
    opened.push(() => app.close())
    return app
  })
}

/** The prototype: the same exchange behind file-system calls and the API of 2020. @throws Trouble */
export function composeVserver(config: VserverConfig, logger: Logger): Promise<Service> {
  return closingOnFailure(async opened => {
    const root = await openRoot(config.root).catch(error => {
      throw new Trouble('storage', error.message, { cause: error })
    })
    opened.push(async () => root.close())
    const stored = await openExchange(config, opened)
    const leases = new Leases({ db: stored.db, logger })
    opened.push(() => leases.stop())
    const exchange = recording(stored, { leases, logger, opened })
    if (await isEmpty(exchange)) await addVserverTestData(exchange)
    const { limits, onLoopback } = config
    const app = createVserver({
      root,
      exchange,
      clock: exchange.clock,
      logger,
      onLoopback,
      limits: { form: limits, files: defaultFileLimits },
      admission: createAdmission(config.load, { metrics: null, logger }),
      maxConnections: config.load.maxConnections,
    })
    opened.push(() => app.close())
    return app
  })
}

/** What is to be closed, in the order in which it was opened. */
type Opened = (() => Promise<void>)[]

async function closingOnFailure(open: (opened: Opened) => Promise<FastifyInstance>): Promise<Service> {
  const opened: Opened = []
  const close = () => closeAll(opened)
  try {
    return { app: await open(opened), close }
  } catch (error) {
    await close()
    throw error
  }
}

/**
 * Database and files for a command, as the server would open them. `upgrade` false: an older database is refused, and
 * left as it is. @throws Trouble, ConfigMistakes
 */
export async function openData(
  places: Places,
  { upgrade }: { upgrade: boolean } = { upgrade: true },
): Promise<OpenExchange> {
  const opened: Opened = []
  const { database: given, storage } = checkPlaces(places)
  const { database, original } = await besideNgshare06(given)
  if (original !== null && database.kind === 'sqlite' && !existsSync(database.path)) {
    throw new Trouble(
      'database',
      `${original} is the database of a Python ngshare: start the server on it once, or bring it over with \`ngshare import ngshare06\``,
    )
  }
  const exchange = await openExchange({ database: { ...database, upgrade }, storage }, opened)
  return {
    exchange,
    databasePath: pathOf(database),
    storage: storage.text,
    close: () => closeAll(opened),
  }
}

/** What commands work with. */
export const dataAccess: DataAccess = {
  open: openData,
  locate(places) {
    const { database, storage } = checkPlaces(places)
    return {
      databasePath: pathOf(database),
      database: databaseWords(database),
      storage: {
        text: storage.text,
        folder: storage.kind === 'disk' ? storage.folder : null,
        isEmpty: () => isStorageEmpty(storage),
        openNew: () => (storage.kind === 'disk' ? openNewDiskStore(storage.folder) : openStorage(storage)),
      },
    }
  },
  openContent: openDiskStore,
  openStorage,
  openCopy: openSqliteCopy,
  server: {
    readSettings(args, environment) {
      const commandLine = readCommandLine({ args, environment, version: '' })
      return commandLine.kind === 'shown' ? null : checkSettings(commandLine.texts, commandLine.usage)
    },
    newestSchema,
    hub: hubProbe,
  },
}

async function openExchange(config: Pick<Config, 'database' | 'storage'>, opened: Opened): Promise<Exchange> {
  const db = await openDatabase(config.database)
  opened.push(() => db.close())
  const content = await openStorage(config.storage)
  opened.push(() => content.close())
  return { db, content, clock: systemClock() }
}

/** The SDK of S3 takes memory, and time to start: it is loaded only where it is used. */
async function openStorage(storage: Config['storage']): Promise<ContentStore> {
  if (storage.kind === 'disk') return openDiskStore(storage.folder)
  const { openS3Store } = await import('./content/s3/s3-store.ts')
  return openS3Store(storage.options)
}

async function isStorageEmpty(storage: Config['storage']): Promise<boolean> {
  if (storage.kind === 'disk') return isEmptyFolder(storage.folder)
  const { isEmptyBucket } = await import('./content/s3/s3-store.ts')
  return isEmptyBucket(storage.options)
}

function folderOfNgshare06(database: string, storage: Config['storage']): string {
  if (storage.kind === 'disk') return storage.folder
  throw new Trouble(
    'database',
    `${database} is the database of a Python ngshare, whose files are in a folder: choose another --database, and bring it over with \`ngshare import ngshare06\``,
  )
}

function openDatabase(database: DatabaseConfig): Promise<Database> {
  if (database.kind === 'sqlite') return openSqlite(database)
  const { url, password, poolSize, statementTimeoutMs, upgrade } = database
  return openPostgres({
    ...{ url, password, size: poolSize, statementTimeoutMs, upgrade },
    openFile: path => openSqlite({ path, upgrade: true }),
  })
}

/** A file of the Python server is left as it is: ours comes beside it. `original`: that file. */
async function besideNgshare06(
  database: DatabaseConfig,
): Promise<{ database: DatabaseConfig; original: string | null }> {
  if (database.kind !== 'sqlite' || !database.upgrade) return { database, original: null }
  const beside = await placeBesideNgshare06(database.path)
  if (beside === null) return { database, original: null }
  return { database: { ...database, path: beside }, original: database.path }
}

function pathOf(database: DatabaseConfig): string | null {
  return database.kind === 'sqlite' ? database.path : null
}

/** During the short time in which it is being moved a server may start: it tells those who want to write to wait. */
async function refuseMoved({ db }: Exchange): Promise<void> {
  const freeze = await findFreeze(db)
  if (freeze === null || freeze.kind === 'moving') return
  throw new Trouble(
    'frozen',
    freeze.kind === 'moved'
      ? `this installation was moved to ${freeze.place}: start the server with those; to go on here after all: ngshare migrate --take-back`
      : `what comes from ${freeze.place} has not all arrived: run the \`ngshare migrate\` or \`ngshare restore\` that brings it again, as before`,
  )
}

/** Before anybody asks for a receipt: a full disk must not be in the way then. */
async function makeSigningKey(exchange: Exchange, logger: Logger): Promise<void> {
  try {
    await ensureSigningKey(exchange)
  } catch (error) {
    if (!(error instanceof Trouble)) throw error
    logger.error({ err: error }, 'no key for receipts could be made; it is made with the first receipt')
  }
}

/** With a record of what only reads, and a chain over all of it, as servers have them. */
function recording(
  exchange: Exchange,
  { leases, logger, opened }: { leases: Leases; logger: Logger; opened: Opened },
): Exchange {
  const sealing = startSealing(exchange, { leases, logger })
  opened.push(() => sealing.stop())
  const events = startEventBuffer(exchange, logger)
  opened.push(() => events.stop())
  return { ...exchange, later: event => events.add(event) }
}

function openAuthenticator(
  { mode, admins }: Config,
  parts: { exchange: Exchange; leases: Leases; metrics: Metrics; logger: Logger },
): Authenticator {
  if (mode.kind === 'stand-alone') return standAlone({ admins, onLoopback: mode.onLoopback })
  const hub = hubApi({ ...mode.hub, asked: parts.metrics.hubAsked })
  const authenticator = hubAuthenticator(mode.hub, hub)
  const { groups, serviceName } = mode.hub
  if (groups === null || groups.syncMs === 0) return authenticator
  const { exchange, leases, logger } = parts
  const caller = { name: serviceName, kind: 'service', isAdmin: true, address: null } as const
  const roster = groupRoster({ hub, groups, logger })
  const duty = startDuty(exchange, {
    lease: leases.want('group-roster'),
    everyMs: groups.syncMs,
    round: guarded => roster.read(memberships => bringAllMemberships(guarded, { caller, memberships })),
    failed: err =>
      logger.warn({ err }, 'the members of the hub groups could not be read; trying again later'),
  })
  return {
    ...authenticator,
    async close() {
      await Promise.all([duty.stop(), authenticator.close()])
    },
  }
}

/** Goes on when one part fails to close, and reports the first failure in the end. */
async function closeAll(opened: Opened): Promise<void> {
  const failures: unknown[] = []
  for (const close of opened.splice(0).reverse()) {
    await close().catch(error => failures.push(error))
  }
  if (failures.length > 0) throw failures[0]
}
