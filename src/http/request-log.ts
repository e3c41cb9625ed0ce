/** One line and one measurement a request, when its answer has gone out or its client has gone away. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Metrics } from './metrics.ts'

const maxLoggedPath = 300
const maxLoggedName = 255

type RequestMeter = Pick<Metrics, 'requestEnded'>

/** The path is logged without its query, whose arguments may be anything. */
export function logRequests(app: FastifyInstance, metrics: RequestMeter | null): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.raw.once('close', () => logRequest(request, reply, metrics))
  })
}

function logRequest(request: FastifyRequest, reply: FastifyReply, metrics: RequestMeter | null): void {
  const { method } = request
  const route = request.routeOptions.url ?? 'none'
  const status = reply.statusCode
  const durationMs = Math.round(reply.elapsedTime * 100) / 100
  const bytesIn = request.form?.bodyBytes ?? 0
  const bytesOut = method === 'HEAD' ? 0 : Number(reply.getHeader('content-length') ?? 0)
  metrics?.requestEnded({ method, route, status, durationMs, bytesIn, bytesOut })
  request.log.info(
    {
      user: request.caller?.name.slice(0, maxLoggedName),
      method,
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
}
