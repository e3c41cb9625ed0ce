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
  /** Whether someone who says nothing may come as a visitor: on pages for looking around in stand-alone mode. */
  readonly asVisitor: boolean
}

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
