/** What the service is, and who it takes the caller for: the first thing that a client asks. */
import { noQuotas } from '../../domain/quotas.ts'
import { listPublicKeys } from '../../exchange/receipts.ts'
import type { V2App, V2Context } from './api.ts'
import { callerOf } from './callers.ts'
import { maxManifestBytes } from './large-bodies.ts'
import { answers, ofUsers } from './routes.ts'
import { formatMoment, pageOf, ReceiptKey, Service } from './schemas.ts'

export function registerService(app: V2App, { exchange, limits, version }: V2Context): void {
  app.get(
    '/',
    {
      ...ofUsers,
      schema: {
        operationId: 'getService',
        summary: 'What this service is, who you are to it, and what may be uploaded',
        tags: ['service'],
        response: answers({ 200: Service }),
      },
    },
    async request => {
      const { name, kind, isAdmin } = callerOf(request)
      const { assignmentBytes, userBytes, courseBytes } = exchange.quotas ?? noQuotas
      return {
        name: 'ngshare' as const,
        version,
        caller: { name, kind, isAdmin },
        limits: {
          bodyBytes: limits.maxBodyBytes,
          fileBytes: limits.maxFileBytes,
          treeBytes: limits.maxTreeBytes ?? null,
          files: limits.maxFiles,
          manifestBytes: maxManifestBytes(limits),
          ...{ assignmentBytes, userBytes, courseBytes },
        },
      }
    },
  )

  app.get(
    '/receipt-keys',
    {
      ...ofUsers,
      schema: {
        operationId: 'listReceiptKeys',
        summary: 'The public keys with which receipts can be checked, those of earlier receipts, too',
        tags: ['service'],
        response: answers({ 200: pageOf(ReceiptKey) }),
      },
    },
    async () => {
      const keys = await listPublicKeys(exchange.db.read)
      const items = keys.map(({ id, publicKey, createdAt, retiredAt }) => ({
        ...{ id, publicKey },
        createdAt: formatMoment(createdAt),
        retiredAt: retiredAt === null ? null : formatMoment(retiredAt),
      }))
      return { items, next: null }
    },
  )
}
