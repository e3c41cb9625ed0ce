/** Says in our words what an S3 store, or the way to it, said in its own. */
import { errorCode, Trouble } from '../../domain/errors.ts'
import { type S3Options, s3Url } from './s3-options.ts'

/** What the SDK throws, as far as we look at it. */
interface SdkError extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number }
  readonly $fault?: 'client' | 'server'
}

/** Codes of Amazon, MinIO, Ceph and others for a store that is full, or a quota that is reached. */
const full: ReadonlySet<string> = new Set([
  'QuotaExceeded',
  'StorageFull',
  'XMinioStorageFull',
  'XMinioAdminBucketQuotaExceeded',
  'InsufficientStorage',
  'InsufficientCapacity',
  'NoSpaceLeft',
])

/** Codes that say that the same request may succeed later, beside any status of 500 to 504. */
const passing: ReadonlySet<string> = new Set([
  ...['SlowDown', 'RequestTimeout', 'TooManyRequestsException', 'Throttling', 'ThrottlingException'],
  ...['RequestTimeTooSkewed', 'OperationAborted', 'InternalError', 'ServiceUnavailable', 'TimeoutError'],
])

const noWay: ReadonlySet<string> = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND'],
  ...['EAI_AGAIN', 'ECONNABORTED', 'EHOSTDOWN', 'ERR_STREAM_PREMATURE_CLOSE', 'ABORT_ERR'],
])

export function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : ''
}

export function statusOf(error: unknown): number | undefined {
  return (error as SdkError | undefined)?.$metadata?.httpStatusCode
}

export function isFull(error: unknown): boolean {
  return full.has(nameOf(error)) || statusOf(error) === 507
}

/** Whether asking again may help. */
export function mayPass(error: unknown): boolean {
  if (isFull(error)) return false
  const status = statusOf(error)
  if (status !== undefined && status >= 500 && status <= 504) return status !== 501
  return passing.has(nameOf(error)) || isUnreachable(error)
}

function isUnreachable(error: unknown): boolean {
  return noWay.has(errorCode(error) ?? '') || nameOf(error) === 'TimeoutError'
}

/** What to do about what a store refuses. `…` stands for the name of the bucket. */
const advice: Readonly<Record<string, string>> = {
  NoSuchBucket: 'there is no bucket …: create it, or name another in --storage',
  InvalidBucketName: 'the store takes no bucket of the name …: name another in --storage',
  InvalidAccessKeyId:
    'it does not know the access key: see AWS_ACCESS_KEY_ID, or the AWS credentials file and AWS_PROFILE',
  SignatureDoesNotMatch: 'the secret key is not that of the access key: see AWS_SECRET_ACCESS_KEY',
  AccessDenied:
    'the keys may not do this: they need s3:GetObject, s3:PutObject, s3:DeleteObject, s3:AbortMultipartUpload on the objects and s3:ListBucket, s3:ListBucketMultipartUploads on the bucket …',
  ExpiredToken: 'the session of the keys has ended: renew AWS_SESSION_TOKEN, or use a role',
  RequestTimeTooSkewed: 'the clocks of this machine and of the store differ by more than 15 minutes',
  PermanentRedirect: 'the bucket … is elsewhere: name its region or endpoint in --storage',
  AuthorizationHeaderMalformed:
    'the region is another than that of the store: name it in --storage (region=…)',
  CredentialsProviderError:
    'there are no keys: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give an AWS credentials file or a role',
}

/** `what`: what we were about to do. */
export function s3Trouble(error: unknown, what: string, options: S3Options): Trouble {
  if (error instanceof Trouble) return error
  const place = s3Url(options)
  const said = describe(error, options)
  if (isFull(error)) return new Trouble('storage-full', `no space left in ${place}: ${said}`, causeOf(error))
  const reason = isUnreachable(error) ? 'cannot be reached' : 'failed'
  return new Trouble('storage', `the storage ${place} ${reason} (${what}): ${said}`, causeOf(error))
}

function describe(error: unknown, { bucket }: S3Options): string {
  const name = nameOf(error) === 'Error' ? (errorCode(error) ?? 'Error') : nameOf(error)
  const status = statusOf(error)
  const known = advice[name] ?? (status === 403 ? advice.AccessDenied : undefined)
  if (known !== undefined) return `${name}: ${known.replace('…', bucket)}`
  if (error instanceof Error && error.message === 'Region is missing')
    return 'there is no region: name it in --storage (region=…), or set AWS_REGION'
  const message = error instanceof Error ? error.message : String(error)
  return [name, status === undefined ? '' : `(${status})`, message].filter(text => text !== '').join(' ')
}

/** Not the error itself: it holds the request, whose signature is nobody's business. */
function causeOf(error: unknown): { cause: Error } {
  const cause = new Error(error instanceof Error ? error.message : String(error))
  cause.name = nameOf(error)
  if (error instanceof Error && error.stack !== undefined) cause.stack = error.stack
  return { cause }
}
