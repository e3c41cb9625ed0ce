/** Sessions of people who logged in by browser. The browser keeps them, sealed; the server keeps nothing. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { type CookieJar, cookiesOf, hubLoginOf } from './cookies.ts'
import type { HubOptions } from './options.ts'
import { createSeal, deriveKey } from './seal.ts'

export interface Session {
  /** The person's token for this service. */
  readonly token: string
}

export interface Sessions {
  read(headers: IncomingHttpHeaders): Promise<Session | null>
  /** A `Set-Cookie` header. */
  begin(session: Session, lifetimeSeconds: number, headers: IncomingHttpHeaders): Promise<string>
  end(headers: IncomingHttpHeaders): string
  /** What only our own pages know: tells their requests from those that others make the browser send. */
  xsrfToken(session: Session, headers: IncomingHttpHeaders): string
  isXsrfToken(text: string | undefined, session: Session, headers: IncomingHttpHeaders): boolean
}

export function createSessions(jar: CookieJar, options: Pick<HubOptions, 'cookieSecret'>): Sessions {
  const secret = options.cookieSecret
  const name = jar.nameOf('session')
  const sealed = createSeal<Session>({ secret, purpose: 'session' })
  const xsrfKey = deriveKey({ secret, purpose: 'xsrf' })
  const sessions: Sessions = {
    read: headers => sealed.open(cookiesOf(headers)[name]),
    begin: async (session, lifetimeSeconds, headers) =>
      jar.set({ name, value: await sealed.seal(session, lifetimeSeconds), maxAge: lifetimeSeconds, headers }),
    end: headers => jar.clear(name, headers),
    xsrfToken: ({ token }, headers) =>
      createHmac('sha256', xsrfKey)
        .update(`${hubLoginOf(headers)}\0`)
        .update(createHash('sha256').update(token).digest())
        .digest('base64url'),
    isXsrfToken(text = '', session, headers) {
      const expected = Buffer.from(sessions.xsrfToken(session, headers))
      const given = Buffer.from(text)
      return given.length === expected.length && timingSafeEqual(given, expected)
    },
  }
  return sessions
}
