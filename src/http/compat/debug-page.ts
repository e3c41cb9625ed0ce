/** `initialize-Data6ase`, in debug mode only: empties, fills and shows the database. */
import type { Exchange } from '../../exchange/exchange.ts'
import { addTestData, clearEverything } from '../../exchange/test-data.ts'
import { renderDumpPage } from '../../web/dump-page.tsx'
import { type Answer, PageAnswer } from './answer.ts'
import { dumpDatabase } from './database-dump.ts'
import { InvalidArgument, isTrue } from './invalid-argument.ts'
import type { ApiRequest, Operation } from './operation.ts'

/** `GET` changes the database, too, as the old server's clients expect; there is no such page outside debug mode. */
export function debugPage(exchange: Exchange): Operation {
  return {
    access: 'visitor',
    async handle(request) {
      const action = await request.form.argument('action')
      if (action === 'clear') return clear(exchange)
      if (action === 'init') return init(exchange, request)
      if (action === 'dump') return dump(exchange, request)
      throw new InvalidArgument('action should be clear, init, or dump')
    },
  }
}

async function clear(exchange: Exchange): Promise<Answer> {
  await clearEverything(exchange)
  return { message: 'done' }
}

async function init(exchange: Exchange, { caller }: ApiRequest): Promise<Answer> {
  await addTestData(exchange, { caller })
  return { message: 'done' }
}

async function dump(exchange: Exchange, { caller, form }: ApiRequest): Promise<Answer> {
  const tables = await dumpDatabase(exchange.db.read, caller.name)
  if (!isTrue(await form.argument('human-readable'))) return tables
  return new PageAnswer(renderDumpPage(tables))
}
