/** vserver, built but not listening: the prototype of 2020 on the exchange of today, safe from the network. */
import { METHODS } from 'node:http'
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify'
import type { Clock } from '../domain/timestamp.ts'
import type { Exchange } from '../exchange/exchange.ts'
import type { FormLimits } from '../http/form/form.ts'
import type { Metrics } from '../http/metrics.ts'
import { stopOrderly } from '../http/orderly-stop.ts'
import { sendPage } from '../http/pages.ts'
import { logRequests } from '../http/request-log.ts'
import { answerFailure, answerNotFound, callJsonHtml } from './answers.ts'
import { faviconPng } from './favicon.ts'
import { serveFileSystem } from './file-system.ts'
import type { FileLimits } from './files/calls.ts'
import type { Root } from './files/root.ts'
import { refuseForeignPages } from './foreign-pages.ts'
import { renderVserverPage } from './home-page.tsx'
import { serveNbgraderApi } from './nbgrader-api.ts'
import { serve } from './routes.ts'

export interface VserverOptions {
  /** The only folder that the file-system calls reach. */
  readonly root: Root
  readonly exchange: Exchange
  readonly clock: Clock
  readonly logger: FastifyBaseLogger
  /** Whether the server is to be reached from its own machine only. */
  readonly onLoopback: boolean
  readonly limits: { readonly form: FormLimits; readonly files: FileLimits }
}

/** The content of `/write` comes in the request line. */
const maxHeaderBytes = 4 * 1024 * 1024
const idleTimeoutMs = 120_000
const maxParamLength = 60_000

export function createVserver(options: VserverOptions): FastifyInstance {
  const app = Fastify({
    http: { maxHeaderSize: maxHeaderBytes },
    loggerInstance: options.logger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => crypto.randomUUID(),
    routerOptions: { maxParamLength, querystringParser: () => ({}) },
    connectionTimeout: idleTimeoutMs,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) =>
      answerFailure(error, request as FastifyRequest, reply as FastifyReply),
  })
  app.decorateRequest('receivedAt', 0)
  app.decorateRequest('caller', null)
  app.decorateRequest('form', null)
  supportAllMethods(app)
  leaveBodiesUnread(app)
  refuseUndeclaredAccess(app)
  logRequests(app, unmeasured)
  stopOrderly(app)
  app.addHook('onRequest', async request => {
    request.receivedAt = options.clock()
  })
  callJsonHtml(app)
  refuseForeignPages(app, options)
  app.setErrorHandler(answerFailure)
  app.setNotFoundHandler(answerNotFound)

  serve(app, '/', {
    access: 'anyone',
    GET: ({ protocol, host }, reply) =>
      sendPage(reply, renderVserverPage({ origin: `${protocol}://${host}` })),
  })
  serve(app, '/favicon.ico', {
    access: 'anyone',
    GET: (_request, reply) =>
      reply.type('image/png').header('cache-control', 'max-age=86400').send(faviconPng),
  })
  serveFileSystem(app, { root: options.root, limits: options.limits.files })
  serveNbgraderApi(app, { exchange: options.exchange, limits: options.limits.form })
  return app
}

const unmeasured: Metrics = {
  requestEnded: () => undefined,
  hubAsked: () => undefined,
  text: async () => '',
  contentType: 'text/plain',
}

function supportAllMethods(app: FastifyInstance): void {
  for (const method of METHODS) {
    if (method !== 'CONNECT' && !app.supportedMethods.includes(method)) app.addHttpMethod(method)
  }
}

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
