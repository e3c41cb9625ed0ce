/** Whether we live, and whether we could serve now. Open to everyone; tells nothing about anyone. */
import type { FastifyInstance } from 'fastify'
import type { Exchange } from '../exchange/exchange.ts'
import { pythonJson } from './compat/python-json.ts'

/**
 * `healthz` answers whatever else is in trouble, and to the last; `readyz` asks the database and the content store, and
 * says no from the moment on when the server is told to stop.
 */
export function registerHealth(app: FastifyInstance, options: { exchange: Exchange; prefix: string }): void {
  const { exchange, prefix } = options
  const open = { config: { access: 'anyone' } } as const
  let looking: Promise<readonly unknown[]> | null = null

  /** However many ask at once: everybody may, and each look writes. */
  function look(): Promise<readonly unknown[]> {
    looking ??= Promise.all([troubleIn(exchange.db.check()), troubleIn(exchange.content.check())]).finally(
      () => {
        looking = null
      },
    )
    return looking
  }

  for (const base of new Set(['/', prefix])) {
    app.get(`${base}healthz`, open, (_request, reply) =>
      reply.type('application/json').send(pythonJson({ success: true })),
    )
    app.get(`${base}readyz`, open, async (request, reply) => {
      if (app.stopping.hasBegun) {
        return reply
          .code(503)
          .type('application/json')
          .send(pythonJson({ success: false, stopping: true }))
      }
      const troubles = await look()
      const [database, content] = troubles.map(trouble => (trouble === null ? 'ok' : 'failed'))
      for (const err of troubles) if (err !== null) request.log.error({ err }, 'not ready')
      const success = troubles.every(trouble => trouble === null)
      return reply
        .code(success ? 200 : 503)
        .type('application/json')
        .send(pythonJson({ success, database, content }))
    })
  }
}

async function troubleIn(check: Promise<void>): Promise<unknown> {
  try {
    await check
    return null
  } catch (error) {
    return error
  }
}
