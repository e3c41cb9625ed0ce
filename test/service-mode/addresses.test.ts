/** Where the service is for browsers and proxies: prefixes, schemes, hosts, and the cookies that depend on them. */
import { describe, expect, it } from 'vitest'
import { success } from '../support/answers.ts'
import type { Browser } from '../support/browser.ts'
import { aHub, type HubOptions } from '../support/fake-hub.ts'
import { aHubService, type HubServiceOptions } from '../support/hub-service.ts'

interface Place extends Omit<HubServiceOptions, 'hub'> {
  readonly onHub?: HubOptions
}

async function aServiceAt({ onHub = {}, ...options }: Place = {}) {
  const hub = await aHub(onHub)
  return { hub, service: await aHubService({ hub, ...options }) }
}

const below = { onHub: { base: '/jhub/' }, prefix: '/jhub/services/ngshare/' }

describe('a service behind a path of the hub', () => {
  it('has all links, cookies and redirects under its prefix', async () => {
    const { service } = await aServiceAt(below)
    const browser = service.aBrowser()
    const sent = await browser.open(`${service.prefix}courses`)
    expect(sent.headers.location).toMatch(/^\/jhub\/hub\/api\/oauth2\/authorize\?/)
    const back = await browser.open(browser.agree(String(sent.headers.location), 'bob'))
    expect(back.headers.location).toBe(`${service.prefix}courses`)
    for (const { path } of browser.everSet) expect(path).toBe(service.prefix)

    const { text } = await browser.open(service.prefix)
    const links = [...text.matchAll(/\b(?:href|src|action)="([^"]*)"/g)].map(match => match[1] ?? '')
    expect(links.length).toBeGreaterThan(0)
    for (const link of links) {
      expect(link.startsWith(service.prefix) || link.startsWith('/jhub/hub/')).toBe(true)
    }
    expect((await service.ask('GET', '/services/ngshare/courses')).status).toBe(404)
    expect((await service.ask('GET', '/courses')).status).toBe(404)
  })

  it('ends the session of the hub where the hub is', async () => {
    const { service } = await aServiceAt(below)
    const browser = await service.aBrowserOf('bob')
    const answer = await browser.submitForm(`${service.prefix}logout`, { _xsrf: await browser.xsrfToken() })
    expect(answer.text).toContain('href="/jhub/hub/logout"')
  })

  it('answers API calls there, whether they come through the proxy or directly', async () => {
    const { service } = await aServiceAt(below)
    for (const headers of [{}, { host: 'ngshare:10101' }, { host: 'x', 'x-forwarded-proto': 'https,http' }]) {
      expect(await service.as('bob').get('courses', {}, { headers })).toMatchObject(success({ courses: [] }))
    }
  })
})

describe('the prefix', () => {
  it('is completed when its last slash is missing', async () => {
    for (const place of [{}, below]) {
      const { service } = await aServiceAt(place)
      const answer = await service.ask('GET', service.prefix.slice(0, -1))
      expect(answer).toMatchObject({ status: 301, headers: { location: service.prefix } })
    }
  })

  it('ends where it ends', async () => {
    const { service } = await aServiceAt()
    for (const path of ['/services/ngsharex', '/services/ngsharex/', '/services/ngshare//courses']) {
      expect((await service.ask('GET', path)).status).toBe(404)
    }
  })

  it('may be the root', async () => {
    const { service } = await aServiceAt({ prefix: '/', onHub: { redirectUri: '/oauth_callback' } })
    const browser = service.aBrowser()
    expect((await browser.logIn('bob', '/courses')).headers.location).toBe('/courses')
    expect(await browser.open('/courses')).toMatchObject(success({ courses: [] }))
  })
})

describe('cookies', () => {
  const secureOnes = (browser: Browser) => browser.everSet.map(({ attributes }) => 'secure' in attributes)

  async function afterLogin(place: Place, headers: Record<string, string>): Promise<boolean[]> {
    const { service } = await aServiceAt(place)
    const browser = service.aBrowser({ scheme: 'https' }) // keeps them either way
    const plain = { 'x-forwarded-proto': '', ...headers }
    const sent = await browser.open(service.prefix, { headers: plain })
    await browser.open(browser.agree(String(sent.headers.location), 'bob'), { headers: plain })
    expect(browser.everSet.length).toBeGreaterThanOrEqual(2)
    return secureOnes(browser)
  }

  const publicUrl = (url: string) => ({ environment: { JUPYTERHUB_PUBLIC_URL: url } })

  it.each([
    ['X-Forwarded-Proto: https,http', {}, { 'x-forwarded-proto': 'https,http' }],
    ['X-Forwarded-Proto: https', {}, { 'x-forwarded-proto': 'https' }],
    ['X-Scheme: https', {}, { 'x-scheme': 'https' }],
    [
      'Forwarded: for=1.2.3.4;proto=https',
      {},
      { forwarded: 'for=1.2.3.4;proto=https, for=10.0.0.1;proto=http' },
    ],
    ['a public URL on https', publicUrl('https://hub.example.org/services/ngshare/'), {}],
    [
      'a public URL on https, whatever the proxy says',
      publicUrl('https://hub.example.org/services/ngshare/'),
      { 'x-forwarded-proto': 'http' },
    ],
  ] as [string, Place, Record<string, string>][])(
    'are for https alone with %s',
    async (_, place, headers) => {
      expect(new Set(await afterLogin(place, headers))).toEqual(new Set([true]))
    },
  )

  it.each([
    ['nothing said', {}, {}],
    ['X-Forwarded-Proto: http', {}, { 'x-forwarded-proto': 'http' }],
    ['X-Forwarded-Proto: http,https', {}, { 'x-forwarded-proto': 'http,https' }],
    ['Forwarded: proto=http first', {}, { forwarded: 'proto=http', 'x-forwarded-proto': 'https' }],
    [
      'a public URL on http',
      publicUrl('http://hub.example.org/services/ngshare/'),
      { 'x-forwarded-proto': 'https' },
    ],
  ] as [string, Place, Record<string, string>][])('are for http, too, with %s', async (_, place, headers) => {
    expect(new Set(await afterLogin(place, headers))).toEqual(new Set([false]))
  })

  it('have the host prefix where the hub wants it, and then belong to the whole host', async () => {
    const { service } = await aServiceAt({ environment: { JUPYTERHUB_COOKIE_HOST_PREFIX_ENABLED: '1' } })
    const browser = service.aBrowser({ scheme: 'https' })
    expect((await browser.logIn('bob')).status).toBe(302)
    for (const { name, path, attributes } of browser.everSet) {
      expect(name).toMatch(/^__Host-service-ngshare-(session|login-.+)$/)
      expect(path).toBe('/')
      expect(attributes).toHaveProperty('secure')
    }
    expect((await browser.open(service.prefix)).status).toBe(200)
  })

  it('are as the operator wants them', async () => {
    const JUPYTERHUB_COOKIE_OPTIONS = '{"samesite": "None", "secure": true}'
    const { service } = await aServiceAt({ environment: { JUPYTERHUB_COOKIE_OPTIONS } })
    const browser = service.aBrowser({ scheme: 'https' })
    expect((await browser.logIn('bob')).status).toBe(302)
    for (const { attributes } of browser.everSet) {
      expect(attributes).toMatchObject({ samesite: 'None', secure: '', httponly: '' })
    }
  })

  it('are named after the client that the hub knows', async () => {
    const { service } = await aServiceAt({ environment: { JUPYTERHUB_CLIENT_ID: 'service-other' } })
    const browser = service.aBrowser()
    await browser.open(service.prefix)
    for (const { name } of browser.everSet) expect(name).toMatch(/^service-other-login-/)
  })
})

describe('a hub on a host of its own', () => {
  it('is where browsers are sent, with the callback as it is registered', async () => {
    const callback = 'https://services.example.org/services/ngshare/oauth_callback'
    const { hub, service } = await aServiceAt({
      onHub: { redirectUri: callback },
      environment: { JUPYTERHUB_HOST: 'https://hub.example.org' },
    })
    const browser = service.aBrowser({ scheme: 'https' })
    const sent = await browser.open(service.prefix)
    const url = new URL(String(sent.headers.location))
    expect(url.origin).toBe('https://hub.example.org')
    expect(url.searchParams.get('redirect_uri')).toBe(callback)
    const back = new URL(browser.agree(url.href, 'bob'))
    expect((await browser.open(back.pathname + back.search)).status).toBe(302)
    const form = new URLSearchParams(hub.callsTo('/oauth2/token')[0]?.body)
    expect(form.get('redirect_uri')).toBe(callback)
  })

  it('is never where the service asks: that is the address of the API', async () => {
    const { hub, service } = await aServiceAt({
      environment: { JUPYTERHUB_HOST: 'https://no-such-hub.invalid' },
    })
    expect(await service.as('bob').get('courses')).toMatchObject(success({ courses: [] }))
    expect(hub.callsTo('/user').length).toBeGreaterThan(0)
  })
})

describe('what the hub leaves out', () => {
  const nothing = {
    JUPYTERHUB_BASE_URL: undefined,
    JUPYTERHUB_CLIENT_ID: undefined,
    JUPYTERHUB_COOKIE_HOST_PREFIX_ENABLED: undefined,
    JUPYTERHUB_HOST: undefined,
    JUPYTERHUB_OAUTH_ACCESS_SCOPES: undefined,
    JUPYTERHUB_OAUTH_CALLBACK_URL: undefined,
    JUPYTERHUB_OAUTH_CLIENT_ALLOWED_SCOPES: undefined,
    JUPYTERHUB_OAUTH_SCOPES: undefined,
    JUPYTERHUB_PUBLIC_HUB_URL: undefined,
    JUPYTERHUB_PUBLIC_URL: undefined,
    JUPYTERHUB_SERVICE_NAME: undefined,
  }
  const empty = Object.fromEntries(Object.keys(nothing).map(name => [name, '']))

  it.each([
    ['unset', nothing],
    ['empty', empty],
  ])('is derived from the rest (%s)', async (_, environment) => {
    const { hub, service } = await aServiceAt({ environment, args: ['--token-check=strict'] })
    const browser = service.aBrowser()
    const sent = await browser.open(service.prefix)
    expect(sent.headers.location).toMatch(/^\/hub\/api\/oauth2\/authorize\?/)
    const asked = new URL(String(sent.headers.location), 'http://here').searchParams
    expect(asked.get('client_id')).toBe('service-ngshare')
    expect(asked.get('redirect_uri')).toBe('/services/ngshare/oauth_callback')
    expect((await browser.open(browser.agree(String(sent.headers.location), 'bob'))).status).toBe(302)
    const allowed = hub.notebookToken('bob', { scopes: ['access:services!service=ngshare'] })
    expect(await service.with(allowed).get('courses')).toMatchObject(success({ courses: [] }))
    expect(await service.as('bob').get('courses')).toMatchObject({ status: 403 })
  })

  it('takes the name from the prefix', async () => {
    const { service } = await aServiceAt({ environment: nothing, prefix: '/services/exchange/' })
    const sent = await service.aBrowser().open(service.prefix)
    const asked = new URL(String(sent.headers.location), 'http://here').searchParams
    expect(asked.get('client_id')).toBe('service-exchange')
    expect(asked.get('redirect_uri')).toBe('/services/exchange/oauth_callback')
  })
})

describe('what nobody is told', () => {
  it('is the environment, wherever someone looks', async () => {
    const { hub, service } = await aServiceAt({ args: ['--debug'] })
    for (const path of [`${service.prefix}nothing`, '/nothing', `${service.prefix}%zz`, '/']) {
      for (const headers of [{}, { accept: 'application/json' }] as Record<string, string>[]) {
        const { text } = await service.ask('GET', path, { headers })
        expect(text).not.toContain('JUPYTERHUB_')
        expect(text.includes(hub.serviceToken)).toBe(false)
      }
    }
  })
})
