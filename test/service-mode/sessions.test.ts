/** People who are logged in by browser: what their cookie is good for, and what pages must prove beside it. */
import { describe, expect, it } from 'vitest'
import { success } from '../support/answers.ts'
import { xsrfTokenIn } from '../support/browser.ts'
import { aHub } from '../support/fake-hub.ts'
import { aHubService, type HubServiceOptions } from '../support/hub-service.ts'
import { file } from '../support/trees.ts'

const sessionName = 'service-ngshare-session'

async function aClass(options: Omit<HubServiceOptions, 'hub'> = {}) {
  const hub = await aHub()
  const service = await aHubService({ hub, ...options })
  await service.aCourse('physics', {
    instructors: ['ann'],
    students: ['bob', 'carl'],
    assignments: { ps1: [file('ps1.ipynb', '{}')] },
  })
  return {
    hub,
    service,
    home: service.prefix,
    courses: `${service.prefix}courses`,
    submit: `${service.prefix}submission/physics/ps1`,
    submissions: () => service.as('ann').get('submissions/physics/ps1'),
  }
}

const fields = { files: [file('ps1.ipynb', 'work')] }
const bobsCourses = success({ courses: ['physics'] })
const loginRequired = {
  status: 401,
  json: { success: false, message: expect.stringMatching(/^Login required/) },
}
const crossSite = {
  status: 403,
  json: { success: false, message: expect.stringMatching(/^Cross-site request refused/) },
}

describe('a token in the header', () => {
  it('counts alone, even if it is bad and the cookie good', async () => {
    const { service, courses } = await aClass()
    const browser = await service.aBrowserOf('bob')
    const bad = { authorization: 'token unknown-token-1' }
    const answer = await browser.request('GET', courses, { headers: bad })
    expect(answer).toMatchObject(loginRequired)
    expect(answer.headers).not.toHaveProperty('set-cookie')
    expect(await browser.open(courses)).toMatchObject(bobsCourses)
  })

  it('counts alone, when both are good', async () => {
    const { hub, service, courses } = await aClass()
    const browser = await service.aBrowserOf('bob')
    const headers = { authorization: `Bearer ${hub.notebookToken('stranger')}` }
    expect(await browser.open(courses, { headers })).toMatchObject(success({ courses: [] }))
  })

  it('needs no proof of the page, wherever it comes from', async () => {
    const { hub, service, submit } = await aClass()
    const token = hub.notebookToken('bob')
    for (const headers of [
      { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' },
      { origin: 'null' },
      {},
    ] as Record<string, string>[]) {
      const options = { fields, headers: { authorization: `token ${token}`, ...headers } }
      expect(await service.ask('POST', submit, options)).toMatchObject({ status: 200 })
    }
  })

  it('of another scheme is ignored', async () => {
    const { service, courses } = await aClass()
    const browser = await service.aBrowserOf('bob')
    const headers = { authorization: 'Basic cGVyc29uOnBhc3N3b3Jk' }
    expect(await browser.open(courses, { headers })).toMatchObject(bobsCourses)
  })
})

describe('changing something by cookie', () => {
  it('needs the token of a page, in a header', async () => {
    const { service, submit, submissions } = await aClass()
    const browser = await service.aBrowserOf('bob')
    expect(await browser.script('POST', submit, { fields })).toMatchObject(crossSite)
    expect(await browser.request('POST', submit, { fields })).toMatchObject(crossSite)
    expect((await submissions()).json.submissions).toEqual([])
    const xsrf = await browser.xsrfToken()
    expect(await browser.script('POST', submit, { fields, xsrf })).toMatchObject({ status: 200 })
    expect(await submissions()).toMatchObject({ json: { submissions: [{ student_id: 'bob' }] } })
  })

  it('may have it in a form instead', async () => {
    const { service, submit } = await aClass()
    const browser = await service.aBrowserOf('bob')
    const _xsrf = await browser.xsrfToken()
    expect(await browser.submitForm(submit, { ...fields, _xsrf })).toMatchObject({ status: 200 })
    expect(await browser.submitForm(submit, fields)).toMatchObject(crossSite)
    expect(await browser.submitForm(submit, { ...fields, _xsrf: 'not-the-token' })).toMatchObject(crossSite)
  })

  it('may not have it in the URL, which others may write', async () => {
    const { service, submit } = await aClass()
    const browser = await service.aBrowserOf('bob')
    const _xsrf = await browser.xsrfToken()
    expect(
      await browser.request('POST', `${submit}?${new URLSearchParams({ _xsrf })}`, { fields }),
    ).toMatchObject(crossSite)
  })

  it('needs the token of this very session', async () => {
    const { service, submit } = await aClass()
    const [bob, carl, again] = [
      await service.aBrowserOf('bob'),
      await service.aBrowserOf('carl'),
      await service.aBrowserOf('bob'),
    ]
    for (const other of [carl, again]) {
      const xsrf = await other.xsrfToken()
      expect(await bob.script('POST', submit, { fields, xsrf })).toMatchObject(crossSite)
    }
  })

  it('needs a new one after a new login, even in the same session of the hub', async () => {
    const { service, home, submit } = await aClass()
    const browser = await service.aBrowserOf('bob')
    const old = await browser.xsrfToken()
    await browser.submitForm(`${home}logout`, { _xsrf: old })
    await browser.logIn('bob')
    expect(await browser.script('POST', submit, { fields, xsrf: old })).toMatchObject(crossSite)
    const xsrf = await browser.xsrfToken()
    expect(await browser.script('POST', submit, { fields, xsrf })).toMatchObject({ status: 200 })
  })

  it.each(['', 'undefined', 'x', 'ä'])('is refused with the token %j', async xsrf => {
    const { service, submit } = await aClass()
    const browser = await service.aBrowserOf('bob')
    const headers = { 'x-xsrftoken': Buffer.from(xsrf).toString('latin1') }
    expect(await browser.script('POST', submit, { fields, headers })).toMatchObject(crossSite)
  })

  it.each([
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: 'http://127.0.0.1:1' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'none' },
  ] as Record<string, string>[])(
    'is refused from elsewhere, even with the right token: %j',
    async headers => {
      const { service, submit, submissions } = await aClass()
      const browser = await service.aBrowserOf('bob')
      const xsrf = await browser.xsrfToken()
      expect(await browser.script('POST', submit, { fields, xsrf, headers })).toMatchObject(crossSite)
      expect((await submissions()).json.submissions).toEqual([])
    },
  )

  it('may come from the public address that the hub tells', async () => {
    const { service, submit } = await aClass({
      environment: { JUPYTERHUB_PUBLIC_URL: 'https://hub.example.org/services/ngshare/' },
    })
    const browser = await service.aBrowserOf('bob', { scheme: 'https' })
    const xsrf = await browser.xsrfToken()
    const ask = (origin: string) => browser.script('POST', submit, { fields, xsrf, headers: { origin } })
    expect(await ask('https://hub.example.org')).toMatchObject({ status: 200 })
    expect(await ask('https://hub.example.org.evil.example')).toMatchObject(crossSite)
    expect(await ask('http://hub.example.org')).toMatchObject(crossSite)
  })

  it('is never done by a page that says it does not care for the answer', async () => {
    const { service, submit } = await aClass()
    const browser = await service.aBrowserOf('bob')
    const headers = { 'sec-fetch-mode': 'no-cors' }
    expect(await browser.script('POST', submit, { fields, headers })).toMatchObject(crossSite)
  })

  it.each(['PUT', 'DELETE'])('needs the token for %s, too', async method => {
    const { service, home } = await aClass()
    const browser = await service.aBrowserOf('ann')
    const path = `${home}assignment/physics/ps1`
    expect(await browser.script(method, path, { fields })).toMatchObject(crossSite)
    const xsrf = await browser.xsrfToken()
    expect(await browser.script(method, path, { fields, xsrf })).toMatchObject({ status: 200 })
  })
})

describe('reading by cookie', () => {
  it.each(['cors', 'same-origin', 'no-cors'])('by a script of mode %s needs the token', async mode => {
    const { service, courses } = await aClass()
    const browser = await service.aBrowserOf('bob')
    const headers = { 'sec-fetch-mode': mode }
    for (const method of ['GET', 'HEAD']) {
      const { status } = await browser.script(method, courses, { headers })
      expect([401, 403]).toContain(status)
    }
    if (mode === 'no-cors') return
    const xsrf = await browser.xsrfToken()
    expect(await browser.script('GET', courses, { headers, xsrf })).toMatchObject(bobsCourses)
    expect(await browser.script('HEAD', courses, { headers, xsrf })).toMatchObject({ status: 200 })
  })

  it('needs none to open a page, or where browsers do not say what they do', async () => {
    const { service, courses } = await aClass()
    const browser = await service.aBrowserOf('bob')
    expect(await browser.open(courses)).toMatchObject(bobsCourses)
    expect(await browser.request('GET', courses)).toMatchObject(bobsCourses)
  })

  it('lets pages have their pictures and scripts', async () => {
    const { service, home } = await aClass()
    const browser = await service.aBrowserOf('bob')
    const headers = { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }
    expect((await browser.script('GET', `${home}favicon.ico`, { headers })).status).toBe(200)
  })
})

describe('a session', () => {
  it.each(['in the middle', 'at the end', 'at the beginning', 'cut short'])(
    'that was tampered with %s is none',
    async where => {
      const { service, courses } = await aClass()
      const browser = await service.aBrowserOf('bob')
      const value = browser.cookie(sessionName)?.value ?? ''
      const at = {
        'in the middle': value.length >> 1,
        'at the end': value.length - 3,
        'at the beginning': 0,
      }[where]
      const tampered =
        at === undefined
          ? value.slice(0, -6)
          : `${value.slice(0, at)}${value[at] === 'A' ? 'B' : 'A'}${value.slice(at + 1)}`
      browser.setCookie(sessionName, tampered)
      expect(await browser.script('GET', courses)).toMatchObject(loginRequired)
      expect((await browser.open(courses)).status).toBe(302)
    },
  )

  it.each(['x', 'eyJhbGciOiJub25lIn0.eyJ0b2tlbiI6ImEifQ.', '%00', '"', '...', 'a.b.c.d.e'])(
    'is not made up by %s',
    async value => {
      const { service, courses } = await aClass()
      const browser = service.aBrowser()
      browser.setCookie(sessionName, value)
      expect(await browser.request('GET', courses)).toMatchObject(loginRequired)
    },
  )

  it('is not a login state, nor the other way round', async () => {
    const { service, courses } = await aClass()
    const browser = service.aBrowser()
    await browser.open(courses)
    const [state] = browser.cookies()
    browser.setCookie(sessionName, state?.value ?? '')
    expect(await browser.request('GET', courses)).toMatchObject(loginRequired)
  })

  it('ends at once when the person logs out of the hub', async () => {
    const { service, courses } = await aClass()
    const browser = await service.aBrowserOf('bob')
    const xsrf = await browser.xsrfToken()
    expect(await browser.script('GET', courses, { xsrf })).toMatchObject(bobsCourses)
    browser.logOutOfHub()
    expect(await browser.script('GET', courses, { xsrf })).toMatchObject(loginRequired)
    const answer = await browser.open(courses)
    expect(answer.status).toBe(302)
    expect(answer.headers.location).toContain('/oauth2/authorize')
  })

  it('ends when someone else logs in at the hub', async () => {
    const { hub, service, courses } = await aClass()
    const browser = await service.aBrowserOf('bob')
    const xsrf = await browser.xsrfToken()
    browser.setCookie('jupyterhub-session-id', 'session-of-carl', hub.base)
    expect(await browser.script('GET', courses, { xsrf })).toMatchObject(loginRequired)
    const answer = await browser.open(courses)
    expect(answer.status).toBe(302)
    expect(answer.headers.location).toContain('/oauth2/authorize')
  })

  it('is asked about anew when the session of the hub changes', async () => {
    const { hub, service, courses } = await aClass({ oneProcess: true })
    const browser = await service.aBrowserOf('bob')
    await browser.open(courses)
    const [token] = hub.callsTo('/user').slice(-1)
    const asked = () =>
      hub.calls.filter(call => call.headers.authorization === token?.headers.authorization).length
    const before = asked()
    await browser.open(courses)
    expect(asked()).toBe(before)
    browser.setCookie('jupyterhub-session-id', 'another-session', hub.base)
    await browser.open(courses)
    expect(asked()).toBe(before + 1)
  })

  it('is asked about every time where the browser does not show the session of the hub', async () => {
    const { hub, service, courses } = await aClass()
    const browser = await service.aBrowserOf('bob')
    browser.forget('jupyterhub-session-id')
    const before = hub.callsTo('/user').length
    for (let time = 0; time < 3; time++) expect(await browser.open(courses)).toMatchObject(bobsCourses)
    expect(hub.callsTo('/user').length).toBe(before + 3)
  })

  it.each(['auto', 'strict'])('needs the access scope (token check %s)', async check => {
    const { hub, service, courses } = await aClass({ args: ['--token-cache-seconds=0'] })
    const checking = await aHubService({
      hub,
      args: [`--token-check=${check}`, '--token-cache-seconds=0'],
      folder: service.folder,
    })
    const browser = await checking.aBrowserOf('bob')
    expect(await browser.open(courses)).toMatchObject(bobsCourses)
    const token = hub.callsTo('/user').at(-1)?.headers.authorization?.split(' ')[1] ?? ''
    hub.changeToken(token, { scopes: ['read:users:name!user=bob'] })
    const answer = await browser.open(courses)
    expect(answer.status).toBe(403)
    expect(answer.text).toContain('access:services!service=ngshare')
  })

  it('survives a restart of the service', async () => {
    const hub = await aHub()
    const first = await aHubService({ hub })
    const session = (await first.aBrowserOf('bob')).cookies()
    const after = (await aHubService({ hub })).aBrowser()
    for (const { name, value, path } of session) after.setCookie(name, value, path)
    expect((await after.open(first.prefix)).status).toBe(200)
  })

  it("survives a new token of the service where the operator sets the cookies' secret, and else does not", async () => {
    for (const [secret, expected] of [
      ['a secret of the operator, long enough', 200],
      [undefined, 302],
    ] as const) {
      const hub = await aHub()
      const environment = { NGSHARE_COOKIE_SECRET: secret }
      const session = (await (await aHubService({ hub, environment })).aBrowserOf('bob')).cookies()
      const newToken = hub.botToken('ngshare')
      const after = await aHubService({
        hub,
        environment: { ...environment, JUPYTERHUB_API_TOKEN: newToken },
      })
      if (secret !== undefined) after.keepSecret(secret)
      const browser = after.aBrowser()
      for (const { name, value, path } of session) browser.setCookie(name, value, path)
      expect((await browser.open(after.prefix)).status).toBe(expected)
    }
  })
})

describe('the home page', () => {
  it('names the person, and has a button to log out', async () => {
    const { service, home } = await aClass()
    const browser = await service.aBrowserOf('bob')
    const { text } = await browser.open(home)
    expect(text).toContain('bob')
    expect(text).toMatch(new RegExp(`<form[^>]+action="${home}logout"`))
    expect(text).toMatch(/<input[^>]+name="_xsrf"/)
    expect(xsrfTokenIn(text)).not.toBeNull()
  })

  it('takes no name for markup', async () => {
    const { service, home } = await aClass()
    const browser = await service.aBrowserOf('<img src=x onerror=alert(1)>')
    expect((await browser.open(home)).text).not.toContain('<img src=x')
  })

  it('is not to be framed, kept, or told of', async () => {
    const { service, home } = await aClass()
    const { headers } = await (await service.aBrowserOf('bob')).open(home)
    const policy = String(headers['content-security-policy'])
    expect(policy).toMatch(/default-src '(self|none)'/)
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).toContain("base-uri 'none'")
    expect(policy).toContain("form-action 'self'")
    expect(headers).toMatchObject({
      'referrer-policy': 'same-origin',
      'cache-control': expect.stringContaining('no-store'),
      'x-content-type-options': 'nosniff',
    })
  })

  it('has no way for other origins to read it, nor has anything else', async () => {
    const { service, home, courses } = await aClass()
    const headers = { origin: 'https://evil.example', 'access-control-request-method': 'POST' }
    for (const method of ['GET', 'POST', 'OPTIONS']) {
      for (const path of [home, courses]) {
        const answer = await service.ask(method, path, { headers })
        expect(Object.keys(answer.headers).filter(name => name.startsWith('access-control'))).toEqual([])
      }
    }
  })
})

describe('logging out', () => {
  it('takes the cookies away and shows the way out of the hub', async () => {
    const { service, home, courses } = await aClass()
    const browser = await service.aBrowserOf('bob')
    const _xsrf = await browser.xsrfToken()
    const answer = await browser.submitForm(`${home}logout`, { _xsrf })
    expect(answer.status).toBe(200)
    expect(answer.text).toContain('href="/hub/logout"')
    expect(browser.cookies().map(cookie => cookie.name)).toEqual(['jupyterhub-session-id'])
    expect(await browser.script('GET', courses)).toMatchObject(loginRequired)
    expect((await browser.open(courses)).status).toBe(302)
  })

  it('cannot be done to a person by another page', async () => {
    const { service, home, courses } = await aClass()
    const browser = await service.aBrowserOf('bob')
    const _xsrf = await browser.xsrfToken()
    for (const answer of [
      await browser.submitForm(`${home}logout`, {}),
      await browser.submitForm(`${home}logout`, { _xsrf }, { origin: 'https://evil.example' }),
      await browser.submitForm(`${home}logout`, { _xsrf }, { 'sec-fetch-site': 'cross-site' }),
      await browser.open(`${home}logout`),
    ]) {
      expect([403, 405]).toContain(answer.status)
    }
    expect(await browser.open(courses)).toMatchObject(bobsCourses)
  })

  it('leads to the hub where it is on an origin of its own', async () => {
    const { service, home } = await aClass({ environment: { JUPYTERHUB_HOST: 'https://hub.example.org' } })
    const browser = await service.aBrowserOf('bob')
    const answer = await browser.submitForm(`${home}logout`, { _xsrf: await browser.xsrfToken() })
    expect(answer.text).toContain('href="https://hub.example.org/hub/logout"')
  })
})
