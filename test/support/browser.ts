/** What a person's browser does, as far as a service notices: cookies, redirects, and the headers that scripts cannot forge. */
import { randomBytes } from 'node:crypto'
import type { Answer, Arguments, AskOptions } from './client.ts'
import type { FakeHub } from './fake-hub.ts'

/** Sends one request; the path begins at the root. */
export type Ask = (method: string, path: string, options?: AskOptions) => Promise<Answer>

export interface Site {
  readonly ask: Ask
  readonly prefix: string
  readonly port: number
  readonly hub: FakeHub
}

export interface Cookie {
  readonly name: string
  readonly value: string
  readonly path: string
  /** The attributes as they were sent, names in lower case; a flag has an empty value. */
  readonly attributes: Readonly<Record<string, string>>
}

export interface ScriptOptions {
  readonly query?: Arguments
  readonly fields?: Arguments
  /** Sent as `X-XSRFToken`. */
  readonly xsrf?: string
  readonly headers?: Readonly<Record<string, string>>
}

export class Browser {
  readonly scheme: 'http' | 'https'
  /** Of the person at the hub, whose login page made it. */
  readonly session: string
  /** Every cookie that was ever set here, also those that are gone. */
  readonly everSet: Cookie[] = []
  readonly #site: Site
  readonly #origin: string
  #jar: Cookie[] = []
  #refused: (cookie: Cookie) => boolean = () => false

  constructor(site: Site, options: { scheme?: 'http' | 'https' } = {}) {
    this.#site = site
    this.scheme = options.scheme ?? 'http'
    this.session = `session${randomBytes(16).toString('hex')}`
    this.#origin = `${this.scheme}://127.0.0.1:${site.port}`
  }

  /** Those that would be sent to a path. */
  cookies(path = this.#site.prefix): Cookie[] {
    return this.#jar.filter(
      cookie => matches(cookie.path, path) && (this.scheme === 'https' || !('secure' in cookie.attributes)),
    )
  }

  cookie(name: string | RegExp): Cookie | undefined {
    return this.#jar.find(cookie =>
      typeof name === 'string' ? cookie.name === name : name.test(cookie.name),
    )
  }

  setCookie(name: string, value: string, path = this.#site.prefix): void {
    this.forget(name, path)
    if (value !== '') this.#jar.push({ name, value, path, attributes: {} })
  }

  forget(name: string | RegExp, path?: string): void {
    this.#jar = this.#jar.filter(
      cookie =>
        (path !== undefined && cookie.path !== path) ||
        !(typeof name === 'string' ? cookie.name === name : name.test(cookie.name)),
    )
  }

  /** From now on these are not kept, as by a browser that blocks them. */
  refuseCookies(which: (cookie: Cookie) => boolean): void {
    this.#refused = which
  }

  /** With cookies, and with nothing else that browsers add. */
  async request(method: string, path: string, options: AskOptions = {}): Promise<Answer> {
    const cookies = this.cookies(path.split('?', 1)[0])
    const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
    const headers = {
      ...(cookie === '' ? {} : { cookie }),
      ...(this.scheme === 'https' ? { 'x-forwarded-proto': 'https,http' } : {}),
      ...options.headers,
    }
    const answer = await this.#site.ask(method, path, { ...options, headers })
    for (const line of answer.headers['set-cookie'] ?? []) this.#keep(parseCookie(line))
    return answer
  }

  /** An address typed in, or a link that is followed; redirects are not. */
  open(path: string, options: AskOptions = {}): Promise<Answer> {
    const headers = {
      accept: 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
      'sec-fetch-site': 'none',
      ...options.headers,
    }
    return this.request('GET', path, { ...options, headers })
  }

  /** The same, but follows redirects as long as they lead to the service. */
  async follow(path: string): Promise<Answer> {
    let answer = await this.open(path)
    for (let step = 0; step < 10 && answer.status >= 300 && answer.status < 400; step++) {
      const location = String(answer.headers.location)
      if (!location.startsWith(this.#site.prefix)) break
      answer = await this.open(location)
    }
    return answer
  }

  /** A script of one of our pages, or of any other page on the origin. */
  script(method: string, path: string, options: ScriptOptions = {}): Promise<Answer> {
    const { query, fields, xsrf } = options
    const headers = {
      accept: '*/*',
      'sec-fetch-mode': 'cors',
      'sec-fetch-dest': 'empty',
      'sec-fetch-site': 'same-origin',
      ...(method === 'GET' || method === 'HEAD' ? {} : { origin: this.#origin }),
      ...(xsrf === undefined ? {} : { 'x-xsrftoken': xsrf }),
      ...options.headers,
    }
    return this.request(method, path, {
      headers,
      ...(query === undefined ? {} : { query }),
      ...(fields === undefined ? {} : { fields }),
    })
  }

  /** A form of one of our pages. */
  submitForm(path: string, fields: Arguments, headers: Record<string, string> = {}): Promise<Answer> {
    return this.request('POST', path, {
      fields,
      headers: {
        accept: 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8',
        'sec-fetch-mode': 'navigate',
        'sec-fetch-dest': 'document',
        'sec-fetch-site': 'same-origin',
        origin: this.#origin,
        ...headers,
      },
    })
  }

  /** Opens a page and logs in at the hub on the way to it. The answer to the callback. */
  async logIn(name: string, path = this.#site.prefix, person: { admin?: boolean } = {}): Promise<Answer> {
    const sent = await this.open(path)
    if (sent.status !== 302)
      throw new Error(`expected to be sent to the hub; got ${sent.status} ${sent.text}`)
    return this.open(this.agree(String(sent.headers.location), name, person))
  }

  /** Is at the hub's authorize page, and is sent back: where to. */
  agree(authorizeUrl: string, name: string, person: { admin?: boolean } = {}): string {
    this.setCookie('jupyterhub-session-id', this.session, this.#site.hub.base)
    return this.#site.hub.authorize(authorizeUrl, { name, session: this.session, ...person })
  }

  /** As the hub's log-out page does it. */
  logOutOfHub(): void {
    this.#site.hub.logOut(this.session)
    this.forget('jupyterhub-session-id')
  }

  /** What our pages have for scripts and forms to send back. */
  async xsrfToken(): Promise<string> {
    const home = await this.open(this.#site.prefix)
    const token = xsrfTokenIn(home.text)
    if (token === null) throw new Error(`no XSRF token on the page: ${home.status} ${home.text}`)
    return token
  }

  #keep(cookie: Cookie): void {
    this.everSet.push(cookie)
    this.forget(cookie.name, cookie.path)
    const { attributes } = cookie
    const maxAge = attributes['max-age']
    const isGone =
      maxAge === undefined
        ? attributes.expires !== undefined && Date.parse(attributes.expires) <= Date.now()
        : Number(maxAge) <= 0
    if (isGone || this.#refused(cookie)) return
    if ('secure' in attributes && this.scheme === 'http') return
    if (cookie.name.startsWith('__Host-') && (!('secure' in attributes) || cookie.path !== '/')) return
    this.#jar.push(cookie)
  }
}

export function xsrfTokenIn(page: string): string | null {
  const meta = /<meta\b[^>]*\bname="xsrf-token"[^>]*>/.exec(page)?.[0]
  return /\bcontent="([^"]+)"/.exec(meta ?? '')?.[1] ?? null
}

export function parseCookie(line: string): Cookie {
  const [pair = '', ...rest] = line.split(';').map(part => part.trim())
  const [name, value] = splitAtFirst(pair)
  const attributes = Object.fromEntries(
    rest.map(part => {
      const [attribute, text] = splitAtFirst(part)
      return [attribute.toLowerCase(), text]
    }),
  )
  return { name, value, path: attributes.path ?? '/', attributes }
}

function splitAtFirst(text: string): [string, string] {
  const at = text.indexOf('=')
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

/** RFC 6265, section 5.1.4. */
function matches(cookiePath: string, path: string): boolean {
  if (path === cookiePath) return true
  return path.startsWith(cookiePath) && (cookiePath.endsWith('/') || path[cookiePath.length] === '/')
}
