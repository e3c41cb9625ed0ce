/** What can be wrong with a request before the exchange is asked. */

export type BadRequestCode =
  | 'files-missing'
  | 'files-not-json'
  | 'incorrect-format'
  | 'body-malformed'
  | 'body-encoded'
  | 'argument-not-utf8'

/** The request is not of the form that the contract describes. */
export class BadRequest extends Error {
  readonly code: BadRequestCode

  constructor(code: BadRequestCode) {
    super(code)
    this.name = 'BadRequest'
    this.code = code
  }
}

/** A limit was passed: `limit` is what is allowed, `what` what was counted, in words for people. */
export class TooLarge extends Error {
  readonly what: string
  readonly limit: number

  constructor(what: string, limit: number) {
    super(`${what}: at most ${limit}`)
    this.name = 'TooLarge'
    this.what = what
    this.limit = limit
  }
}
