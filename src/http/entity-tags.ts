/** Answers that the client has already (RFC 9110 §13.1.2). */
import type { FastifyReply, FastifyRequest } from 'fastify'

/** Sets the entity tag; says whether the client has this very answer. */
export function hasAlready(request: FastifyRequest, reply: FastifyReply, digest: string): boolean {
  const tag = `"${digest}"`
  reply.header('etag', tag)
  const known = request.headers['if-none-match']
  if (known === undefined) return false
  return (
    known.trim() === '*' || known.split(',').some(candidate => candidate.trim().replace(/^W\//, '') === tag)
  )
}
