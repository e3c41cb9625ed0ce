/** Finds out who is asking. One implementation a mode; `compose.ts` picks it. */
import type { IncomingHttpHeaders } from 'node:http'
import type { Membership } from '../domain/membership.ts'

export interface Authenticator {
  /** @throws NotIdentified, Trouble `hub` */
  identify(credentials: Credentials): Promise<Identity>
  /**
   * Who a request says it is from, where `identify` would read its body: by what was sent before that, and not checked.
   * Null: there is no telling.
   */
  claim(headers: IncomingHttpHeaders, queryArgument: (name: string) => string | undefined): string | null
  /** How people log in by browser; null where they need not. */
  readonly login: BrowserLogin | null
  close(): Promise<void>
}

export interface Credentials {
  readonly method: string
  readonly headers: IncomingHttpHeaders
  /** An argument of the request; asking for one may mean to read the body. */
  argument(name: string): Promise<string | undefined>
  bodyArgument(name: string): Promise<string | undefined>
  queryArgument(name: string): string | undefined
  readonly access: Access
}

/**
 * Who may call an operation; what they may do there, the exchange says. `user`: identified callers. `visitor`: in
 * stand-alone mode also those who do not say who they are. `page`: as a visitor, and by a link on another site.
 */
export type Access = 'user' | 'visitor' | 'page'

export interface Identity {
  readonly name: string
  readonly kind: 'user' | 'service'
  /** Admin of the whole service. */
  readonly isAdmin: boolean
  /** The roles in courses that they bring along; null where nothing is known of such. */
  readonly memberships: readonly Membership[] | null
  /** What pages must send back with what they do; null where callers do not come with a cookie. */
  readonly xsrfToken: string | null
}

/** The three steps of a browser that are no calls of the API. */
export interface BrowserLogin {
  /** To the hub, and back to `path` in the end. @throws LoginFailed */
  begin(request: { path: string; headers: IncomingHttpHeaders }): Promise<Redirect>
  /** What the hub sends browsers back to. @throws LoginFailed, Trouble */
  finish(request: { query: URLSearchParams; headers: IncomingHttpHeaders }): Promise<Redirect>
  /** `Set-Cookie` headers that end the session here. */
  end(headers: IncomingHttpHeaders): readonly string[]
  /** Where the session of the hub is ended. */
  readonly hubLogoutUrl: string
}

export interface Redirect {
  readonly location: string
  /** `Set-Cookie` headers. */
  readonly cookies: readonly string[]
}

/**
 * `missing`: no credentials. `token-refused`: the hub does not know the token. `session-ended`: nor that of the cookie.
 * `scope-missing`: it is not meant for this service. `cross-site`: a page of another site, or another page of this
 * one, may have made the browser send the cookie. `user-missing` and `foreign-page`: as these, in stand-alone mode.
 */
export type NotIdentifiedReason =
  | 'missing'
  | 'token-refused'
  | 'session-ended'
  | 'scope-missing'
  | 'service-refused'
  | 'cross-site'
  | 'user-missing'
  | 'foreign-page'

export class NotIdentified extends Error {
  readonly reason: NotIdentifiedReason
  /** Which scope is missing. */
  readonly scope: string | null

  constructor(reason: NotIdentifiedReason, scope: string | null = null) {
    super(reason)
    this.name = 'NotIdentified'
    this.reason = reason
    this.scope = scope
  }
}

/** `state`: the answer of the hub belongs to no login that began here. `hub`: it says that the login failed. */
export type LoginFailedReason = 'state' | 'hub' | 'code-refused' | 'does-not-stick'

export class LoginFailed extends Error {
  readonly reason: LoginFailedReason
  /** What the hub said, for people. */
  readonly detail: string | null

  constructor(reason: LoginFailedReason, detail: string | null = null) {
    super(reason)
    this.name = 'LoginFailed'
    this.reason = reason
    this.detail = detail
  }
}
