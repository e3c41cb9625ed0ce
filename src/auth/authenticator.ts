/** Finds out who is asking. One implementation a mode; `compose.ts` picks it. */
import type { IncomingHttpHeaders } from 'node:http'

export interface Authenticator {
  /** @throws NotIdentified */
  identify(credentials: Credentials): Promise<Identity>
}

export interface Credentials {
  readonly headers: IncomingHttpHeaders
  /** An argument of the request; asking for one may mean to read the body. */
  argument(name: string): Promise<string | undefined>
  readonly access: Access
}

/**
 * Who may call an operation; what they may do there, the exchange says. `user`: identified callers. `visitor`: in
 * stand-alone mode also those who do not say who they are. `page`: as a visitor, and by a link on another site.
 */
export type Access = 'user' | 'visitor' | 'page'

export interface Identity {
  readonly name: string
  /** Admin of the whole service. */
  readonly isAdmin: boolean
}

export type NotIdentifiedReason = 'user-missing' | 'foreign-page'

export class NotIdentified extends Error {
  readonly reason: NotIdentifiedReason

  constructor(reason: NotIdentifiedReason) {
    super(reason)
    this.name = 'NotIdentified'
    this.reason = reason
  }
}
