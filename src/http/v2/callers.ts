/** Who asks, and when it is their turn: found out before anything of the request's body is read. */
import type { FastifyRequest } from 'fastify'
import type { Caller } from '../../exchange/exchange.ts'
import { bringMemberships } from '../../exchange/group-memberships.ts'
import { noteRefusal } from '../refused-attempts.ts'
import type { V2App, V2Context } from './api.ts'
import { memoryOfJson } from './large-bodies.ts'

/** Routes that are open to everyone say so in their `config`. */
export function identifyCallers(
  app: V2App,
  { exchange, authenticator, admission }: Pick<V2Context, 'exchange' | 'authenticator' | 'admission'>,
): void {
  app.addHook('onRequest', async (request, reply) => {
    const query = queryOf(request)
    const { access } = request.routeOptions.config
    if (access !== undefined && access !== 'anyone') {
      const visit = admission.arrive({
        request: request.raw,
        response: reply.raw,
        address: request.ip,
        claim: () => authenticator.claim(request.headers, name => query.get(name) ?? undefined),
      })
      request.visit = visit
      reply.raw.once('close', () => visit.end())
      admission.requireRoom()
      const {
        memberships,
        xsrfToken: _,
        ...person
      } = await authenticator.identify({
        method: request.method,
        headers: request.headers,
        argument: async name => query.get(name) ?? undefined,
        bodyArgument: async () => undefined,
        queryArgument: name => query.get(name) ?? undefined,
        access,
      })
      const caller: Caller = { ...person, address: request.ip }
      request.caller = caller
      if (isFile(request)) await visit.begin(caller.name)
      else {
        await visit.begin(caller.name, memoryOfJson(request))
        await visit.invite()
      }
      if (memberships !== null) await bringMemberships(exchange, { caller, memberships })
    }
    for (const name of ofCredentials) query.delete(name)
    request.query = argumentsOf(query)
  })
  app.addHook('onError', async (request, _reply, error) => noteRefusal(exchange, error, request))
}

/** The caller of a route that is not open to everyone. */
export function callerOf(request: FastifyRequest): Caller {
  if (request.caller === null) throw new Error('a route without its caller')
  return request.caller
}

/** The bytes of a file are read by the route that wants them, if at all. */
function isFile(request: FastifyRequest): boolean {
  return request.headers['content-type']?.startsWith('application/octet-stream') ?? false
}

/** Arguments that say who asks. */
const ofCredentials = ['user', 'token']

function queryOf(request: FastifyRequest): URLSearchParams {
  const start = request.url.indexOf('?')
  return new URLSearchParams(start < 0 ? '' : request.url.slice(start + 1))
}

/** One that is repeated is an array, which no schema of ours accepts. */
function argumentsOf(query: URLSearchParams): Record<string, string | string[]> {
  const names = [...new Set(query.keys())]
  return Object.fromEntries(
    names.map(name => {
      const values = query.getAll(name)
      return [name, values.length === 1 ? (values[0] ?? '') : values]
    }),
  )
}
