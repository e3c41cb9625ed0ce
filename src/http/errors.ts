/** What clients are told when a request fails for a reason that is not a rule of the exchange. */

import { NotIdentified, type NotIdentifiedReason } from '../auth/authenticator.ts'
import { errorCode, Refusal, Trouble, type TroubleKind } from '../domain/errors.ts'
import { BadRequest, type BadRequestCode, TooLarge } from './form/errors.ts'

/** `retryAfterSeconds`: for trouble that may pass. */
export interface Failure {
  readonly status: number
  readonly message: string
  readonly retryAfterSeconds?: number
}

export const badRequestMessages: Record<BadRequestCode, string> = {
  'files-missing': 'Please supply files',
  'files-not-json': 'Files cannot be JSON decoded',
  'incorrect-format': 'Incorrect request format',
  'body-malformed': 'The request body is incomplete or malformed',
  'body-encoded': 'A form must not have a Content-Encoding',
  'argument-not-utf8': 'Arguments must be UTF-8',
}

export const notIdentifiedFailures: Record<NotIdentifiedReason, Failure> = {
  'user-missing': { status: 400, message: 'Please supply user' },
  'foreign-page': {
    status: 403,
    message: 'Requests from pages of other sites are refused in stand-alone mode',
  },
}

export const troubleFailures: Record<TroubleKind, Failure> = {
  'storage-full': {
    status: 507,
    message: 'The server has no space left. Nothing was stored; tell its administrator.',
  },
  storage: unavailable('The server cannot reach its file storage. Nothing was stored; try again later.'),
  database: unavailable('The server cannot use its database. Nothing is confirmed; try again later.'),
  'database-busy': unavailable('The server is too busy to store this. Nothing was stored; try again.'),
  'blob-missing': { status: 500, message: 'A stored file is missing on the server; tell its administrator.' },
}

const internal: Failure = { status: 500, message: 'Internal server error' }

/** `wordRefusal`: the words of the API that is being spoken for what its rules refuse. */
export function failureOf(error: unknown, wordRefusal: (refusal: Refusal) => Failure): Failure {
  if (error instanceof Refusal) return wordRefusal(error)
  if (error instanceof BadRequest) return { status: 400, message: badRequestMessages[error.code] }
  if (error instanceof TooLarge) {
    return { status: 413, message: `Request entity too large (limit: ${error.limit} ${error.what})` }
  }
  if (error instanceof NotIdentified) return notIdentifiedFailures[error.reason]
  if (error instanceof Trouble) return troubleFailures[error.kind]
  return frameworkFailures[errorCode(error) ?? ''] ?? internal
}

/** What Fastify itself refuses before any route is asked. */
const frameworkFailures: Record<string, Failure> = {
  FST_ERR_BAD_URL: { status: 400, message: 'The path is not valid percent-encoded UTF-8' },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: { status: 415, message: 'The Content-Type is malformed' },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: { status: 400, message: badRequestMessages['body-malformed'] },
}

function unavailable(message: string): Failure {
  return { status: 503, message, retryAfterSeconds: 5 }
}
