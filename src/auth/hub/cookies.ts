/** Our cookies: their names and flags. */
import type { IncomingHttpHeaders } from 'node:http'
import { type Cookies, parseCookie, stringifySetCookie } from 'cookie'
import { publicProtocol } from '../browser.ts'
import type { HubOptions } from './options.ts'

export interface CookieJar {
  /** `clientId-PURPOSE`. */
  nameOf(purpose: string): string
  /** A `Set-Cookie` header. */
  set(input: { name: string; value: string; maxAge: number; headers: IncomingHttpHeaders }): string
  clear(name: string, headers: IncomingHttpHeaders): string
}

export function cookieJar(
  options: Pick<HubOptions, 'clientId' | 'prefix' | 'publicOrigin' | 'cookies'>,
): CookieJar {
  const { clientId, prefix, publicOrigin, cookies } = options
  const isSecure = (headers: IncomingHttpHeaders): boolean => {
    if (cookies.hostPrefix) return true
    if (cookies.secure !== null) return cookies.secure
    return publicOrigin === null ? publicProtocol(headers) === 'https' : publicOrigin.startsWith('https:')
  }
  const jar: CookieJar = {
    nameOf: purpose => `${cookies.hostPrefix ? '__Host-' : ''}${clientId}-${purpose}`,
    set: ({ name, value, maxAge, headers }) =>
      stringifySetCookie({
        name,
        value,
        maxAge,
        path: cookies.hostPrefix ? '/' : prefix,
        httpOnly: true,
        sameSite: cookies.sameSite,
        secure: isSecure(headers),
        ...(cookies.domain !== null && !cookies.hostPrefix ? { domain: cookies.domain } : {}),
      }),
    clear: (name, headers) => jar.set({ name, value: '', maxAge: 0, headers }),
  }
  return jar
}

export function cookiesOf(headers: IncomingHttpHeaders): Cookies {
  return parseCookie(headers.cookie ?? '')
}

/** The login at the hub, of which all its services' sessions are part: the hub's own cookie; '' where there is none. */
export function hubLoginOf(headers: IncomingHttpHeaders): string {
  return cookiesOf(headers)['jupyterhub-session-id'] ?? ''
}
