/** A hub that lives below a path of its host, where people are asked for consent. */
import { describe, expect, test } from 'vitest'
import { type Page, xsrfTokenOf } from './hub/browser.ts'
import { version } from './hub/hub.ts'
import { aWorld, keepsItsLogClean } from './hub/world.ts'

const home = '/jhub/services/ngshare/'

describe.each(['managed', 'external'] as const)(`JupyterHub ${version} at /jhub/, ngshare %s`, ngshare => {
  const world = aWorld({ ngshare, baseUrl: '/jhub/', people: 'may use ngshare', asksForConsent: true })

  test('a notebook server uses it with its own token', async () => {
    const token = await world().hub.notebookTokenOf('bob')
    expect((await world().with(token).get('courses')).json).toEqual({ success: true, courses: [] })
  })

  test('the way through login and consent never leaves the path of the hub', async () => {
    const browser = world().browserOf('bob')
    const address = world().page('courses?from=here')
    const page = await browser.open(address)
    expect({ status: page.status, url: page.url.href }).toEqual({ status: 200, url: address })
    expect(page.way.map(url => url.pathname).filter(path => !path.startsWith('/jhub/'))).toEqual([])
    expect(page.way.map(url => url.pathname)).toContain(`${home}oauth_callback`)
  })

  test('every cookie of ours stays on our own path', async () => {
    const browser = world().browserOf('bob')
    await browser.open(world().page())
    const ours = browser.received.filter(({ name }) => name.startsWith('service-ngshare'))
    expect(ours.length).toBeGreaterThan(1)
    expect(ours.filter(({ path }) => path !== home)).toEqual([])
  })

  test('every link of its pages, and the way out of the hub, is below the path of the hub', async () => {
    const browser = world().browserOf('bob')
    const page = await browser.open(world().page())
    const goodbye = await browser.submit(page, world().page('logout'), { _xsrf: xsrfTokenOf(page) })
    expect(goodbye.status).toBe(200)
    expect(pathsIn(goodbye)).toContain('/jhub/hub/logout')
    const paths = [...pathsIn(page), ...pathsIn(goodbye)]
    expect(paths.length).toBeGreaterThan(1)
    expect(paths.filter(path => !path.startsWith('/jhub/'))).toEqual([])
  })

  test('without its last slash the address leads to the one with it', async () => {
    const answer = await world().browserOf('bob').fetch('GET', world().page().slice(0, -1))
    expect({ status: answer.status, location: answer.headers.location }).toEqual({
      status: 301,
      location: home,
    })
  })

  keepsItsLogClean(world)
})

/** Where links, forms, scripts, styles and pictures lead on this host. */
function pathsIn(page: Page): string[] {
  const addresses = [...page.text.matchAll(/\b(?:href|src|action)="([^"]*)"/g)].map(
    ([, address]) => address ?? '',
  )
  return addresses
    .map(address => new URL(address.replaceAll('&amp;', '&'), page.url))
    .filter(({ origin }) => origin === page.url.origin)
    .map(({ pathname }) => pathname)
}
