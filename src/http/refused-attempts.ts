/** Attempts to change what one may not change, or to read what is another's, are worth remembering. */
import type { FastifyRequest } from 'fastify'
import { Refusal, type RefusalCode } from '../domain/errors.ts'
import { isNewName } from '../domain/names.ts'
import type { Exchange } from '../exchange/exchange.ts'

/** The names of what it is about are the parameters `course`, `assignment` and `user` of the route. */
export function noteRefusal(exchange: Exchange, error: unknown, request: FastifyRequest): void {
  const { caller, receivedAt: at } = request
  const { course, assignment, user } = request.params as Record<string, string | undefined>
  const isAttempt = (request.method !== 'GET' && request.method !== 'HEAD') || Boolean(user)
  if (caller === null || !isAttempt || !(error instanceof Refusal) || !memorable.has(error.code)) return
  exchange.later?.({
    at,
    caller,
    action: 'refused',
    result: error.code,
    course: nameIn(course),
    assignment: nameIn(assignment),
    subject: nameIn(user),
  })
}

const memorable: ReadonlySet<RefusalCode> = new Set([
  'not-admin',
  'not-instructor',
  'not-related',
  'cannot-modify-instructors',
  'cannot-modify-other-instructors',
  'quota-exceeded',
])

function nameIn(text: string | undefined): string | undefined {
  return text !== undefined && isNewName(text) ? text : undefined
}
