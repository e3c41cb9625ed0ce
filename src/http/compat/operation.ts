/** Turns v1 operations into routes: who may call, what was asked, what is answered. */
import { METHODS } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Authenticator } from '../../auth/authenticator.ts'
import type { Refusal } from '../../domain/errors.ts'
import type { Micros } from '../../domain/timestamp.ts'
import type { Caller, Exchange } from '../../exchange/exchange.ts'
import { type Failure, failureOf } from '../errors.ts'
import { Form, type FormLimits } from '../form/form.ts'
import { type Answer, sendAnswer } from './answer.ts'
import { InvalidArgument } from './invalid-argument.ts'
import { pythonJson } from './python-json.ts'
import { wordRefusal } from './refusals.ts'

export interface ApiContext {
  readonly exchange: Exchange
  readonly authenticator: Authenticator
  readonly limits: FormLimits
  /** Debug mode explains refusals, and has the pages that fill, clear and show the database. */
  readonly debug: boolean
  readonly prefix: string
}

export interface Operation {
  /** `user`: identified callers. `visitor`: in stand-alone mode also who says nothing. What they may do, the exchange says. */
  readonly access: 'user' | 'visitor'
  readonly handle: (request: ApiRequest, reply: FastifyReply) => Promise<Answer | FastifyReply>
}

export interface ApiRequest {
  readonly caller: Caller
  readonly ids: Ids
  readonly form: Form
  /** When the request arrived. */
  readonly receivedAt: Micros
  /** How the client reached us: scheme and host. */
  readonly origin: string
}

/** The segments of the path, decoded. Those that a path lacks are empty, as no segment of a path can be. */
export interface Ids {
  readonly course: string
  readonly assignment: string
  readonly user: string
}

type Verb = 'GET' | 'POST' | 'PUT' | 'DELETE'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call the route. There is no route without: the app refuses to start. */
    access?: 'anyone' | Operation['access']
  }
  interface FastifyRequest {
    receivedAt: Micros
    caller: Caller | null
    form: Form | null
  }
}

/** Serves one path: the given operations, and 405 for every other method. */
export function resource(
  app: FastifyInstance,
  context: ApiContext,
  path: string,
  operations: Partial<Record<Verb, Operation>>,
): void {
  for (const [method, operation] of Object.entries(operations)) {
    app.route({
      method,
      url: path,
      config: { access: operation.access },
      handler: (request, reply) => runOperation(context, operation, request, reply),
    })
  }
  const allowed = Object.keys(operations).flatMap(method => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
  app.route({
    method: otherMethods(allowed),
    url: path,
    config: { access: 'anyone' },
    handler: (_request, reply) => sendMethodNotAllowed(reply, allowed),
  })
}

export function sendMethodNotAllowed(reply: FastifyReply, allowed: readonly string[]): FastifyReply {
  reply.header('allow', allowed.join(', '))
  return sendFailure(reply, { status: 405, message: 'Method not allowed' })
}

export function sendFailure(reply: FastifyReply, failure: Failure): FastifyReply {
  if (failure.retryAfterSeconds !== undefined) reply.header('retry-after', failure.retryAfterSeconds)
  return reply
    .code(failure.status)
    .type('application/json')
    .send(pythonJson({ success: false, message: failure.message }))
}

/** v1's answer to anything that was thrown. */
export function apiFailure(error: unknown, debug: boolean): Failure {
  if (error instanceof InvalidArgument) return { status: 400, message: error.message }
  return failureOf(error, (refusal: Refusal) => wordRefusal(refusal, debug))
}

/** Methods that Node understands and the path does not serve. CONNECT never arrives as a request. */
function otherMethods(allowed: readonly string[]): string[] {
  return METHODS.filter(method => method !== 'CONNECT' && !allowed.includes(method))
}

async function runOperation(
  context: ApiContext,
  operation: Operation,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const ids = idsOf(request)
  if (ids === null) {
    reply.callNotFound()
    return reply
  }
  const form = new Form(request.raw, context.exchange.content, context.limits)
  request.form = form
  try {
    const identity = await context.authenticator.identify({
      headers: request.headers,
      argument: name => form.argument(name),
      asVisitor: operation.access === 'visitor',
    })
    const caller: Caller = { ...identity, address: request.ip }
    request.caller = caller
    const { receivedAt, protocol, host } = request
    const answer = await operation.handle(
      { caller, ids, form, receivedAt, origin: `${protocol}://${host}` },
      reply,
    )
    return isReply(answer, reply) ? answer : await sendAnswer(answer, request, reply, context.exchange)
  } finally {
    await form.discard()
  }
}

function isReply(answer: Answer | FastifyReply, reply: FastifyReply): answer is FastifyReply {
  return answer === reply
}

/** Null if a segment is empty: then the path is none of ours. */
function idsOf(request: FastifyRequest): Ids | null {
  const params = request.params as Partial<Record<keyof Ids, string>>
  if (Object.values(params).includes('')) return null
  return { course: params.course ?? '', assignment: params.assignment ?? '', user: params.user ?? '' }
}
