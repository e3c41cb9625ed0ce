/** How it can fail: with a problem that the server tells, without an answer, or for what is or was on this machine. */
import type { Problem } from './operations.ts'

/** The server, or something on the way to it, has said no. `code` is for programs, `detail` for people. */
export class ProblemError extends Error {
  readonly status: number
  readonly code: string
  readonly detail: string
  /** With `files-missing`: the SHA-256 of what must be sent first. */
  readonly missing: readonly string[]
  /** What the answer asked us to wait before the next attempt; null where it did not. */
  readonly retryAfterMs: number | null

  constructor(problem: Pick<Problem, 'status' | 'code' | 'detail' | 'missing'>, retryAfterMs: number | null) {
    super(problem.detail)
    this.name = 'ProblemError'
    this.status = problem.status
    this.code = problem.code
    this.detail = problem.detail
    this.missing = problem.missing ?? []
    this.retryAfterMs = retryAfterMs
  }
}

/** No answer, or not the whole of one: the network, a server that is not there, silence. The message is for people. */
export class NoAnswer extends Error {
  constructor(url: URL, reason: string, options?: ErrorOptions) {
    super(`no answer from ${url.origin}: ${reason}`, options)
    this.name = 'NoAnswer'
  }

  /** What `fetch` threw, or the reading of an answer. */
  static because(url: URL, error: unknown): NoAnswer {
    if (error instanceof NoAnswer) return error
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
    const code = String((cause as { code?: unknown } | null)?.code ?? '')
    const words = cause instanceof Error && cause.message !== '' ? cause.message : String(cause)
    return new NoAnswer(url, reasons[code] ?? words, { cause: error })
  }
}

/** A directory tree cannot be brought where it should. The message is for people. */
export class TransferFailed extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'TransferFailed'
  }
}

const certificate =
  'its certificate is not trusted; the variable NODE_EXTRA_CA_CERTS can name the certificate of your authority'

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no host of this name',
  EAI_AGAIN: 'the name of the host cannot be looked up just now',
  ECONNRESET: 'the connection broke',
  EPIPE: 'the connection broke',
  UND_ERR_SOCKET: 'the connection broke',
  UND_ERR_CONNECT_TIMEOUT: 'the connection took too long',
  DEPTH_ZERO_SELF_SIGNED_CERT: certificate,
  SELF_SIGNED_CERT_IN_CHAIN: certificate,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: certificate,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: certificate,
  CERT_HAS_EXPIRED: 'its certificate has expired',
}
