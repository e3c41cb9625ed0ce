/** What every answer here has in common: HTTP 200 also for refusals, and JSON that calls itself HTML. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Overloaded } from '../http/admission/overloaded.ts'
import type { Fields } from '../http/compat/answer.ts'
import { apiFailure, sendFailure } from '../http/compat/operation.ts'
import { pythonJson } from '../http/compat/python-json.ts'
import type { Failure } from '../http/errors.ts'
import { sendPage } from '../http/pages.ts'
import { renderMessagePage } from '../web/message-page.tsx'
import { CallFailed } from './files/calls.ts'

/** Names of files and courses are anyone's: as HTML, they must not become a page that does something. */
const contentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'; sandbox"

export function sendFields(reply: FastifyReply, fields: Fields): FastifyReply {
  return reply.type('application/json').send(pythonJson({ success: true, ...fields }))
}

/** JSON goes out under the name of the old server; nothing is shown within pages of other sites. */
export function callJsonHtml(app: FastifyInstance): void {
  app.addHook('onSend', async (_request, reply) => {
    reply.header('x-content-type-options', 'nosniff').header('cross-origin-resource-policy', 'same-origin')
    if (!String(reply.getHeader('content-type')).startsWith('application/json')) return
    reply.header('content-type', 'text/html; charset=utf-8')
    reply.header('content-security-policy', contentSecurityPolicy)
  })
}

/** For paths that are nobody's, whatever the method. */
export function answerNotFound(_request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return sendFailure(reply, { status: 200, message: '404 (Not Found)' })
}

export function answerFailure(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const failure = failureOf(error)
  if (failure.status >= 500 && !(error instanceof Overloaded))
    request.log.error({ err: error }, failure.message)
  return sendFailure(reply, failure)
}

export function sendMethodNotAllowed(reply: FastifyReply, allowed: string): FastifyReply {
  reply.code(405).header('allow', allowed)
  return sendPage(
    reply,
    renderMessagePage({
      prefix: '/',
      title: '405 Method Not Allowed',
      text: `This address takes ${allowed}.`,
    }),
  )
}

/** A status of its own has only what the old server did not know: limits, and trouble of ours. */
function failureOf(error: unknown): Failure {
  if (error instanceof CallFailed) return { status: 200, message: error.message }
  const failure = apiFailure(error, true)
  const hasOwnStatus = failure.status >= 500 || failure.status === 413 || error instanceof Overloaded
  return hasOwnStatus ? failure : { ...failure, status: 200 }
}
