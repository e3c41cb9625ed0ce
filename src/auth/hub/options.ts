/** What the service knows of its hub, and how it deals with callers. */
export interface HubOptions {
  /** Of the hub's API, without a slash at the end. */
  readonly apiUrl: string
  /** The service's own token, and its OAuth secret. */
  readonly apiToken: string
  readonly serviceName: string
  readonly clientId: string
  /** Begins and ends with a slash. */
  readonly prefix: string
  /** The hub's pages for browsers: a path or a whole URL; ends with a slash. */
  readonly publicHubUrl: string
  /** The origin of the service in browsers; null where the request must tell. */
  readonly publicOrigin: string | null
  readonly callbackUrl: string
  readonly loginTarget: string
  /** Any of them gives access. */
  readonly accessScopes: readonly string[]
  readonly tokenCheck: TokenCheck
  readonly admins: readonly string[]
  readonly hubAdmins: boolean
  readonly serviceTokens: boolean
  readonly tokenInUrl: boolean
  readonly cacheMs: number
  readonly graceMs: number
  readonly timeoutMs: number
  /** Keys of cookies are made of it. */
  readonly cookieSecret: string
  readonly cookies: CookieOptions
  /** Null: groups of the hub mean nothing. */
  readonly groups: GroupOptions | null
  readonly tls: TlsOptions | null
}

export type TokenCheck = 'auto' | 'strict' | 'off'

export interface CookieOptions {
  readonly hostPrefix: boolean
  readonly sameSite: 'lax' | 'strict' | 'none'
  /** Null: as the browser came. */
  readonly secure: boolean | null
  readonly domain: string | null
}

/** Patterns with `{course}` in them. */
export interface GroupOptions {
  readonly student: string
  readonly instructor: string
  /** 0: the members of all groups are never read. */
  readonly syncMs: number
}

/** In PEM. */
export interface TlsOptions {
  readonly key: Buffer
  readonly cert: Buffer
  readonly ca: Buffer
}
