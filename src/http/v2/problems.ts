/** What the second API answers when it cannot do what was asked: RFC 9457. */
import type { FastifyReply } from 'fastify'
import { LoginFailed, NotIdentified } from '../../auth/authenticator.ts'
import {
  errorCode,
  QuotaExceeded,
  Refusal,
  type RefusalCode,
  TooLarge,
  Trouble,
} from '../../domain/errors.ts'
import { FilesMissing } from '../../exchange/uploads.ts'
import { Overloaded } from '../admission/overloaded.ts'
import { type Failure, failureOf, quotaWords } from '../errors.ts'
import { BadRequest } from '../form/errors.ts'
import { formatMoment, type Problem } from './schemas.ts'

/** The request does not say what it must; `message` says what. */
export class InvalidRequest extends Error {}

/** The path does not serve this method, but those. */
export class MethodNotAllowed extends Error {
  readonly allowed: readonly string[]

  constructor(allowed: readonly string[]) {
    super('method not allowed')
    this.allowed = allowed
  }
}

/** Nothing is there. */
export class PathNotFound extends Error {}

/** For programs and people: what was refused and why. */
export const refusalProblems: Record<RefusalCode, Failure> = {
  'course-not-found': { status: 404, message: 'There is no such course' },
  'course-exists': { status: 409, message: 'A course of this name exists' },
  'assignment-not-found': { status: 404, message: 'There is no such assignment' },
  'assignment-exists': { status: 409, message: 'The assignment is released already; say overwrite=true' },
  'instructor-not-found': { status: 404, message: 'There is no such instructor in the course' },
  'student-not-found': { status: 404, message: 'There is no such student in the course' },
  'submission-not-found': { status: 404, message: 'There is no such submission' },
  'release-not-found': { status: 404, message: 'The assignment has no such version' },
  'feedback-not-found': { status: 404, message: 'There is no feedback yet' },
  'file-not-found': { status: 404, message: 'The directory tree has no such file' },
  'not-admin': { status: 403, message: 'Only admins may do this' },
  'not-instructor': { status: 403, message: 'Only instructors of the course may do this' },
  'not-related': { status: 403, message: 'You neither teach nor take this course' },
  'cannot-modify-instructors': { status: 403, message: 'Only admins appoint and dismiss instructors' },
  'cannot-modify-other-instructors': { status: 403, message: 'Only admins change the details of others' },
  'instructor-is-no-student': { status: 409, message: 'Who teaches the course cannot take it' },
  'illegal-name': {
    status: 400,
    message: 'A name has 1 to 255 bytes, no control characters, and is not . or ..',
  },
  'illegal-path': {
    status: 400,
    message: 'A path of a file is relative, stands once, and no file is where another has a folder',
  },
  'checksum-mismatch': { status: 400, message: 'The bytes are not those of the SHA-256' },
  'content-not-base64': { status: 400, message: 'The content is not base64' },
  'quota-exceeded': { status: 413, message: 'There is no room left' },
  'files-missing': { status: 409, message: 'Files of the tree must be sent first' },
  'too-many-uploads': {
    status: 413,
    message: 'Too many bytes wait for a directory tree; they are forgotten after a day',
  },
  'key-reused': {
    status: 422,
    message: 'This Idempotency-Key was used for another submission of yours',
  },
}

/** `prefix`: of the second API. */
export function problemOf(error: unknown, prefix: string): { problem: Problem; retryAfterSeconds?: number } {
  const { status, message, retryAfterSeconds } = failureIn(error)
  const code = codeOf(error, status)
  const problem: Problem = {
    type: `${prefix}problems#${code}`,
    title: code.replaceAll('-', ' '),
    status,
    detail: message,
    code,
    ...(error instanceof FilesMissing ? missingOf(error) : {}),
  }
  return retryAfterSeconds === undefined ? { problem } : { problem, retryAfterSeconds }
}

function missingOf({ sha256s, receivedAt }: FilesMissing): Pick<Problem, 'missing' | 'receivedAt'> {
  return { missing: [...sha256s], ...(receivedAt === null ? {} : { receivedAt: formatMoment(receivedAt) }) }
}

export function sendProblem(reply: FastifyReply, error: unknown, prefix: string): FastifyReply {
  const { problem, retryAfterSeconds } = problemOf(error, prefix)
  if (retryAfterSeconds !== undefined) reply.header('retry-after', retryAfterSeconds)
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer')
  if (error instanceof MethodNotAllowed) reply.header('allow', error.allowed.join(', '))
  for (const header of ['etag', 'content-length', 'content-type', 'content-range']) reply.removeHeader(header)
  return reply
    .code(problem.status)
    .header('content-type', 'application/problem+json')
    .serializer((value: unknown) => JSON.stringify(value))
    .send(problem)
}

function failureIn(error: unknown): Failure {
  if (error instanceof InvalidRequest) return { status: 400, message: error.message }
  if (error instanceof PathNotFound) return { status: 404, message: 'There is no such path' }
  if (error instanceof MethodNotAllowed) {
    return { status: 405, message: `This path serves ${error.allowed.join(', ')}` }
  }
  const message = validationMessage(error)
  if (message !== null) return { status: 400, message }
  return frameworkFailures[errorCode(error) ?? ''] ?? failureOf(error, wordRefusal)
}

function wordRefusal(refusal: Refusal): Failure {
  if (!(refusal instanceof QuotaExceeded)) return refusalProblems[refusal.code]
  const { quota, limitBytes, usedBytes, wantedBytes } = refusal.facts
  const message = `There is no room left: ${quotaWords[quota]} may have ${limitBytes} bytes, ${usedBytes} are used, and this would add ${wantedBytes}`
  return { status: 413, message }
}

/** What Fastify says of a request that does not fit its schema; null for other errors. */
function validationMessage(error: unknown): string | null {
  if (!(error instanceof Error) || !('validation' in error)) return null
  return error.message
}

const frameworkFailures: Record<string, Failure> = {
  FST_ERR_CTP_BODY_TOO_LARGE: { status: 413, message: 'The body is too large' },
  FST_ERR_CTP_EMPTY_JSON_BODY: { status: 400, message: 'The body must be JSON, and is empty' },
  FST_ERR_CTP_INVALID_JSON_BODY: { status: 400, message: 'The body is not JSON' },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: { status: 415, message: 'The body must be application/json' },
}

function codeOf(error: unknown, status: number): string {
  if (error instanceof Refusal) return error.code
  if (error instanceof Trouble) return error.kind
  if (error instanceof NotIdentified || error instanceof LoginFailed) return error.reason
  if (error instanceof Overloaded) return error.reason
  if (error instanceof TooLarge) return 'too-large'
  if (error instanceof BadRequest) return error.code
  return codesOfStatus[status] ?? 'internal-error'
}

const codesOfStatus: Record<number, string> = {
  400: 'invalid-request',
  404: 'not-found',
  405: 'method-not-allowed',
  413: 'too-large',
  415: 'unsupported-media-type',
  429: 'too-many-requests',
  503: 'unavailable',
}
