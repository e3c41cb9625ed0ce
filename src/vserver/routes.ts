/** One path and its methods, as Flask serves them: HEAD with GET, OPTIONS everywhere, 405 for the rest. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { sendMethodNotAllowed } from './answers.ts'

type Handler = (request: FastifyRequest, reply: FastifyReply) => FastifyReply | Promise<FastifyReply>

export interface Resource {
  readonly access: 'anyone' | 'user'
  readonly GET?: Handler
  readonly POST?: Handler
}

export function serve(app: FastifyInstance, url: string, { access, GET, POST }: Resource): void {
  const allowed = [...(GET ? ['GET', 'HEAD'] : []), ...(POST ? ['POST'] : []), 'OPTIONS'].join(', ')
  const handlers: Partial<Record<string, Handler | undefined>> = { GET, HEAD: GET, POST }
  app.route({
    method: [...app.supportedMethods],
    url,
    exposeHeadRoute: false,
    config: { access },
    async handler(request, reply) {
      if (!hasWholeIds(request)) return reply.callNotFound()
      if (request.method === 'OPTIONS') return reply.header('allow', allowed).send('')
      const handle = handlers[request.method]
      return handle === undefined ? sendMethodNotAllowed(reply, allowed) : handle(request, reply)
    },
  })
}

/** Its `get` gives the first of repeated arguments, unstripped; what is no UTF-8 becomes U+FFFD: as in Flask. */
export function queryOf(request: FastifyRequest): URLSearchParams {
  const start = request.url.indexOf('?')
  return new URLSearchParams(
    start === -1 ? '' : Buffer.from(request.url.slice(start + 1), 'latin1').toString(),
  )
}

/** Flask decodes before it routes: an id is never empty, and a slash in it makes another path. */
function hasWholeIds(request: FastifyRequest): boolean {
  const ids = Object.values(request.params as Record<string, string>)
  return ids.every(id => id !== '' && !id.includes('/'))
}
