/** vserver, built but not listening: the prototype of 2020 on the exchange of today, safe from the network. */
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import type { Clock } from '../domain/timestamp.ts'
import type { Exchange } from '../exchange/exchange.ts'
import type { Admission } from '../http/admission/admission.ts'
import { createBareApp } from '../http/bare-app.ts'
import type { FormLimits } from '../http/form/form.ts'
import { sendPage } from '../http/pages.ts'
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
  readonly admission: Admission
  readonly maxConnections: number
}

/** The content of `/write` comes in the request line. */
const maxHeaderBytes = 4 * 1024 * 1024

export function createVserver(options: VserverOptions): FastifyInstance {
  const app = createBareApp({ ...options, tls: null, metrics: null, maxHeaderBytes, answerFailure })
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
  const { exchange, limits, admission } = options
  serveNbgraderApi(app, { exchange, limits: limits.form, admission })
  return app
}
