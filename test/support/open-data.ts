/** The data of a service as a command works with it, beside the service. */
import { onTestFinished } from 'vitest'
import { openData } from '../../src/compose.ts'
import type { OpenExchange } from '../../src/ops/command.ts'
import { databaseUrl } from './database.ts'

/** Open until the test ends. */
export async function openedData(service: { database: string; storage: string }): Promise<OpenExchange> {
  const open = await openData({ database: databaseUrl(service.database), storage: service.storage })
  onTestFinished(() => open.close())
  return open
}
