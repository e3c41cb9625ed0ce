/** A Fastify that leaves bodies, methods and errors to its owner, and logs requests its own way. Not listening. */
import { METHODS } from 'node:http'
import type { Socket } from 'node:net'
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify'
import type { Clock } from '../domain/timestamp.ts'
import { pythonJson } from './compat/python-json.ts'
import { boundConnections } from './connections.ts'
import { buildDoors } from './doors.ts'
import { honourExpectations } from './expectations.ts'
import type { Metrics } from './metrics.ts'
import { stopOrderly } from './orderly-stop.ts'
import { logRequests } from './request-log.ts'

export interface BareAppOptions {
  readonly logger: FastifyBaseLogger
  readonly clock: Clock
  /** Null: requests are not counted. */
  readonly metrics: Metrics | null
  /** To serve https, to callers with a certificate of that authority only; null: http. */
  readonly tls: { readonly key: Buffer; readonly cert: Buffer; readonly ca: Buffer } | null
  /** The request line and the headers together; Node's own limit where nothing is said. */
  readonly maxHeaderBytes?: number
  readonly maxConnections: number
  /** For what the framework itself refuses, before any route is asked. */
  readonly answerFailure: (error: unknown, request: FastifyRequest, reply: FastifyReply) => FastifyReply
}

/** Longer than any proxy in front keeps its connections, so that it is never we who close one it is using. */
const keepAliveTimeoutMs = 75_000
/** A connection on which nothing moves. */
const idleTimeoutMs = 120_000
/** For the request line and the headers, which come in one piece from everyone who means well. */
const headersTimeoutMs = 20_000
/** What is read of a body that nobody reads is one piece of the network, not two: thousands may wait in line. */
const highWaterMark = 16 * 1024
/** How often Node looks for requests that take too long. */
const checkTimeoutsMs = 5000
/** The slowest upload that we wait for. */
const requestTimeoutMs = 30 * 60_000
/** Names are longer than this only in attacks and tests; the exchange says what a name may be. */
const maxParamLength = 60_000

/** Its routes say in their `config` who may call them: it refuses to start with one that does not. */
export function createBareApp(options: BareAppOptions): FastifyInstance {
  const { maxHeaderBytes: maxHeaderSize } = options
  const serverOptions = {
    headersTimeout: headersTimeoutMs,
    highWaterMark,
    connectionsCheckingInterval: checkTimeoutsMs,
    ...(maxHeaderSize === undefined ? {} : { maxHeaderSize }),
  }
  const app = Fastify({
    ...(options.tls === null
      ? { http: serverOptions }
      : { https: { ...serverOptions, ...options.tls, requestCert: true, rejectUnauthorized: true } }),
    loggerInstance: options.logger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => crypto.randomUUID(),
    // Queries are read by those who want them, as forms are.
    routerOptions: { maxParamLength, querystringParser: () => ({}) },
    keepAliveTimeout: keepAliveTimeoutMs,
    connectionTimeout: idleTimeoutMs,
    requestTimeout: requestTimeoutMs,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) =>
      options.answerFailure(error, request as FastifyRequest, reply as FastifyReply),
    clientErrorHandler: answerBrokenRequest,
  })
  // A client that says that it has said everything still gets its answer.
  Object.assign(app.server, { httpAllowHalfOpen: true })
  app.decorateRequest('receivedAt', 0)
  app.decorateRequest('caller', null)
  app.decorateRequest('form', null)
  app.decorateRequest('visit', null)
  supportAllMethods(app)
  leaveBodiesUnread(app)
  refuseUndeclaredAccess(app)
  logRequests(app, options.metrics)
  honourExpectations(app)
  const { maxConnections, metrics: meter } = options
  const silent = boundConnections(app, { maxConnections, meter })
  stopOrderly(app, silent)
  buildDoors(app, { highWaterMark })
  app.addHook('onRequest', async (request, reply) => {
    request.receivedAt = options.clock()
    reply.header('x-content-type-options', 'nosniff')
  })
  return app
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

/**
 * Fastify knows the usual methods; the others that Node lets through are refused like them, not overlooked. Of QUERY, which
 * nobody serves, it would first want a Content-Type.
 */
function supportAllMethods(app: FastifyInstance): void {
  for (const method of METHODS) {
    if (method === 'CONNECT') continue
    if (method === 'QUERY') app.addHttpMethod(method, { overrideExisting: true })
    else if (!app.supportedMethods.includes(method)) app.addHttpMethod(method)
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
