/** Why a request is not worked on now. Nothing of it has been stored. */

/**
 * `line-full`: too many are waiting. `waited-too-long`: its turn did not come. `user-line-full`: too many of this user
 * are waiting. `no-memory`: it turned out to need more than there is. `client-gone`: it left the line.
 */
export type OverloadedReason =
  | 'line-full'
  | 'waited-too-long'
  | 'user-line-full'
  | 'no-memory'
  | 'client-gone'

export class Overloaded extends Error {
  readonly reason: OverloadedReason
  /** Not the same for all, so that those who are sent away do not come back together. */
  readonly retryAfterSeconds = 5 + Math.floor(Math.random() * 10)

  constructor(reason: OverloadedReason) {
    super(reason)
    this.name = 'Overloaded'
    this.reason = reason
  }
}
