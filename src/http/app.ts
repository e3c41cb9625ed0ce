/** The HTTP server, built but not listening: its errors, and the rooms it opens. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { NotIdentified } from '../auth/authenticator.ts'
import type { PluginWheel } from '../plugin-wheel.ts'
import { faviconSvg, layoutScript } from '../web/assets.ts'
import { Overloaded } from './admission/overloaded.ts'
import { type BareAppOptions, createBareApp } from './bare-app.ts'
import {
  isForPeople,
  registerBrowserLogin,
  sendFailurePage,
  sendToLogin,
  wantsLogin,
} from './browser-login.ts'
import { registerApi } from './compat/api.ts'
import { type ApiContext, apiFailure, sendFailure, sendMethodNotAllowed } from './compat/operation.ts'
import { registerHealth } from './health.ts'
import type { Metrics } from './metrics.ts'
import { registerPluginWheel } from './plugin-wheel.ts'
import { createTroubleLog } from './trouble-log.ts'
import { registerV2 } from './v2/api.ts'

export interface AppOptions extends ApiContext, Omit<BareAppOptions, 'answerFailure' | 'maxHeaderBytes'> {
  readonly metrics: Metrics
  /** Of this program. */
  readonly version: string
  /** For nbgrader; null: there is none to hand out. */
  readonly pluginWheel: PluginWheel | null
}

export function createApp(options: AppOptions): FastifyInstance {
  const { prefix, pluginWheel } = options
  const { login } = options.authenticator
  const tellTrouble = createTroubleLog()
  const app = createBareApp({ ...options, answerFailure })
  app.addHook('onRequest', async (request, reply) => {
    if (isPathOf(request)) return
    reply.callNotFound()
    return reply
  })
  app.setErrorHandler(answerError)
  app.setNotFoundHandler(answerNotFound)

  registerHealth(app, options)
  app.get('/metrics', { config: { access: 'anyone' } }, async (_request, reply) =>
    reply.type(options.metrics.contentType).send(await options.metrics.text()),
  )
  app.get(`${prefix}favicon.ico`, { config: { access: 'anyone' } }, (_request, reply) =>
    reply.type('image/svg+xml').header('cache-control', 'max-age=86400').send(faviconSvg),
  )
  app.get(`${prefix}masonry.min.js`, { config: { access: 'anyone' } }, (_request, reply) =>
    reply.type('text/javascript').header('cache-control', 'max-age=86400').send(layoutScript),
  )
  if (pluginWheel !== null) registerPluginWheel(app, prefix, pluginWheel)
  registerApi(app, options)
  registerV2(app, { ...options, tellTrouble })
  if (login !== null) registerBrowserLogin(app, options, login)
  return app

  async function answerError(
    error: unknown,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    if (login === null || !wantsLogin(error, request)) return answerFailure(error, request, reply)
    try {
      return await sendToLogin(login, request, reply)
    } catch (failed) {
      return answerFailure(failed, request, reply)
    }
  }

  function answerFailure(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const failure = apiFailure(error, options.debug)
    if (failure.status >= 500 && !(error instanceof Overloaded))
      tellTrouble(request.log, error, failure.message)
    if (failure.status === 401) reply.header('www-authenticate', 'Bearer')
    if (login !== null && error instanceof NotIdentified && error.reason === 'session-ended') {
      reply.header('set-cookie', [...login.end(request.headers)])
    }
    if (login !== null && isForPeople(error, request)) return sendFailurePage(reply, failure, prefix)
    return sendFailure(reply, failure)
  }
}

/**
 * The router decodes before it matches, and takes an empty segment for an id. The contract matches the path as it was
 * sent: fixed parts to the letter, ids with at least one character.
 */
function isPathOf(request: FastifyRequest): boolean {
  const pattern = request.routeOptions.url
  if (pattern === undefined) return true // nobody's path, and about to be told so
  const segments = request.url.split('?', 1)[0]?.split('/') ?? []
  const expected = pattern.split('/')
  return (
    segments.length === expected.length &&
    expected.every((part, i) => (part.startsWith(':') ? segments[i] !== '' : segments[i] === part))
  )
}

/** Paths that are nobody's: as the old server, 405 for anything but reading. */
function answerNotFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return sendMethodNotAllowed(reply, ['GET', 'HEAD'])
  if (request.headers.accept?.includes('application/json')) {
    return sendFailure(reply, { status: 404, message: 'Not found' })
  }
  return reply.code(404).type('text/html; charset=utf-8').send('<h1>404 Not Found</h1>\n')
}
