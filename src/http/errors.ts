/** What clients are told when a request fails for a reason that is not a rule of the exchange. */

import {
  LoginFailed,
  type LoginFailedReason,
  NotIdentified,
  type NotIdentifiedReason,
} from '../auth/authenticator.ts'
import { errorCode, Refusal, TooLarge, Trouble, type TroubleKind } from '../domain/errors.ts'
import type { QuotaName } from '../domain/quotas.ts'
import { Overloaded, type OverloadedReason } from './admission/overloaded.ts'
import { BadRequest, type BadRequestCode } from './form/errors.ts'

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
  missing: { status: 401, message: 'Login required' },
  'token-refused': {
    status: 401,
    message:
      'Login required: the token is invalid or expired. Restart your notebook server, or log in again.',
  },
  'session-ended': { status: 401, message: 'Login required: you have been logged out. Log in again.' },
  'scope-missing': {
    status: 403,
    message:
      'Permission denied: this token was not made for this service. It lacks the scope SCOPE, which the administrator of the hub grants to users, and to notebook servers by Spawner.server_token_scopes.',
  },
  'service-refused': { status: 403, message: 'Permission denied: services of the hub may not call' },
  'cross-site': {
    status: 403,
    message: 'Cross-site request refused: it lacks the XSRF token of a page of this service',
  },
  'user-missing': { status: 400, message: 'Please supply user' },
  'foreign-page': {
    status: 403,
    message: 'Requests from pages of other sites are refused in stand-alone mode',
  },
}

export const loginFailures: Record<LoginFailedReason, Failure> = {
  state: {
    status: 403,
    message: 'This login did not begin in this browser, or it took too long. Nothing has happened.',
  },
  hub: { status: 400, message: 'The hub did not log you in' },
  'code-refused': { status: 400, message: 'The hub did not accept this login any more. Please begin again.' },
  'does-not-stick': {
    status: 403,
    message:
      'You logged in several times, but the login got lost each time. Please allow cookies for this site; if they are, tell its administrator.',
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
  frozen: unavailable(
    'The exchange is being moved, and takes nothing new just now. Nothing was stored; try again in a minute.',
  ),
  hub: unavailable(
    'The exchange cannot ask JupyterHub who you are. It is not your fault, and nothing was stored; try again in a moment.',
  ),
  'hub-secret': {
    status: 502,
    message: 'JupyterHub does not accept the exchange as its service; tell its administrator.',
  },
  'blob-missing': { status: 500, message: 'A stored file is missing on the server; tell its administrator.' },
  'blob-damaged': { status: 500, message: 'A stored file is damaged on the server; tell its administrator.' },
}

const busy: Failure = {
  status: 503,
  message: 'The exchange is very busy. Nothing was stored; try again in SECONDS seconds.',
}

/** 429 where it is the user's own doing. SECONDS: what `Retry-After` says. */
export const overloadedFailures: Record<OverloadedReason, Failure> = {
  'line-full': busy,
  'waited-too-long': busy,
  'no-memory': busy,
  'user-line-full': {
    status: 429,
    message:
      'Too many of your requests are waiting here already. Nothing was stored; try again in SECONDS seconds.',
  },
  'client-gone': { status: 499, message: 'The client went away before its turn. Nothing was stored.' },
}

/** What a quota is about. */
export const quotaWords: Record<QuotaName, string> = {
  assignmentBytes: 'all your submissions to this assignment',
  userBytes: 'all your submissions',
  courseBytes: 'this course',
}

const internal: Failure = { status: 500, message: 'Internal server error' }

/** `wordRefusal`: the words of the API that is being spoken for what its rules refuse. */
export function failureOf(error: unknown, wordRefusal: (refusal: Refusal) => Failure): Failure {
  if (error instanceof Refusal) return wordRefusal(error)
  if (error instanceof BadRequest) return { status: 400, message: badRequestMessages[error.code] }
  if (error instanceof TooLarge) {
    return { status: 413, message: `Request entity too large (limit: ${error.limit} ${error.what})` }
  }
  if (error instanceof NotIdentified) return notIdentified(error)
  if (error instanceof LoginFailed) return loginFailed(error)
  if (error instanceof Overloaded) return overloaded(error)
  if (error instanceof Trouble) return troubleFailures[error.kind]
  return frameworkFailures[errorCode(error) ?? ''] ?? internal
}

function notIdentified({ reason, scope }: NotIdentified): Failure {
  const { status, message } = notIdentifiedFailures[reason]
  return { status, message: message.replace('SCOPE', scope ?? '') }
}

function loginFailed({ reason, detail }: LoginFailed): Failure {
  const { status, message } = loginFailures[reason]
  return { status, message: detail === null ? message : `${message}: ${detail}` }
}

function overloaded({ reason, retryAfterSeconds }: Overloaded): Failure {
  const { status, message } = overloadedFailures[reason]
  return { status, message: message.replace('SECONDS', String(retryAfterSeconds)), retryAfterSeconds }
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

/** What the log says of an error. Trouble without a cause says all in its message. */
export function factsOf(error: unknown): object {
  return error instanceof Trouble && error.cause === undefined ? { reason: error.message } : { err: error }
}
