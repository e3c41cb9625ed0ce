/** The one place where the parts are put together; the only file that knows which database and store there are. */
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { standAlone } from './auth/stand-alone.ts'
import type { Config } from './config/config.ts'
import { openDiskStore } from './content/disk-store.ts'
import { openSqlite } from './db/sqlite.ts'
import { systemClock } from './domain/timestamp.ts'
import type { Exchange } from './exchange/exchange.ts'
import { startHousekeeping } from './exchange/housekeeping.ts'
import { addTestData, isEmpty } from './exchange/test-data.ts'
import { createApp } from './http/app.ts'
import { createMetrics } from './http/metrics.ts'

export interface Service {
  readonly app: FastifyInstance
  /** Finishes requests in flight, then closes everything that was opened, in reverse. */
  close(): Promise<void>
}

/** Opens everything, and listens to nothing yet. @throws Trouble */
export async function compose(config: Config, logger: Logger): Promise<Service> {
  const opened: (() => Promise<void>)[] = []
  const close = () => closeAll(opened)
  try {
    const db = await openSqlite(config.database)
    opened.push(() => db.close())
    const content = await openDiskStore(config.storage.folder)
    const clock = systemClock()
    const exchange: Exchange = { db, content, clock }
    if (config.testData && (await isEmpty(exchange))) {
      await addTestData(exchange, { caller: { name: 'user', isAdmin: true, address: null } })
    }
    const housekeeping = startHousekeeping(exchange, { retentionDays: config.retentionDays, logger })
    opened.push(() => housekeeping.stop())
    const app = createApp({
      exchange,
      clock,
      logger,
      metrics: createMetrics(),
      authenticator: standAlone({ admins: config.admins, onLoopback: config.mode.onLoopback }),
      prefix: config.prefix,
      limits: config.limits,
      debug: config.debug,
    })
    opened.push(() => app.close())
    return { app, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Goes on when one part fails to close, and reports the first failure in the end. */
async function closeAll(opened: (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = []
  for (const close of opened.splice(0).reverse()) {
    await close().catch(error => failures.push(error))
  }
  if (failures.length > 0) throw failures[0]
}
