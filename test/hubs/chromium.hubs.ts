/** People at a real browser. */
import { describe, expect, test } from 'vitest'
import { aChromium, aPageThatPosts, keepPicture, loggedInAt, logIn, somebodyAt } from './hub/chromium.ts'
import { version } from './hub/hub.ts'
import { aWorld, keepsItsLogClean } from './hub/world.ts'

describe.each([
  { baseUrl: '/', ngshare: 'external', picture: 'root' },
  { baseUrl: '/jhub/', ngshare: 'managed', picture: 'sub-path' },
] as const)(`Chromium, JupyterHub ${version} at $baseUrl`, ({ baseUrl, ngshare, picture }) => {
  const chromium = aChromium()
  const world = aWorld({ ngshare, baseUrl, people: 'may use ngshare', options: ['--admins', 'alice'] })
  const home = `${baseUrl}services/ngshare/`

  test('whoever opens the page logs in at the hub, and sees it', async () => {
    const person = await somebodyAt(chromium(), world())
    const { page } = person
    await page.goto(world().page())
    expect(new URL(page.url()).pathname).toBe(`${baseUrl}hub/login`)
    await logIn(page, 'bob')
    await page.waitForURL(world().page())
    expect(await page.textContent('body')).toContain('bob')
    expect(await page.title()).not.toBe('')
    await keepPicture(page, `hub-${version}-${picture}-home`)
    expect(person.complaints).toEqual([])
  })

  test('comes back to the address that was asked for', async () => {
    const { page } = await somebodyAt(chromium(), world())
    const address = world().page('courses?view=all&name=%C3%BC')
    await page.goto(address)
    await logIn(page, 'bob')
    await page.waitForURL(address)
    expect(await page.textContent('body')).toContain('"success": true')
  })

  test('our cookies are out of reach for scripts and other sites', async () => {
    const { page, context } = await loggedInAt(chromium(), world(), 'bob')
    const ours = (await context.cookies()).filter(({ name }) => name.startsWith('service-ngshare'))
    expect(ours.map(({ name }) => name)).toContain('service-ngshare-session')
    for (const cookie of ours) {
      expect(cookie).toMatchObject({ path: home, httpOnly: true, sameSite: 'Lax', secure: false })
    }
    expect(await page.evaluate('document.cookie')).not.toContain('service-ngshare')
  })

  test('a script of our page could read and write with the token that the page gives it', async () => {
    // Our pages have no scripts today, and forbid them.
    const { page } = await loggedInAt(chromium(), world(), 'alice', { bypassCSP: true })
    const answer = await page.evaluate(`(async () => {
      const token = document.querySelector('meta[name=xsrf-token]').content
      const headers = { 'X-XSRFToken': token }
      const created = await fetch('${home}course/by-script', { method: 'POST', headers })
      const { courses } = await (await fetch('${home}courses', { headers })).json()
      return { status: created.status, courses }
    })()`)
    expect(answer).toEqual({ status: 200, courses: expect.arrayContaining(['by-script']) })
  })

  test('a script of another page of the hub neither reads nor writes', async () => {
    const { page } = await loggedInAt(chromium(), world(), 'alice')
    await page.goto(world().hub.page('home'))
    const statuses = await page.evaluate(`(async () => [
      (await fetch('${home}courses')).status,
      (await fetch('${home}course/by-neighbour', { method: 'POST' })).status,
    ])()`)
    expect(statuses).toEqual([403, 403])
  })

  // Ports make no other site: to the browser 127.0.0.1 with another port is the same one, and gets our cookies.
  test.each(['localhost', '127.0.0.1'])('a form on a page of another origin, %s, is refused', async host => {
    const { page } = await loggedInAt(chromium(), world(), 'alice')
    const port = await aPageThatPosts(world().page('course/by-stranger'), { instructors: '["mallory"]' })
    const answer = page.waitForResponse(response => response.url().endsWith('/course/by-stranger'))
    await page.goto(`http://${host}:${port}/`)
    expect((await answer).status()).toBe(host === 'localhost' ? 401 : 403)
    const alice = await world().asUser('alice')
    expect((await alice.get('courses')).json.courses).not.toContain('by-stranger')
  })

  test('the button logs out, and shows the way out of the hub', async () => {
    const person = await loggedInAt(chromium(), world(), 'bob')
    const { page, context } = person
    await page.getByRole('button', { name: /log out/i }).click()
    const link = page.locator(`a[href$="${baseUrl}hub/logout"]`)
    await link.waitFor()
    expect((await context.cookies()).map(({ name }) => name)).not.toContain('service-ngshare-session')
    await keepPicture(page, `hub-${version}-${picture}-logged-out`)
    expect(person.complaints).toEqual([])
    await link.click()
    await page.waitForURL(/\/hub\/log(in|out)/)
    await page.goto(world().page())
    expect(new URL(page.url()).pathname).toBe(`${baseUrl}hub/login`)
  })

  test('who logs out at the hub is asked to log in before the next page', async () => {
    const { page } = await loggedInAt(chromium(), world(), 'bob')
    await page.goto(world().hub.page('logout'))
    await page.goto(world().page())
    expect(new URL(page.url()).pathname).toBe(`${baseUrl}hub/login`)
    await logIn(page, 'erin')
    await page.waitForURL(world().page())
    expect(await page.textContent('body')).toContain('erin')
    expect(await page.textContent('body')).not.toContain('bob')
  })

  keepsItsLogClean(world)
})
