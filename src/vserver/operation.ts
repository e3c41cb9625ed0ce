/** Turns operations of the 2020 API into handlers: who is asking, what was asked, what is answered. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Micros } from '../domain/timestamp.ts'
import type { FetchedTree } from '../exchange/directory-trees.ts'
import type { Caller, Exchange } from '../exchange/exchange.ts'
import type { Admission } from '../http/admission/admission.ts'
import { Overloaded } from '../http/admission/overloaded.ts'
import { type Fields, sendAnswer, TreeAnswer } from '../http/compat/answer.ts'
import { endVisit, type Ids } from '../http/compat/operation.ts'
import { Form, type FormLimits } from '../http/form/form.ts'
import { logIn } from './login.ts'
import { queryOf } from './routes.ts'

export interface ApiContext {
  readonly exchange: Exchange
  readonly limits: FormLimits
  readonly admission: Admission
}

export interface ApiRequest {
  readonly caller: Caller
  readonly ids: Ids
  readonly query: URLSearchParams
  readonly form: Form
  /** When the request arrived. */
  readonly receivedAt: Micros
}

export type Operation = (request: ApiRequest) => Promise<Fields | TreeAnswer>

export function runWith(context: ApiContext, operation: Operation) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { exchange, limits, admission } = context
    const query = queryOf(request)
    const visit = admission.arrive({
      request: request.raw,
      response: reply.raw,
      address: request.ip,
      claim: () => query.get('user'),
    })
    const form = new Form(request.raw, exchange.content, limits, visit, { counts: 'first', strip: false })
    request.form = form
    request.visit = visit
    let isRefused = false
    try {
      admission.requireRoom()
      const caller = await logIn(exchange, { query, form, address: request.ip })
      request.caller = caller
      await visit.begin(caller.name)
      const ids = { course: '', assignment: '', user: '', ...(request.params as Partial<Ids>) }
      const answer = await operation({ caller, ids, query, form, receivedAt: request.receivedAt })
      return await sendAnswer(answer, request, reply, exchange)
    } catch (error) {
      isRefused = error instanceof Overloaded
      throw error
    } finally {
      await endVisit(visit, form, { isRefused, response: reply.raw })
    }
  }
}

/** Paths and content, or paths alone; there were no checksums. */
export function filesAnswer(
  tree: FetchedTree | null,
  { query }: Pick<ApiRequest, 'query'>,
  after: Fields = {},
): TreeAnswer {
  return new TreeAnswer({ tree, content: query.get('list_only') !== 'true', checksums: false, after })
}
