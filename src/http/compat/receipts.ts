/** Ours: `receipt/<course>/<assignment>/<student>` and `receipt-keys`. */
import { formatTimestamp, parseTimestamp } from '../../domain/timestamp.ts'
import type { Exchange } from '../../exchange/exchange.ts'
import { getReceipt, listPublicKeys } from '../../exchange/receipts.ts'
import type { Operation } from './operation.ts'

export function getOneReceipt(exchange: Exchange): Operation {
  return {
    access: 'user',
    async handle({ caller, ids, form }) {
      const { course, assignment, user: student } = ids
      const timestamp = form.queryArgument('timestamp') ?? ''
      const receivedAt = timestamp === '' ? undefined : parseTimestamp(timestamp)
      return { receipt: await getReceipt(exchange, { caller, course, assignment, student, receivedAt }) }
    },
  }
}

export function getReceiptKeys(exchange: Exchange): Operation {
  return {
    access: 'user',
    async handle() {
      const keys = await listPublicKeys(exchange.db.read)
      return {
        keys: keys.map(({ id, publicKey, createdAt, retiredAt }) => ({
          id,
          publicKey,
          createdAt: formatTimestamp(createdAt),
          retiredAt: retiredAt === null ? null : formatTimestamp(retiredAt),
        })),
      }
    },
  }
}
