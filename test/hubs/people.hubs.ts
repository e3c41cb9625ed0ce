/** People at their browsers, on a hub that is configured as our documentation says; ngshare runs by itself. */
import { describe, expect, test } from 'vitest'
import { type Browser, isLogin, type Page, xsrfTokenOf } from './hub/browser.ts'
import { version } from './hub/hub.ts'
import { otherService, scopeOfOtherService, tokenAtOtherService } from './hub/other-service.ts'
import { aWorld, expectRefusal, keepsItsLogClean } from './hub/world.ts'

describe(`People of a JupyterHub ${version} use ngshare`, () => {
  const world = aWorld({
    ngshare: 'external',
    people: 'may use ngshare',
    otherScopes: [scopeOfOtherService],
    otherServices: [otherService],
    options: ['--admins', 'alice'],
    bots: ['course-bot'],
    hubAdmins: ['head'],
  })

  /** A browser that is logged in, and what our pages give it for their scripts. */
  async function loggedIn(person: string): Promise<{ browser: Browser; page: Page; xsrf: string }> {
    const browser = world().browserOf(person)
    const page = await browser.open(world().page())
    expect(page.status).toBe(200)
    return { browser, page, xsrf: world().secrets.keep('XSRF token', xsrfTokenOf(page)) }
  }

  describe('who opens a page', () => {
    test('logs in at the hub and comes back to it', async () => {
      const page = await world().browserOf('bob').open(world().page())
      expect({ status: page.status, url: page.url.href }).toEqual({ status: 200, url: world().page() })
      expect(page.text).toContain('bob')
    })

    test('is sent to the hub with all that OAuth and PKCE ask for', async () => {
      const { way } = await world().browserOf('bob').look(world().page())
      const authorize = way.find(({ pathname }) => pathname === '/hub/api/oauth2/authorize')
      expect(Object.fromEntries(authorize?.searchParams ?? [])).toEqual({
        client_id: 'service-ngshare',
        redirect_uri: '/services/ngshare/oauth_callback',
        response_type: 'code',
        state: expect.stringMatching(/^\S{16,}$/),
        code_challenge: expect.stringMatching(/^[\w-]{43}$/),
        code_challenge_method: 'S256',
      })
    })

    test('comes back to the very address that was asked for, query and all', async () => {
      const address = world().page('courses?view=all&name=%C3%BC%26%2F&empty=')
      const page = await world().browserOf('bob').open(address)
      expect({ status: page.status, url: page.url.href }).toEqual({ status: 200, url: address })
      expect(page.json).toMatchObject({ success: true })
    })

    test('gets cookies that scripts, other sites and other paths of the hub do not see', async () => {
      const { browser } = await loggedIn('bob')
      const ours = browser.received.filter(({ name }) => name.startsWith('service-ngshare'))
      expect(ours.map(({ name }) => name)).toContain('service-ngshare-session')
      expect(ours.some(({ name }) => name.startsWith('service-ngshare-login-'))).toBe(true)
      for (const cookie of ours) {
        expect(cookie).toMatchObject({ path: '/services/ngshare/', httpOnly: true })
        expect(String(cookie.sameSite).toLowerCase()).toBe('lax')
        expect(cookie.secure ?? false).toBe(false)
      }
      // Nothing of the login itself stays.
      const kept = browser.jar.all.map(({ name }) => name).filter(name => name.startsWith('service-ngshare'))
      expect(kept.filter(name => name !== 'service-ngshare-login-count')).toEqual(['service-ngshare-session'])
    })

    test('is logged in for the next page', async () => {
      const { browser } = await loggedIn('bob')
      const page = await browser.look(world().page('courses'))
      expect({ status: page.status, steps: page.way.length }).toEqual({ status: 200, steps: 1 })
    })

    test('may do so in two tabs at once', async () => {
      const browser = world().browserOf('bob')
      const [one, two] = [world().page('courses?tab=1'), world().page('courses?tab=2')]
      const tabs = [await browser.look(one), await browser.look(two)]
      expect(tabs.map(isLogin)).toEqual([true, true])
      // Logged in from the first, the second has only to be loaded anew.
      const pages = [await browser.goOn(tabs[0] as Page), await browser.look((tabs[1] as Page).url)]
      expect(pages.map(({ status, url }) => [status, url.href])).toEqual([
        [200, one],
        [200, two],
      ])
    })

    test('is sent there from the address without its last slash', async () => {
      const page = await world().browserOf('bob').look(world().page().slice(0, -1))
      expect(page.way[1]?.href).toBe(world().page())
    })

    test('but whose browser does not keep our cookie is told so, instead of going round for ever', async () => {
      const browser = world().browserOf('bob')
      browser.jar.refused.add('service-ngshare-session')
      const page = await browser.open(world().page())
      expect(page.status).toBeGreaterThanOrEqual(400)
      expect(page.text).toMatch(/cookie/i)
      const rounds = page.way.filter(({ pathname }) => pathname === '/services/ngshare/oauth_callback')
      expect(rounds.length).toBeLessThanOrEqual(4)
    })

    test('cannot be logged in by a callback that was not asked for', async () => {
      const browser = world().browserOf('bob')
      const page = await browser.look(world().page('oauth_callback?code=somebodys&state=somebodys'))
      expect(page.status).toBe(403)
      expect(world().sessionOf(browser)).toBeUndefined()
    })

    test('reads what the hub has against the login, as text', async () => {
      const { way } = await world().browserOf('bob').look(world().page())
      const state = way.find(url => url.searchParams.has('state'))?.searchParams.get('state') ?? ''
      const callback = `oauth_callback?error=invalid_scope&error_description=%3Cb%3Eno&state=${state}`
      const page = await world().browserOf('bob').look(world().page(callback))
      expect(page.status).toBe(400)
      expect(page.text).not.toContain('<b>no')
    })
  })

  describe('a page of ours', () => {
    test('may write for the person who is logged in', async () => {
      const { browser, xsrf } = await loggedIn('alice')
      const byHeader = await browser.fetch('POST', world().page('course/by-header'), {
        headers: { 'x-xsrftoken': xsrf },
      })
      expect(byHeader.json).toEqual({ success: true })
      const byField = await browser.fetch('POST', world().page('course/by-field'), {
        fields: { _xsrf: xsrf, instructors: ['bob'] },
      })
      expect(byField.json).toEqual({ success: true })
    })

    test('writes nothing without the token that only our pages know', async () => {
      const { browser } = await loggedIn('alice')
      const { xsrf: ofBob } = await loggedIn('bob')
      const address = world().page('course/not-wanted')
      expectRefusal(await browser.fetch('POST', address), 403, /^Cross-site request refused/)
      const withOthers = await browser.fetch('POST', address, { headers: { 'x-xsrftoken': ofBob } })
      expectRefusal(withOthers, 403, /^Cross-site request refused/)
    })

    test.each([
      { origin: 'http://127.0.0.1:1' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'cross-site' },
    ])('writes nothing for a page of another origin: %o', async headers => {
      const { browser, xsrf } = await loggedIn('alice')
      const answer = await browser.fetch('POST', world().page('course/not-wanted'), {
        headers: { 'x-xsrftoken': xsrf, ...headers },
      })
      expectRefusal(answer, 403, /^Cross-site request refused/)
    })

    test('is read by scripts with that token only', async () => {
      const { browser, xsrf } = await loggedIn('bob')
      const byScript = { 'sec-fetch-mode': 'cors', 'sec-fetch-site': 'same-origin' }
      const address = world().page('courses')
      expect((await browser.fetch('GET', address, { headers: byScript })).status).toBe(403)
      const withToken = await browser.fetch('GET', address, {
        headers: { ...byScript, 'x-xsrftoken': xsrf },
      })
      expect(withToken.status).toBe(200)
    })
  })

  describe('a token in the header', () => {
    test('decides, even if somebody else is logged in by cookie', async () => {
      const { browser } = await loggedIn('bob')
      const { token } = await world().hub.apiTokenOf('alice')
      const alice = { authorization: `token ${token}` }
      const created = await browser.fetch('POST', world().page('course/by-token'), { headers: alice })
      expect(created.json).toEqual({ success: true })
      const bad = await browser.fetch('GET', world().page('courses'), {
        headers: { authorization: 'token none-that-is-known' },
      })
      expectRefusal(bad, 401, /^Login required/)
    })

    test('that another service of the hub got for a login there is refused', async () => {
      const token = await tokenAtOtherService(world(), 'bob')
      expect((await world().hub.apiAs(token, 'GET', 'user')).json).toMatchObject({ name: 'bob' })
      expectRefusal(await world().with(token).get('courses'), 403, /access:services!service=ngshare/)
      // As ngshare 0.6 did it; an admin may choose that.
      const trusting = await world().alsoExternal(['--token-check', 'off'])
      expect((await trusting.with(token).get('courses')).status).toBe(200)
    })

    test('of a notebook server is enough in strict mode, where the hub is configured for it', async () => {
      const strict = await world().alsoExternal(['--token-check', 'strict'])
      const notebook = await world().hub.notebookTokenOf('carol')
      expect((await strict.with(notebook).get('courses')).status).toBe(200)
      const { token } = await world().hub.apiTokenOf('carol')
      expect((await strict.with(token).get('courses')).status).toBe(200)
      const bot = strict.with(world().botToken('course-bot'))
      expectRefusal(await bot.get('courses'), 403, /access:services!service=ngshare/)
    })

    test('of an admin of the hub makes an admin of ngshare where that is wanted', async () => {
      const { token } = await world().hub.apiTokenOf('head')
      expectRefusal(await world().with(token).post('course/of-head'), 403, /^Permission denied/)
      const obliging = await world().alsoExternal(['--hub-admins'])
      expect((await obliging.with(token).post('course/of-head')).json).toEqual({ success: true })
    })

    test('of a service is refused where that is wanted', async () => {
      const forPeople = await world().alsoExternal(['--no-service-tokens'])
      expectRefusal(await forPeople.with(world().botToken('course-bot')).get('courses'), 403, /service/)
      const { token } = await world().hub.apiTokenOf('carol')
      expect((await forPeople.with(token).get('courses')).status).toBe(200)
    })
  })

  describe('who logs out', () => {
    test('at the hub is logged out here', async () => {
      const { browser, xsrf } = await loggedIn('dave')
      await browser.look(world().hub.page('logout'))
      const byScript = await browser.fetch('GET', world().page('courses'), {
        headers: { 'x-xsrftoken': xsrf },
      })
      expectRefusal(byScript, 401, /^Login required/)
      expect(isLogin(await browser.look(world().page()))).toBe(true)
    })

    test('at the hub is logged out here even if the browser kept our cookies and the session of the hub', async () => {
      const { browser } = await loggedIn('dave')
      const copy = browser.jar.headerFor(world().prefix)
      await browser.look(world().hub.page('logout'))
      const stolen = world().browserOf('thief')
      const answer = await stolen.fetch('GET', world().page('courses'), {
        headers: { cookie: withoutSessionId(copy) },
      })
      expectRefusal(answer, 401, /^Login required/)
    })

    test('here loses our cookies, and is shown the way out of the hub', async () => {
      const { browser, page, xsrf } = await loggedIn('dave')
      const goodbye = await browser.submit(page, world().page('logout'), { _xsrf: xsrf })
      expect(goodbye.status).toBe(200)
      expect(goodbye.text).toContain('/hub/logout')
      expect(world().sessionOf(browser)).toBeUndefined()
      expectRefusal(await browser.fetch('GET', world().page('courses')), 401, /^Login required/)
    })

    test('does it on purpose: no other page can do it for them', async () => {
      const { browser, page } = await loggedIn('dave')
      expect((await browser.submit(page, world().page('logout'), {})).status).toBe(403)
      expect((await browser.look(world().page('courses'))).way).toHaveLength(1)
    })

    test('and comes back as somebody else is somebody else', async () => {
      const { browser } = await loggedIn('dave')
      await browser.look(world().hub.page('logout'))
      const next = world().browserOf('erin')
      for (const cookie of browser.jar.all) next.jar.put(cookie)
      const page = await next.open(world().page())
      expect(page.text).toContain('erin')
      expect(page.text).not.toContain('dave')
    })
  })

  keepsItsLogClean(world)
})

function withoutSessionId(cookies: string): string {
  return cookies
    .split('; ')
    .filter(cookie => !cookie.startsWith('jupyterhub-session-id='))
    .join('; ')
}
