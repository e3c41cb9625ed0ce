/** The HTTP server, built but not listening: limits, errors, what is logged of each request, and the rooms it opens. */
import { METHODS } from 'node:http'
import type { Socket } from 'node:net'
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify'
import { NotIdentified } from '../auth/authenticator.ts'
import { Trouble } from '../domain/errors.ts'
import type { Clock } from '../domain/timestamp.ts'
import { faviconSvg, layoutScript } from '../web/assets.ts'
import {
  isForPeople,
  registerBrowserLogin,
  sendFailurePage,
  sendToLogin,
  wantsLogin,
} from './browser-login.ts'
import { registerApi } from './compat/api.ts'
import { type ApiContext, apiFailure, sendFailure, sendMethodNotAllowed } from './compat/operation.ts'
import { pythonJson } from './compat/python-json.ts'
import { registerHealth } from './health.ts'
import type { Metrics } from './metrics.ts'
import { stopOrderly } from './orderly-stop.ts'
import { logRequests } from './request-log.ts'

export interface AppOptions extends ApiContext {
  readonly logger: FastifyBaseLogger
  readonly metrics: Metrics
  readonly clock: Clock
  /** To serve https, to callers with a certificate of that authority only; null: http. */
  readonly tls: { readonly key: Buffer; readonly cert: Buffer; readonly ca: Buffer } | null
}

/** Longer than any proxy in front keeps its connections, so that it is never we who close one it is using. */
const keepAliveTimeoutMs = 75_000
/** A connection on which nothing moves. */
const idleTimeoutMs = 120_000
/** The slowest upload that we wait for. */
const requestTimeoutMs = 30 * 60_000
/** Names are longer than this only in attacks and tests; the exchange says what a name may be. */
const maxParamLength = 60_000

export function createApp(options: AppOptions): FastifyInstance {
  const { prefix } = options
  const { login } = options.authenticator
  const app = Fastify({
    ...(options.tls === null
      ? {}
      : { https: { ...options.tls, requestCert: true, rejectUnauthorized: true } }),
    loggerInstance: options.logger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => crypto.randomUUID(),
    routerOptions: { maxParamLength },
    keepAliveTimeout: keepAliveTimeoutMs,
    connectionTimeout: idleTimeoutMs,
    requestTimeout: requestTimeoutMs,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) =>
      answerFailure(error, request as FastifyRequest, reply as FastifyReply),
    clientErrorHandler: answerBrokenRequest,
  })
  // A client that says that it has said everything still gets its answer.
  Object.assign(app.server, { httpAllowHalfOpen: true })
  app.decorateRequest('receivedAt', 0)
  app.decorateRequest('caller', null)
  app.decorateRequest('form', null)
  supportAllMethods(app)
  leaveBodiesUnread(app)
  refuseUndeclaredAccess(app)
  logRequests(app, options.metrics)
  stopOrderly(app)
  app.addHook('onRequest', async (request, reply) => {
    request.receivedAt = options.clock()
    reply.header('x-content-type-options', 'nosniff')
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
  registerApi(app, options)
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
    if (failure.status >= 500) request.log.error(factsOf(error), failure.message)
    if (failure.status === 401) reply.header('www-authenticate', 'Bearer')
    if (login !== null && error instanceof NotIdentified && error.reason === 'session-ended') {
      reply.header('set-cookie', [...login.end(request.headers)])
    }
    if (login !== null && isForPeople(error, request)) return sendFailurePage(reply, failure, prefix)
    return sendFailure(reply, failure)
  }
}

/** Trouble without a cause says all in its message. */
function factsOf(error: unknown): object {
  return error instanceof Trouble && error.cause === undefined ? { reason: error.message } : { err: error }
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

/** What Node could not read as a request at all, or what ended half-way: the connection is all there is. */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const [status, message] = brokenRequests[error.code ?? ''] ?? [
    '400 Bad Request',
    'The request is malformed',
  ]
  const body = pythonJson({ success: false, message })
  const head = [
    `HTTP/1.1 ${status}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'X-Content-Type-Options: nosniff',
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

const brokenRequests: Record<string, [string, string]> = {
  HPE_HEADER_OVERFLOW: [
    '431 Request Header Fields Too Large',
    'The request line or its headers are too long',
  ],
  HPE_INVALID_EOF_STATE: ['400 Bad Request', 'The request body is incomplete'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'The request took too long to arrive'],
}

/** Fastify knows the usual methods; the others that Node lets through are refused like them, not overlooked. */
function supportAllMethods(app: FastifyInstance): void {
  for (const method of METHODS) {
    if (method !== 'CONNECT' && !app.supportedMethods.includes(method)) app.addHttpMethod(method)
  }
}

/** Bodies are read by those who want them, as streams. */
function leaveBodiesUnread(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
}

function refuseUndeclaredAccess(app: FastifyInstance): void {
  app.addHook('onRoute', route => {
    if (route.config?.access === undefined)
      throw new Error(`${route.method} ${route.url} does not say who may call it`)
  })
}
