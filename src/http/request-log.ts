/** One line and one measurement a request, when its answer has gone out. */
import type { FastifyInstance } from 'fastify'
import type { Metrics } from './metrics.ts'

const maxLoggedPath = 300

/** The path is logged without its query, whose arguments may be anything. */
export function logRequests(app: FastifyInstance, metrics: Metrics): void {
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none'
    const durationMs = Math.round(reply.elapsedTime * 100) / 100
    const bytesIn = request.form?.bodyBytes ?? 0
    const bytesOut = Number(reply.getHeader('content-length') ?? 0)
    const status = reply.statusCode
    metrics.requestEnded({ method: request.method, route, status, durationMs, bytesIn, bytesOut })
    request.log.info(
      {
        user: request.caller?.name,
        method: request.method,
        route,
        path: request.url.split('?', 1)[0]?.slice(0, maxLoggedPath),
        status,
        durationMs,
        bytesIn,
        bytesOut,
        // The client went away before it had everything.
        ...(reply.raw.writableFinished ? {} : { cutOff: true }),
      },
      'request',
    )
  })
}
