/** Service mode: the hub says whose a token is, whether it came in a header or by the login of a browser. */
import type { IncomingHttpHeaders } from 'node:http'
import { type Authenticator, type Credentials, type Identity, NotIdentified } from '../authenticator.ts'
import { cookieJar, hubLoginOf } from './cookies.ts'
import { membershipsOf } from './groups.ts'
import type { HubApi, HubUser } from './hub-api.ts'
import { KnownCallers } from './known-callers.ts'
import { browserLogin } from './login.ts'
import type { HubOptions } from './options.ts'
import { requireAccess } from './scopes.ts'
import { createSessions, type Session } from './sessions.ts'

export function hubAuthenticator(options: HubOptions, hub: HubApi): Authenticator {
  const admins = new Set(options.admins.map(name => (name.startsWith('service:') ? name : `user:${name}`)))
  const jar = cookieJar(options)
  const sessions = createSessions(jar, options)
  const callers = new KnownCallers(hub, options)

  /** A token in a header is decisive: where it is bad, a good cookie does not help. */
  async function identify(credentials: Credentials): Promise<Identity> {
    const token = givenToken(credentials)
    if (token !== null) return identifyToken(token, credentials.headers)
    const session = await sessions.read(credentials.headers)
    if (session === null) throw new NotIdentified('missing')
    return identifySession(session, credentials)
  }

  async function identifyToken(token: string, headers: IncomingHttpHeaders): Promise<Identity> {
    const user = token === '' ? null : await callers.find(token, hubLoginOf(headers))
    if (user === null) throw new NotIdentified('token-refused')
    requireAccess(user, options, 'header')
    return identityOf(user, null)
  }

  async function identifySession(session: Session, credentials: Credentials): Promise<Identity> {
    const { headers } = credentials
    const login = hubLoginOf(headers)
    // Without the hub's cookie there may have been a logout: only the hub can tell.
    const user = login === '' ? await hub.whoIs(session.token) : await callers.find(session.token, login)
    if (user === null) throw new NotIdentified('session-ended')
    if (login !== '' && user.sessionId !== null && user.sessionId !== login) {
      throw new NotIdentified('session-ended')
    }
    requireAccess(user, options, 'cookie')
    if (!(await isFromOwnPage(session, credentials))) throw new NotIdentified('cross-site')
    return identityOf(user, sessions.xsrfToken(session, headers))
  }

  /** Every page of the hub's origin, other users' notebooks among them, can make the browser send our cookie. */
  async function isFromOwnPage(session: Session, credentials: Credentials): Promise<boolean> {
    const { method, headers } = credentials
    const mode = headers['sec-fetch-mode']
    const inHeader = headers['x-xsrftoken']
    const hasHeader = sessions.isXsrfToken(Array.isArray(inHeader) ? inHeader[0] : inHeader, session, headers)
    if (method === 'GET' || method === 'HEAD') return mode === undefined || mode === 'navigate' || hasHeader
    const site = headers['sec-fetch-site']
    if (site !== undefined && site !== 'same-origin') return false
    if (headers.origin !== undefined && !isOwnOrigin(headers.origin, headers)) return false
    return hasHeader || sessions.isXsrfToken(await credentials.bodyArgument('_xsrf'), session, headers)
  }

  /** Where nobody told our address, the host must do: not every proxy says how the browser reached it. */
  function isOwnOrigin(origin: string, headers: IncomingHttpHeaders): boolean {
    if (options.publicOrigin !== null) return origin === options.publicOrigin
    return URL.parse(origin)?.host === headers.host?.toLowerCase()
  }

  function identityOf(user: HubUser, xsrfToken: string | null): Identity {
    const { name, kind } = user
    if (kind === 'service' && !options.serviceTokens) throw new NotIdentified('service-refused')
    return {
      name,
      kind,
      isAdmin: admins.has(`${kind}:${name}`) || (options.hubAdmins && user.isAdmin),
      memberships:
        options.groups === null || kind === 'service' ? null : membershipsOf(user.groups, options.groups),
      xsrfToken,
    }
  }

  /** Null where there is none. '' is one that cannot be. */
  function givenToken({ headers, queryArgument }: Credentials): string | null {
    const { authorization = '' } = headers
    const inHeader = /^(?:token|bearer)(?:\s+(.*))?$/i.exec(authorization.trim())
    if (inHeader !== null) return /^\S+$/.test(inHeader[1] ?? '') ? (inHeader[1] ?? '') : ''
    return options.tokenInUrl ? (queryArgument('token') ?? null) : null
  }

  return {
    identify,
    // Bodies are read for the XSRF token of a page, whose cookie says nothing without the hub.
    claim: () => null,
    login: browserLogin({ options, hub, jar, sessions }),
    close: () => hub.close(),
  }
}
