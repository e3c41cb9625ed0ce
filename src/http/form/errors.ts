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
