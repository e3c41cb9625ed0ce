/** A hub that gives its services host names of their own, seen with a real browser. */
import { describe, expect, test } from 'vitest'
import { aChromium, aPageThatPosts, keepPicture, loggedInAt, logIn, somebodyAt } from './hub/chromium.ts'
import { version } from './hub/hub.ts'
import { aWorld, keepsItsLogClean } from './hub/world.ts'

const home = '/services/ngshare/'

describe(`JupyterHub ${version} with subdomains`, () => {
  const chromium = aChromium()
  const world = aWorld({
    ngshare: 'managed',
    people: 'may use ngshare',
    hasSubdomains: true,
    options: ['--admins', 'alice'],
  })

  test('a notebook server uses ngshare with its own token, on whatever host', async () => {
    const token = await world().hub.notebookTokenOf('bob')
    const { json } = await world().withoutProxy(token).get('courses')
    expect(json).toEqual({ success: true, courses: [] })
  })

  test('whoever opens a page logs in on the host of the hub, and comes back to ours', async () => {
    const { page, complaints } = await somebodyAt(chromium(), world())
    const address = world().page('?from=a%26b')
    await page.goto(address)
    expect(new URL(page.url()).origin).toBe(world().hub.origin)
    await logIn(page, 'bob')
    await page.waitForURL(address)
    expect(await page.textContent('body')).toContain('bob')
    await keepPicture(page, `hub-${version}-subdomains-home`)
    expect(complaints).toEqual([])
  })

  test('our cookies are for our host alone', async () => {
    const { context } = await loggedInAt(chromium(), world(), 'bob')
    const ours = (await context.cookies()).filter(({ name }) => name.startsWith('service-ngshare'))
    expect(ours.map(({ name }) => name)).toContain('service-ngshare-session')
    const { hostname } = new URL(world().page())
    for (const cookie of ours) {
      expect(cookie).toMatchObject({ domain: hostname, path: home, httpOnly: true, sameSite: 'Lax' })
    }
  })

  test('a form on another host of the hub, to which browsers send our cookies, is refused', async () => {
    const { page } = await loggedInAt(chromium(), world(), 'alice')
    const port = await aPageThatPosts(world().page('course/by-neighbour'), { instructors: '["mallory"]' })
    const answer = page.waitForResponse(response => response.url().endsWith('/course/by-neighbour'))
    await page.goto(`http://mallory.${new URL(world().hub.origin).hostname}:${port}/`)
    expect((await answer).status()).toBe(403)
  })

  test('the button logs out, and leads to the host of the hub', async () => {
    const { page } = await loggedInAt(chromium(), world(), 'bob')
    await page.getByRole('button', { name: /log out/i }).click()
    await page.locator(`a[href="${world().hub.page('logout')}"]`).click()
    await page.waitForURL(/\/hub\/log(in|out)/)
    await page.goto(world().page())
    expect(page.url().startsWith(world().hub.page('login'))).toBe(true)
  })

  test('who logs out at the hub is asked to log in before the next page', async () => {
    const { page } = await loggedInAt(chromium(), world(), 'bob')
    await page.goto(world().hub.page('logout'))
    await page.goto(world().page())
    expect(page.url().startsWith(world().hub.page('login'))).toBe(true)
  })

  keepsItsLogClean(world)
})
