/**
 * A person's browser by plain HTTP: cookies, redirects, the hub's login and consent forms. It sends no `Sec-Fetch-*`, as
 * browsers do not on a public address without TLS; real Chromium has tests of its own.
 */
import { Agent } from 'node:http'
import { type Answer, type Arguments, type AskOptions, ask } from '../../support/client.ts'
import { type Cookie, CookieJar } from './cookie-jar.ts'
import type { Secrets } from './secrets.ts'

const mostRedirects = 20
const html = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'

export interface Page extends Answer {
  readonly url: URL
  /** Every address that was asked on the way, the page's own last. */
  readonly way: readonly URL[]
}

export class Browser {
  readonly person: string
  readonly jar = new CookieJar()
  readonly #secrets: Secrets
  readonly #agent = new Agent({ keepAlive: true })

  constructor(person: string, secrets: Secrets) {
    this.person = person
    this.#secrets = secrets
  }

  /** Navigates, and logs in where the hub asks for it. */
  async open(url: string | URL): Promise<Page> {
    return this.goOn(await this.look(url))
  }

  /** Navigates, but fills in no forms. Stops before it would leave the host and port of the start. */
  look(url: string | URL): Promise<Page> {
    return this.#navigate('GET', new URL(url))
  }

  /** From a page to where it leads: through the hub's forms, if it is one of them. */
  async goOn(from: Page): Promise<Page> {
    let page = from
    if (isLogin(page)) {
      const fields = { username: this.person, password: 'any', ...hiddenFields(page, '_xsrf') }
      page = joined(page, await this.#submit(page.url, page.url, fields))
    }
    if (isConsent(page)) {
      const fields = [...allFields(page, 'scopes'), ...Object.entries(hiddenFields(page, '_xsrf'))]
      page = joined(page, await this.#submit(page.url, page.url, fields))
    }
    return page
  }

  /** Submits a form of a page. */
  submit(from: Page, url: string | URL, fields: Readonly<Record<string, string>>): Promise<Page> {
    return this.#submit(from.url, new URL(url), fields)
  }

  /** What a script of a page would send: one request, nothing followed. */
  fetch(method: string, url: string | URL, options: AskOptions = {}): Promise<Answer> {
    return this.#ask(method, new URL(url), options)
  }

  /** All cookies that have been set, in order, with the flags they came with. */
  readonly received: Cookie[] = []

  close(): void {
    this.#agent.destroy()
  }

  #submit(from: URL, to: URL, fields: Arguments): Promise<Page> {
    return this.#navigate('POST', to, { fields, headers: { origin: from.origin, referer: from.href } })
  }

  async #navigate(method: string, start: URL, options: AskOptions = {}): Promise<Page> {
    const way: URL[] = []
    let [url, how, what]: [URL, string, AskOptions] = [start, method, options]
    while (way.length < mostRedirects) {
      const answer = await this.#ask(how, url, { ...what, headers: { accept: html, ...what.headers } })
      way.push(url)
      const { location } = answer.headers
      if (answer.status < 300 || answer.status >= 400 || location === undefined)
        return { ...answer, url, way }
      const next = new URL(location, url)
      this.#secrets.keepParametersOf(next)
      if (next.origin !== start.origin) return { ...answer, url: next, way: [...way, next] }
      ;[url, how, what] = [next, 'GET', {}]
    }
    throw new Error(`too many redirects: ${way.join('\n')}`)
  }

  async #ask(method: string, url: URL, options: AskOptions): Promise<Answer> {
    const cookie = this.jar.headerFor(url.pathname)
    const headers = { ...(cookie === '' ? {} : { cookie }), ...options.headers }
    const server = { port: Number(url.port), prefix: '', agent: this.#agent }
    const answer = await ask(server, method, url.pathname + url.search, { ...options, headers })
    for (const taken of this.jar.take(answer.headers['set-cookie'] ?? [])) {
      this.received.push(taken)
      this.#secrets.keep(`cookie ${taken.name}`, taken.value.replaceAll('"', ''))
    }
    return answer
  }
}

export function isLogin(page: Page): boolean {
  return page.url.pathname.endsWith('/hub/login')
}

export function isConsent(page: Page): boolean {
  return page.status === 200 && page.url.pathname.endsWith('/oauth2/authorize')
}

/** What a page of ours has for its scripts and forms. */
export function xsrfTokenOf(page: Page): string {
  const token = /<meta name="xsrf-token" content="([^"]+)"/.exec(page.text)?.[1]
  if (token === undefined) throw new Error(`no XSRF token on ${page.url} (${page.status}):\n${page.text}`)
  return token
}

function hiddenFields(page: Page, name: string): Record<string, string> {
  return Object.fromEntries(allFields(page, name).slice(0, 1))
}

function allFields(page: Page, name: string): [string, string][] {
  const inputs = page.text.match(/<input[^>]*>/g) ?? []
  return inputs
    .filter(input => attribute(input, 'name') === name)
    .map(input => [name, attribute(input, 'value') ?? ''])
}

function attribute(tag: string, name: string): string | undefined {
  return new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1]?.replaceAll('&amp;', '&').replaceAll('&#39;', "'")
}

function joined(before: Page, after: Page): Page {
  return { ...after, way: [...before.way, ...after.way] }
}
