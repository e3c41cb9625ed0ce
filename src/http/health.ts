/** Whether we live, and whether we could serve now. Open to everyone; tells nothing about anyone. */
import type { FastifyInstance } from 'fastify'
import type { Exchange } from '../exchange/exchange.ts'

const okay = { success: true }

/** `healthz` answers whatever else is in trouble; `readyz` asks the database and the content store. */
export function registerHealth(app: FastifyInstance, options: { exchange: Exchange; prefix: string }): void {
  const { exchange, prefix } = options
  for (const base of new Set(['/', prefix])) {
    app.get(`${base}healthz`, { config: { access: 'anyone' } }, (_request, reply) => reply.send(okay))
    app.get(`${base}readyz`, { config: { access: 'anyone' } }, async (request, reply) => {
      const [database, content] = await Promise.all([
        works(exchange.db.check()),
        works(exchange.content.check()),
      ])
      for (const trouble of [database, content])
        if (trouble !== null) request.log.error({ err: trouble }, 'not ready')
      const success = database === null && content === null
      return reply.code(success ? 200 : 503).send({
        success,
        database: database === null ? 'ok' : 'failed',
        content: content === null ? 'ok' : 'failed',
      })
    })
  }
}

async function works(check: Promise<void>): Promise<unknown> {
  try {
    await check
    return null
  } catch (error) {
    return error
  }
}
