/** Turns v1 operations into routes: who may call, what was asked, what is answered. */
import { type IncomingHttpHeaders, METHODS, type ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Access, Authenticator } from '../../auth/authenticator.ts'
import type { Refusal } from '../../domain/errors.ts'
import type { Micros } from '../../domain/timestamp.ts'
import type { Caller, Exchange } from '../../exchange/exchange.ts'
import { bringMemberships } from '../../exchange/group-memberships.ts'
import type { Admission, Visit } from '../admission/admission.ts'
import { Overloaded } from '../admission/overloaded.ts'
import { type Failure, failureOf } from '../errors.ts'
import { Form, type FormLimits } from '../form/form.ts'
import { noteRefusal } from '../refused-attempts.ts'
import { type Answer, sendAnswer } from './answer.ts'
import { InvalidArgument } from './invalid-argument.ts'
import { pythonJson } from './python-json.ts'
import { wordRefusal } from './refusals.ts'

export interface ApiContext {
  readonly exchange: Exchange
  readonly authenticator: Authenticator
  readonly admission: Admission
  readonly limits: FormLimits
  /** Debug mode explains refusals, and has the pages that fill, clear and show the database. */
  readonly debug: boolean
  readonly prefix: string
}

export interface Operation {
  readonly access: Access
  readonly handle: (request: ApiRequest) => Promise<Answer>
}

export interface ApiRequest {
  readonly caller: Caller
  /** What a page must send back with what it does; null where callers need not. */
  readonly xsrfToken: string | null
  readonly ids: Ids
  readonly form: Form
  /** When the request arrived. */
  readonly receivedAt: Micros
  readonly headers: IncomingHttpHeaders
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
    access?: 'anyone' | Access
  }
  interface FastifyRequest {
    receivedAt: Micros
    caller: Caller | null
    form: Form | null
    visit: Visit | null
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
  for (const header of ofSuccess) reply.removeHeader(header)
  return reply
    .code(failure.status)
    .type('application/json')
    .header('x-content-type-options', 'nosniff')
    .send(pythonJson({ success: false, message: failure.message }))
}

/** What an answer may have set before it failed. */
const ofSuccess = ['etag', 'content-length', 'content-type']

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
  const { authenticator, admission } = context
  const visit = admission.arrive({
    request: request.raw,
    response: reply.raw,
    address: request.ip,
    claim: () => authenticator.claim(request.headers, name => form.queryArgument(name)),
  })
  const form = new Form(request.raw, context.exchange.content, context.limits, visit)
  request.form = form
  request.visit = visit
  let isRefused = false
  try {
    admission.requireRoom()
    const { memberships, xsrfToken, ...person } = await authenticator.identify({
      method: request.method,
      headers: request.headers,
      argument: name => form.argument(name),
      bodyArgument: name => form.bodyArgument(name),
      queryArgument: name => form.queryArgument(name),
      access: operation.access,
    })
    const caller: Caller = { ...person, address: request.ip }
    request.caller = caller
    const turn = visit.begin(caller.name)
    if (turn !== null) await turn
    if (memberships !== null) await bringMemberships(context.exchange, { caller, memberships })
    const { receivedAt, protocol, host } = request
    const ids = idsOf(request)
    const { headers } = request
    const origin = `${protocol}://${host}`
    const answer = await operation.handle({ caller, xsrfToken, ids, form, receivedAt, headers, origin })
    return await sendAnswer(answer, request, reply, context.exchange)
  } catch (error) {
    noteRefusal(context.exchange, error, request)
    isRefused = error instanceof Overloaded
    throw error
  } finally {
    await endVisit(visit, form, { isRefused, response: reply.raw })
  }
}

/** Who is sent away is told at once, while it is still sending; unless its connection ends with the answer. */
export async function endVisit(
  visit: Visit,
  form: Form,
  { isRefused, response }: { isRefused: boolean; response: ServerResponse },
): Promise<void> {
  await form.discard()
  visit.end()
  const passed = form.passRest()
  if (!isRefused || !response.shouldKeepAlive) await passed
}

function idsOf(request: FastifyRequest): Ids {
  const params = request.params as Partial<Ids>
  return { course: params.course ?? '', assignment: params.assignment ?? '', user: params.user ?? '' }
}
