/** Logging in by browser: to the hub, back with a code, and to the page that was wanted. */
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { success } from '../support/answers.ts'
import { type Browser, type Cookie, parseCookie } from '../support/browser.ts'
import type { Answer } from '../support/client.ts'
import { aHub, challengeOf } from '../support/fake-hub.ts'
import { aHubService, type HubService, type HubServiceOptions } from '../support/hub-service.ts'

async function aSite(options: Omit<HubServiceOptions, 'hub'> = {}) {
  const hub = await aHub()
  const service = await aHubService({ hub, ...options })
  return { hub, service, browser: service.aBrowser(), home: service.prefix }
}

const exchanges = ({ hub }: HubService) => hub.callsTo('/oauth2/token')
const isSession = ({ name }: Cookie) => name === 'service-ngshare-session'
/** Of a login under way; the count of those that ended is another. */
const isLoginState = ({ name }: Cookie) => /^service-ngshare-login-(?!count$)/.test(name)

function cookiesIn(answer: Answer): Cookie[] {
  return (answer.headers['set-cookie'] ?? []).map(parseCookie)
}

/** Where a page sent the browser, and what it says to the hub. */
function authorizeRequest(answer: Answer) {
  expect(answer.status).toBe(302)
  const url = new URL(String(answer.headers.location), 'http://here')
  return { url, asked: Object.fromEntries(url.searchParams) }
}

function callbackOf(service: HubService, asked: Record<string, string>): string {
  return `${service.prefix}oauth_callback?${new URLSearchParams(asked)}`
}

/** Opens a page, logs in, and stops before the callback: where the hub sends the browser. */
async function halfALogin(service: HubService, browser: Browser, name: string, page = service.prefix) {
  return browser.agree(String((await browser.open(page)).headers.location), name)
}

describe('opening a page without being logged in', () => {
  it('leads to the authorize page of the hub, with all that it needs', async () => {
    const { hub, service, browser } = await aSite()
    const { url, asked } = authorizeRequest(await browser.open(`${service.prefix}courses`))
    expect(url.origin).toBe('http://here') // a path, wherever the hub is
    expect(url.pathname).toBe('/hub/api/oauth2/authorize')
    expect(asked).toEqual({
      client_id: hub.clientId,
      redirect_uri: hub.redirectUri,
      response_type: 'code',
      state: expect.stringMatching(/^[\w.~-]{16,}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
    })
  })

  it('leaves a cookie that only the way back can use', async () => {
    const { service, browser } = await aSite()
    const [cookie, ...others] = cookiesIn(await browser.open(`${service.prefix}courses`))
    expect(others).toEqual([])
    expect(cookie?.name).toMatch(/^service-ngshare-login-.+/)
    expect(cookie?.attributes).toEqual({
      httponly: '',
      samesite: 'Lax',
      path: service.prefix,
      'max-age': '600',
    })
  })

  it('shows nothing of what it keeps there', async () => {
    const { service, browser } = await aSite()
    await browser.open(`${service.prefix}courses?of=someone`)
    for (const { value } of browser.everSet) {
      expect(value).not.toContain('courses')
      expect(Buffer.from(value, 'base64').toString()).not.toContain('courses')
      expect(
        value
          .split('.')
          .map(part => Buffer.from(part, 'base64url').toString())
          .join(),
      ).not.toContain('courses')
    }
  })

  it('works for browsers that do not say what they do, if they want a page', async () => {
    const { service, browser, home } = await aSite()
    authorizeRequest(await browser.request('GET', home, { headers: { accept: 'text/html,*/*' } }))
    authorizeRequest(await browser.request('HEAD', home, { headers: { accept: 'text/html,*/*' } }))
    authorizeRequest(await browser.request('HEAD', home, { headers: { 'sec-fetch-mode': 'navigate' } }))
    const asScript = { accept: 'text/html', 'sec-fetch-mode': 'cors' }
    expect((await browser.request('GET', home, { headers: asScript })).status).toBe(401)
    expect((await service.ask('GET', home)).status).toBe(401)
  })

  it('works beside credentials that are not for us, as proxies in front may add', async () => {
    const { browser, home } = await aSite()
    authorizeRequest(await browser.open(home, { headers: { authorization: 'Basic cGVyc29uOnBhc3M=' } }))
  })

  it('is different each time', async () => {
    const { service } = await aSite()
    const asked = await Promise.all(
      [1, 2].map(async () => authorizeRequest(await service.aBrowser().open(service.prefix)).asked),
    )
    expect(asked[0]?.state).not.toBe(asked[1]?.state)
    expect(asked[0]?.code_challenge).not.toBe(asked[1]?.code_challenge)
  })

  it('asks the hub nothing', async () => {
    const { hub, browser, home } = await aSite()
    const before = hub.calls.length
    for (let time = 0; time < 5; time++) await browser.open(home)
    expect(hub.calls.length).toBe(before)
  })

  it('does not fill the browser with cookies', async () => {
    const { browser, home } = await aSite()
    for (let time = 0; time < 40; time++) await browser.open(home)
    expect(browser.cookies().length).toBeLessThanOrEqual(20)
    expect((await browser.logIn('bob')).status).toBe(302)
  })
})

describe('coming back from the hub', () => {
  it('ends on the page that was wanted, its query kept', async () => {
    const { service, browser } = await aSite()
    const page = `${service.prefix}courses?a=1&b=%C3%A4%26`
    const answer = await browser.logIn('bob', page)
    expect(answer).toMatchObject({ status: 302, headers: { location: page } })
    expect(await browser.open(page)).toMatchObject(success({ courses: [] }))
  })

  it('exchanges the code as the hub wants it, once', async () => {
    const { hub, service, browser, home } = await aSite()
    const { asked } = authorizeRequest(await browser.open(home))
    const challenge = String(asked.code_challenge)
    const code = hub.codeFor('bob', {
      challenge,
      redirectUri: String(asked.redirect_uri),
      session: browser.session,
    })
    await browser.open(callbackOf(service, { code, state: String(asked.state) }))
    expect(exchanges(service)).toHaveLength(1)
    const [call] = exchanges(service)
    expect(call?.headers['content-type']).toMatch(/^application\/x-www-form-urlencoded/)
    expect(call?.headers).not.toHaveProperty('cookie')
    expect(call?.headers).not.toHaveProperty('origin')
    const form = Object.fromEntries(new URLSearchParams(call?.body))
    expect(form).toEqual({
      grant_type: 'authorization_code',
      client_id: hub.clientId,
      client_secret: hub.serviceToken,
      code,
      redirect_uri: asked.redirect_uri,
      code_verifier: expect.any(String),
    })
    expect(challengeOf(String(form.code_verifier))).toBe(challenge)
  })

  it('leaves a session cookie that scripts and other sites cannot use, and nothing of the way there', async () => {
    const { hub, service, browser } = await aSite()
    const answer = await browser.logIn('bob')
    const session = cookiesIn(answer).find(isSession)
    expect(session?.attributes).toEqual({
      httponly: '',
      samesite: 'Lax',
      path: service.prefix,
      'max-age': String(hub.expiresInSeconds),
    })
    expect(browser.cookies().filter(isLoginState)).toEqual([])
  })

  it('hides the token of the hub in the cookie', async () => {
    const { hub, browser } = await aSite()
    await browser.logIn('bob')
    const value = browser.cookie('service-ngshare-session')?.value ?? ''
    expect(value).not.toBe('')
    const readable = [
      value,
      ...value.split('.').map(part => Buffer.from(part, 'base64url').toString('latin1')),
    ]
    for (const text of readable) {
      for (const secret of hub.secrets) expect(text.includes(secret)).toBe(false)
      expect(text).not.toContain('bob')
    }
  })

  it('makes the browser that person', async () => {
    const { service, browser, home } = await aSite()
    await service.aCourse('physics', { students: ['bob'] })
    await browser.logIn('bob')
    expect(await browser.open(`${home}courses`)).toMatchObject(success({ courses: ['physics'] }))
    expect((await browser.open(home)).text).toContain('bob')
  })

  it('works in two tabs that began before either was finished', async () => {
    const { service, browser, home } = await aSite()
    const first = await halfALogin(service, browser, 'bob', `${home}courses?tab=1`)
    const second = await halfALogin(service, browser, 'bob', `${home}courses?tab=2`)
    for (const callback of [second, first]) {
      const answer = await browser.open(callback)
      expect(answer.status).toBe(302)
      expect(String(answer.headers.location).startsWith(home)).toBe(true)
      expect((await browser.open(String(answer.headers.location))).status).toBe(200)
    }
  })

  it('survives a restart of the service in between', async () => {
    const hub = await aHub()
    const first = await aHubService({ hub })
    const second = await aHubService({ hub })
    const before = first.aBrowser()
    const callback = await halfALogin(first, before, 'bob')
    const after = second.aBrowser()
    for (const { name, value } of before.cookies()) after.setCookie(name, value)
    expect((await after.open(callback)).status).toBe(302)
  })
})

describe('coming back in a way that was not begun here', () => {
  const refused = { status: 403, headers: { 'content-type': expect.stringMatching(/^text\/html/) } }

  async function expectRefusal(service: HubService, answer: Promise<Answer>) {
    const { status, headers, text } = await answer
    expect({ status, headers }).toMatchObject(refused)
    expect(text).toContain(`href="${service.prefix}"`) // to try again
    expect(exchanges(service)).toEqual([])
  }

  it('is refused without a state', async () => {
    const { hub, service, browser, home } = await aSite()
    const { asked } = authorizeRequest(await browser.open(home))
    const grant = { challenge: String(asked.code_challenge), redirectUri: hub.redirectUri }
    const code = hub.codeFor('bob', grant)
    await expectRefusal(service, browser.open(callbackOf(service, { code })))
  })

  it('is refused with a wrong state', async () => {
    const { service, browser, home } = await aSite()
    const callback = await halfALogin(service, browser, 'bob', home)
    const wrong = callback.replace(/state=[^&]+/, 'state=another-state-altogether')
    await expectRefusal(service, browser.open(wrong))
  })

  it('is refused in another browser: nobody can log someone in as themselves', async () => {
    const { service, browser } = await aSite()
    const callback = await halfALogin(service, service.aBrowser(), 'mallory')
    await browser.open(service.prefix) // has a state of its own
    await expectRefusal(service, browser.open(callback))
  })

  it('is refused with a cookie that was tampered with', async () => {
    const { service, browser } = await aSite()
    const callback = await halfALogin(service, browser, 'bob')
    const state = browser.cookies().find(isLoginState)
    const value = state?.value ?? ''
    const middle = Math.floor(value.length / 2)
    const other = value[middle] === 'A' ? 'B' : 'A'
    browser.setCookie(state?.name ?? '', value.slice(0, middle) + other + value.slice(middle + 1))
    await expectRefusal(service, browser.open(callback))
  })

  it('is refused when it comes again later, without a session', async () => {
    const { service, browser } = await aSite()
    const callback = await halfALogin(service, browser, 'bob')
    expect((await browser.open(callback)).status).toBe(302)
    browser.forget('service-ngshare-session')
    expect((await browser.open(callback)).status).toBe(403)
    expect(exchanges(service)).toHaveLength(1)
  })

  it('leads to the home page for those who are logged in already', async () => {
    const { service, browser, home } = await aSite()
    const callback = await halfALogin(service, browser, 'bob', `${home}courses`)
    await browser.open(callback)
    for (const again of [callback, `${home}oauth_callback`, `${home}oauth_callback?code=x`]) {
      expect(await browser.open(again)).toMatchObject({ status: 302, headers: { location: home } })
    }
    expect(exchanges(service)).toHaveLength(1)
  })

  it('is refused when the login took longer than ten minutes', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => {
      vi.useRealTimers()
    })
    const { service, browser } = await aSite()
    const intime = service.aBrowser()
    const [late, prompt] = [
      await halfALogin(service, browser, 'bob'),
      await halfALogin(service, intime, 'ann'),
    ]
    vi.setSystemTime(Date.now() + 590_000)
    expect((await intime.open(prompt)).status).toBe(302)
    vi.setSystemTime(Date.now() + 15_000)
    const answer = await browser.open(late)
    expect(answer.status).toBe(403)
    expect(exchanges(service)).toHaveLength(1)
  })
})

describe('a login that the hub turns down', () => {
  it('ends on a page that says why, with nothing of it taken for markup', async () => {
    const { service, browser, home } = await aSite()
    const { asked } = authorizeRequest(await browser.open(home))
    const answer = await browser.open(
      callbackOf(service, {
        error: 'access_denied<i>',
        error_description: '<b>no & "never"</b><script>alert(1)</script>',
        state: String(asked.state),
      }),
    )
    expect(answer.status).toBe(400)
    expect(answer.headers['content-type']).toMatch(/^text\/html/)
    expect(answer.text).not.toMatch(/<b>no|<script>alert|denied<i>/)
    expect(answer.text).toMatch(/&lt;b(>|&gt;)no &amp;/)
    expect(exchanges(service)).toEqual([])
  })

  it('ends on a friendly page when the code is of no use', async () => {
    const { service, browser, home } = await aSite()
    const { asked } = authorizeRequest(await browser.open(home))
    const answer = await browser.open(
      callbackOf(service, { code: 'a-code-of-yesterday', state: String(asked.state) }),
    )
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.status).toBeLessThan(500)
    expect(answer.headers['content-type']).toMatch(/^text\/html/)
    expect(answer.text).toContain(`href="${home}"`)
    expect(cookiesIn(answer).filter(isSession)).toEqual([])
  })

  it("is the operator's business when the hub does not take the service's secret", async () => {
    const { service, browser } = await aSite({ environment: { JUPYTERHUB_API_TOKEN: 'token-of-last-week' } })
    service.keepSecret('token-of-last-week')
    const answer = await browser.logIn('bob')
    expect([500, 502]).toContain(answer.status)
    expect(answer.headers['content-type']).toMatch(/^text\/html/)
    expect(cookiesIn(answer).filter(isSession)).toEqual([])
    expect(service.log.some(line => line.includes('JUPYTERHUB_API_TOKEN'))).toBe(true)
  })

  it.each(['error', 'hang', 'not found', 'a page instead of JSON'] as const)(
    'says so when the hub is in trouble meanwhile (%s)',
    async trouble => {
      const { hub, service, browser } = await aSite({ args: ['--hub-timeout-seconds=1'] })
      const callback = await halfALogin(service, browser, 'bob')
      hub.breakDown(trouble, '/oauth2/token')
      const answer = await browser.open(callback)
      expect(answer.status).toBe(503)
      expect(answer.headers['retry-after']).toBeDefined()
      expect(cookiesIn(answer).filter(isSession)).toEqual([])
      hub.recover()
      expect((await browser.logIn('bob')).status).toBe(302)
    },
  )
})

describe('a login that does not stick', () => {
  async function openUntilItStops(browser: Browser, service: HubService): Promise<number> {
    for (let round = 0; round < 6; round++) {
      const sent = await browser.open(service.prefix)
      if (sent.status !== 302) return expectStop(sent, round)
      const back = await browser.open(browser.agree(String(sent.headers.location), 'bob'))
      if (back.status !== 302) return expectStop(back, round)
    }
    throw new Error('round and round')
  }

  function expectStop(answer: Answer, round: number): number {
    expect(answer.headers['content-type']).toMatch(/^text\/html/)
    expect(answer.status).toBeGreaterThanOrEqual(400)
    return round
  }

  it('ends on a page that says so after three rounds, when the browser drops the session', async () => {
    const { service, browser } = await aSite()
    browser.refuseCookies(isSession)
    const rounds = await openUntilItStops(browser, service)
    expect(rounds).toBeGreaterThanOrEqual(1)
    expect(rounds).toBeLessThanOrEqual(3)
  })

  it('ends at once when the browser takes no cookies at all', async () => {
    const { service, browser } = await aSite()
    browser.refuseCookies(() => true)
    expect(await openUntilItStops(browser, service)).toBe(0)
  })

  it('ends when the session at the hub is always another one', async () => {
    const { hub, service, browser } = await aSite()
    for (let round = 0; round < 6; round++) {
      browser.setCookie('jupyterhub-session-id', `another-session-${round}`, hub.base)
      const sent = await browser.open(service.prefix)
      if (sent.status !== 302) {
        expectStop(sent, round)
        return
      }
      const back = await browser.open(browser.agree(String(sent.headers.location), 'bob'))
      if (back.status !== 302) {
        expectStop(back, round)
        return
      }
    }
    throw new Error('round and round')
  })

  it('is not that of a person who logs out and in again', async () => {
    const { service, browser } = await aSite()
    for (let time = 0; time < 6; time++) {
      expect((await browser.logIn('bob')).status).toBe(302)
      const _xsrf = await browser.xsrfToken()
      expect((await browser.submitForm(`${service.prefix}logout`, { _xsrf })).status).toBe(200)
    }
  })
})

describe('the page after the login', () => {
  const odd = [
    '//evil.example/',
    '/\\evil.example/',
    '/\\\\evil.example/',
    '///evil.example',
    '/%2F%2Fevil.example/',
    '/.//evil.example/',
    '/%5Cevil.example',
    '/%0d%0aset-cookie:a=b',
    '/%09/evil.example',
    '/courses%00',
  ]

  it.each(odd)('is never one of another site: %s', async path => {
    const hub = await aHub({ redirectUri: '/oauth_callback' })
    const service = await aHubService({ hub, prefix: '/' })
    const browser = service.aBrowser()
    const sent = await browser.open(path)
    if (sent.status !== 302) return // no page of ours, and no login
    const { location } = (await browser.open(browser.agree(String(sent.headers.location), 'bob'))).headers
    expect(location).toMatch(/^\/(?![/\\])/)
    expect(location).not.toMatch(/[\0-\x1f\\]/)
    expect(new URL(String(location), 'http://here').origin).toBe('http://here')
  })

  it.each([
    ...odd.map(path => `/services/ngshare${path}`),
    '/services/ngshare/\\evil',
    '/services/ngshare/..//evil',
  ])('is one of ours: %s', async path => {
    const { service, browser } = await aSite()
    const sent = await browser.open(path)
    if (sent.status !== 302 && sent.status !== 301) return
    if (!String(sent.headers.location).includes('/oauth2/authorize')) {
      expect(String(sent.headers.location).startsWith(service.prefix)).toBe(true)
      return
    }
    const { location } = (await browser.open(browser.agree(String(sent.headers.location), 'bob'))).headers
    expect(String(location).startsWith(service.prefix)).toBe(true)
    expect(location).not.toMatch(/\\|[\0-\x1f]|\/\.\.\//)
  })

  it('cannot be chosen by an argument', async () => {
    const { browser, home } = await aSite()
    const page = `${home}?next=https://evil.example/`
    expect((await browser.logIn('bob', page)).headers.location).toMatch(new RegExp(`^${home}`))
  })

  it('is where the operator wants it, if the page that was wanted cannot be', async () => {
    const target = '/services/ngshare/courses'
    for (const [JUPYTERHUB_SERVICE_REDIRECT_URL, expected] of [
      [target, target],
      [undefined, '/services/ngshare/'],
      ['https://evil.example/', '/services/ngshare/'],
    ] as const) {
      const { browser, home } = await aSite({ environment: { JUPYTERHUB_SERVICE_REDIRECT_URL } })
      expect((await browser.logIn('bob', `${home}?\\`)).headers.location).toBe(expected)
    }
  })

  it('is never the callback', async () => {
    const { browser, home } = await aSite()
    const answer = await browser.open(`${home}oauth_callback`)
    expect(answer.status).toBe(403)
  })

  it('is not another service whose prefix begins the same', async () => {
    const { browser } = await aSite()
    expect((await browser.open('/services/ngsharex/courses')).status).toBe(404)
  })
})
