/** ngshare on a hub that starts it and has no role configuration at all: what ngshare 0.6 did there must go on working. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { isFree } from '../support/ports.ts'
import { version } from './hub/hub.ts'
import { isAlive } from './hub/program.ts'
import { aWorld, expectRefusal, keepsItsLogClean } from './hub/world.ts'

const cacheSeconds = 1
const pastCacheMs = cacheSeconds * 1000 + 300
const badToken = /^Login required.*(invalid|expired)/s

describe(`JupyterHub ${version} starts ngshare, and nobody has configured roles`, () => {
  const world = aWorld({
    ngshare: 'managed',
    options: ['--admins', 'alice,service:admin-bot', '--token-cache-seconds', String(cacheSeconds)],
    bots: ['course-bot', 'admin-bot', 'alice'],
  })

  test('the hub starts it once, and its proxy leads there', async () => {
    expect((await world().hub.api('GET', '')).json.version).toMatch(new RegExp(`^${version}\\.`))
    expect(world().managedPids()).toHaveLength(1)
    const browser = world().browserOf('bob')
    const health = await browser.fetch('GET', world().page('healthz'))
    expect({ status: health.status, ...health.json }).toEqual({ status: 200, success: true })
  })

  test('a notebook server may use it with the token that the hub gave it', async () => {
    const token = await world().hub.notebookTokenOf('bob')
    const answer = await world().with(token).get('courses')
    expect({ status: answer.status, ...answer.json }).toEqual({ status: 200, success: true, courses: [] })
  })

  test('the word before a token is `token` or `bearer`, in any spelling', async () => {
    const { token } = await world().hub.apiTokenOf('bob')
    for (const authorization of [`Bearer ${token}`, `bearer  ${token}`, `TOKEN ${token}`]) {
      const answer = await world().with(token).get('courses', { headers: { authorization } })
      expect([authorization.split(' ')[0], answer.status]).toEqual([expect.any(String), 200])
    }
    const bare = await world()
      .with(token)
      .get('courses', { headers: { authorization: token } })
    expectRefusal(bare, 401, /^Login required/)
  })

  test('people are known by the name that the hub says', async () => {
    const [alice, dave] = [await world().asUser('alice'), await world().asUser('dave')]
    expect((await alice.post('course/names', { instructors: ['dave'] })).json).toEqual({ success: true })
    expect((await dave.get('courses')).json).toMatchObject({ courses: ['names'] })
    // Whoever says to be somebody else is not believed.
    expect((await dave.get('courses', { query: { user: 'alice' } })).json).toMatchObject({
      courses: ['names'],
    })
  })

  test('only admins of ngshare may create courses, whatever their server', async () => {
    const alice = world().with(await world().hub.notebookTokenOf('alice'))
    expect((await alice.post('course/of-alice')).status).toBe(200)
    const bob = await world().asUser('bob')
    expectRefusal(await bob.post('course/of-bob'), 403, /^Permission denied/)
  })

  test('a service of the hub without a page is a caller with its own name', async () => {
    const alice = await world().asUser('alice')
    await alice.post('course/with-bot', { instructors: ['course-bot'] })
    const bot = world().with(world().botToken('course-bot'))
    expect((await bot.get('courses')).json).toEqual({ success: true, courses: ['with-bot'] })
    expectRefusal(await bot.post('course/of-bot'), 403, /^Permission denied/)
  })

  test('a service is an admin by `service:` and its name, never by its name alone', async () => {
    const adminBot = world().with(world().botToken('admin-bot'))
    expect((await adminBot.post('course/of-admin-bot')).json).toEqual({ success: true })
    const namesake = world().with(world().botToken('alice'))
    expectRefusal(await namesake.post('course/of-namesake'), 403, /^Permission denied/)
    const user = await world().asUser('admin-bot')
    expectRefusal(await user.post('course/of-user'), 403, /^Permission denied/)
  })

  test('without a token, or with one that the hub does not know, there is no way in', async () => {
    const nobody = await world()
      .with('')
      .get('courses', { headers: { authorization: '' } })
    expectRefusal(nobody, 401, /^Login required/)
    expect(nobody.headers).not.toHaveProperty('location')
    expect(nobody.headers).not.toHaveProperty('set-cookie')
    const unknown = world().secrets.keep('unknown token', 'f00dfeed'.repeat(4))
    expectRefusal(await world().with(unknown).get('courses'), 401, badToken)
    expectRefusal(await world().with(unknown).post('submission/c/a', { files: [] }), 401, badToken)
  })

  test('a token in the address is no token', async () => {
    const { token } = await world().hub.apiTokenOf('bob')
    const answer = await world()
      .with('')
      .get('courses', { query: { token }, headers: { authorization: '' } })
    expectRefusal(answer, 401, /^Login required/)
  })

  test('a token that has expired is refused when the cache time is over', async () => {
    const { token } = await world().hub.apiTokenOf('erin', 2)
    expect((await world().with(token).get('courses')).status).toBe(200)
    await sleep(2000 + pastCacheMs)
    expectRefusal(await world().with(token).get('courses'), 401, badToken)
  })

  test('a token that was deleted at the hub is refused when the cache time is over', async () => {
    const { token, id } = await world().hub.apiTokenOf('erin')
    expect((await world().with(token).get('courses')).status).toBe(200)
    await world().hub.revoke('erin', id)
    await sleep(pastCacheMs)
    expectRefusal(await world().with(token).get('courses'), 401, badToken)
  })

  test('the token of a notebook server that was stopped is refused when the cache time is over', async () => {
    const token = await world().hub.notebookTokenOf('frank')
    expect((await world().with(token).get('courses')).status).toBe(200)
    await world().hub.stopNotebookOf('frank')
    await sleep(pastCacheMs)
    expectRefusal(await world().with(token).get('courses'), 401, badToken)
  })

  test('in strict mode notebook servers are refused, and told which scope they lack', async () => {
    const strict = await world().alsoExternal(['--token-check', 'strict'])
    const notebook = await world().hub.notebookTokenOf('grace')
    expectRefusal(await strict.with(notebook).get('courses'), 403, /access:services!service=ngshare/)
  })

  test('the hub lets nobody in by browser, and says so itself', async () => {
    const page = await world().browserOf('bob').open(world().page())
    expect({ status: page.status, path: page.url.pathname }).toEqual({
      status: 403,
      path: '/hub/api/oauth2/authorize',
    })
  })

  test('it stops with the hub, orderly and at once; one that runs by itself stays', async () => {
    const external = await world().alsoExternal([])
    const [pid = 0] = world().managedPids()
    expect(isAlive(pid)).toBe(true)
    const { code, afterMs } = await world().hub.stop()
    expect(isAlive(pid)).toBe(false)
    expect(await isFree(world().port)).toBe(true)
    // Hubs send SIGINT, and 10 or 30 seconds later something worse.
    expect(afterMs).toBeLessThan(9000)
    expect(code).toBe(0)
    expect(external.isRunning).toBe(true)
    expect((await external.ask('/healthz')).status).toBe(200)
    expect(await external.stop('SIGINT')).toMatchObject({ code: 0, signal: null })
  })

  keepsItsLogClean(world)
})
