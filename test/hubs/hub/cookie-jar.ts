/** The cookies of one browser for the one host that all tests have. */
import { parseSetCookie, type SetCookie } from 'cookie'

export interface Cookie extends SetCookie {
  readonly value: string
  readonly path: string
}

export class CookieJar {
  readonly #cookies = new Map<string, Cookie>()
  /** Names of cookies that the browser does not keep, for whatever reason browsers have. */
  readonly refused = new Set<string>()

  take(headers: readonly string[]): Cookie[] {
    const cookies = headers.map(header => {
      const parsed = parseSetCookie(header, { decode: value => value })
      return { ...parsed, value: parsed.value ?? '', path: parsed.path ?? '/' }
    })
    for (const cookie of cookies) this.put(cookie)
    return cookies
  }

  put(cookie: Cookie): void {
    const key = `${cookie.name} ${cookie.path}`
    if (isOver(cookie) || this.refused.has(cookie.name)) this.#cookies.delete(key)
    else this.#cookies.set(key, cookie)
  }

  get all(): Cookie[] {
    return [...this.#cookies.values()]
  }

  /** The `Cookie` header for a path; longer paths first, as browsers send them. */
  headerFor(path: string): string {
    return this.all
      .filter(cookie => covers(cookie.path, path))
      .sort((a, b) => b.path.length - a.path.length)
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ')
  }
}

function isOver(cookie: Cookie): boolean {
  if (cookie.maxAge !== undefined) return cookie.maxAge <= 0
  return cookie.expires !== undefined && cookie.expires.getTime() <= Date.now()
}

/** RFC 6265 §5.1.4 */
function covers(cookiePath: string, path: string): boolean {
  if (path === cookiePath) return true
  return path.startsWith(cookiePath) && (cookiePath.endsWith('/') || path[cookiePath.length] === '/')
}
