/** A hub that is down, slow or not there: nobody is blamed for it, and people who are known go on working. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { eventually } from '../faults/eventually.ts'
import { success } from '../support/answers.ts'
import { aHub, type HubTrouble } from '../support/fake-hub.ts'
import { aHubService, type HubService, type HubServiceOptions } from '../support/hub-service.ts'
import { fetched, file } from '../support/trees.ts'

const quick = '--hub-timeout-seconds=1'
const forgetful = ['--token-cache-seconds=0', '--hub-grace-seconds=0']

async function aClass(options: Omit<HubServiceOptions, 'hub'> = {}) {
  const hub = await aHub()
  const service = await aHubService({ hub, args: [quick], ...options })
  await service.aCourse('physics', {
    instructors: ['ann'],
    students: ['bob'],
    assignments: { ps1: [file('ps1.ipynb', '{}')] },
  })
  return { hub, service }
}

const cannotAsk = { status: 503, json: { success: false, message: expect.stringMatching(/JupyterHub/) } }
const bobsCourses = success({ courses: ['physics'] })
const passing: HubTrouble[] = ['error', 'unavailable', 'cut off', 'hang']
const misdirected: HubTrouble[] = [
  'not found',
  'login redirect',
  'a page instead of JSON',
  'JSON of something else',
]

describe.each([...passing, ...misdirected, 'nobody listens'] as const)(
  'while the hub is in trouble (%s)',
  kind => {
    const breakDown = async ({ hub }: HubService) =>
      kind === 'nobody listens' ? hub.stop() : hub.breakDown(kind)
    const recover = async ({ hub }: HubService) => (kind === 'nobody listens' ? hub.restart() : hub.recover())

    it('callers whom it does not know are told to try again, and are served as soon as it is well', async () => {
      const { hub, service } = await aClass()
      const token = hub.notebookToken('bob')
      await breakDown(service)
      const answer = await service.with(token).get('courses')
      expect(answer).toMatchObject(cannotAsk)
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
      expect(answer.headers).not.toHaveProperty('location')
      await recover(service)
      expect(await service.with(token).get('courses')).toMatchObject(bobsCourses)
    })

    it('people who are logged in keep their cookie, and go on when it is well', async () => {
      const { service } = await aClass({ args: [quick, ...forgetful] })
      const browser = await service.aBrowserOf('bob')
      await breakDown(service)
      const answer = await browser.open(`${service.prefix}courses`)
      expect(answer.status).toBe(503)
      expect(answer.headers).not.toHaveProperty('set-cookie')
      await recover(service)
      expect(await browser.open(`${service.prefix}courses`)).toMatchObject(bobsCourses)
    })

    it('the health checks answer at once', async () => {
      const { hub, service } = await aClass()
      await breakDown(service)
      const unknown = service.with(hub.notebookToken('carl')).get('courses')
      for (const path of ['/healthz', `${service.prefix}healthz`, '/readyz', `${service.prefix}readyz`]) {
        const times: number[] = []
        for (let time = 0; time < 5; time++) {
          const startedAt = performance.now()
          expect(await service.ask('GET', path)).toMatchObject({ status: 200, json: { success: true } })
          times.push(performance.now() - startedAt)
        }
        expect(Math.min(...times)).toBeLessThan(50)
      }
      await unknown
    })
  },
)

describe('a hub that answers late', () => {
  it('is waited for', async () => {
    const { hub, service } = await aClass({ args: ['--hub-timeout-seconds=5'] })
    hub.breakDown('late')
    expect(await service.with(hub.notebookToken('bob')).get('courses')).toMatchObject(bobsCourses)
  })
})

describe('an address that is not the API of a hub', () => {
  it.each(misdirected)('is named in the log, with the setting to look at (%s)', async trouble => {
    const { hub, service } = await aClass()
    hub.breakDown(trouble)
    expect(await service.with(hub.notebookToken('bob')).get('courses')).toMatchObject(cannotAsk)
    if (trouble === 'JSON of something else') return // may be any trouble
    const said = service.log.filter(line => line.includes('JUPYTERHUB_API_URL'))
    expect(said.length).toBeGreaterThan(0)
    expect(said.some(line => line.includes(hub.apiUrl))).toBe(true)
  })

  it('is not followed to where it redirects', async () => {
    const { hub, service } = await aClass()
    hub.breakDown('login redirect')
    await service.with(hub.notebookToken('bob')).get('courses')
    expect(hub.calls.filter(call => call.path.startsWith('outside'))).toEqual([])
  })
})

describe('a student whom the service knows', () => {
  it.each(['hang', 'error', 'not found', 'nobody listens'] as const)(
    'submits while the hub is in trouble (%s), also when the cache time is over',
    async kind => {
      const { hub, service } = await aClass({ args: [quick, '--token-cache-seconds=1'] })
      await service.as('bob').get('courses')
      await service.as('ann').get('courses')
      if (kind === 'nobody listens') await hub.stop()
      else hub.breakDown(kind)
      for (const text of ['within the cache time', 'after it']) {
        const timestamp = await service.submission('bob', 'physics/ps1', [file('ps1.ipynb', text)])
        expect(await service.as('ann').get('submission/physics/ps1/bob', { timestamp })).toMatchObject({
          status: 200,
          json: { files: [fetched('ps1.ipynb', text)] },
        })
        await sleep(1100)
      }
    },
  )

  it('goes on by browser as well', async () => {
    const { hub, service } = await aClass({ oneProcess: true, args: [quick, '--token-cache-seconds=1'] })
    const browser = await service.aBrowserOf('bob')
    const xsrf = await browser.xsrfToken()
    hub.breakDown('hang')
    await sleep(1100)
    const fields = { files: [file('ps1.ipynb', 'by browser')] }
    expect(
      await browser.script('POST', `${service.prefix}submission/physics/ps1`, { fields, xsrf }),
    ).toMatchObject({ status: 200 })
  })

  it('is told to try again when the grace is over, too', async () => {
    const { hub, service } = await aClass({
      oneProcess: true,
      args: [quick, '--token-cache-seconds=1', '--hub-grace-seconds=1'],
    })
    await service.as('bob').get('courses')
    hub.breakDown('error')
    await sleep(1200)
    expect(await service.as('bob').get('courses')).toMatchObject(bobsCourses)
    await sleep(1200)
    expect(await service.as('bob').get('courses')).toMatchObject(cannotAsk)
  })

  it('has no grace where the operator gives none', async () => {
    const { hub, service } = await aClass({
      oneProcess: true,
      args: [quick, '--token-cache-seconds=1', '--hub-grace-seconds=0'],
    })
    await service.as('bob').get('courses')
    hub.breakDown('error')
    expect(await service.as('bob').get('courses')).toMatchObject(bobsCourses)
    await sleep(1200)
    expect(await service.as('bob').get('courses')).toMatchObject(cannotAsk)
  })

  it('is out soon when the hub, well again, does not know the token any more', async () => {
    const { hub, service } = await aClass({ oneProcess: true, args: [quick, '--token-cache-seconds=1'] })
    const token = hub.notebookToken('bob')
    await service.with(token).get('courses')
    hub.breakDown('error')
    await sleep(1100)
    expect(await service.with(token).get('courses')).toMatchObject(bobsCourses)
    hub.revoke(token)
    hub.recover()
    const isOut = async () => (await service.with(token).get('courses')).status === 401
    await eventually('the token is refused', isOut, 3000)
  })

  it('who was refused has no grace', async () => {
    const { hub, service } = await aClass({ args: [quick, '--token-cache-seconds=0'] })
    const token = hub.notebookToken('bob')
    await service.with(token).get('courses')
    hub.revoke(token)
    expect(await service.with(token).get('courses')).toMatchObject({ status: 401 })
    hub.breakDown('error')
    const answer = await service.with(token).get('courses')
    expect([401, 503]).toContain(answer.status)
  })
})

describe('a hub that hangs', () => {
  it('holds up neither the people who are known nor the health checks, however many others ask', async () => {
    const { hub, service } = await aClass({ oneProcess: true, args: ['--hub-timeout-seconds=2'] })
    const unknown = Array.from({ length: 200 }, (_, number) => hub.notebookToken(`student ${number}`))
    await service.as('bob').get('courses')
    hub.breakDown('hang')

    const waiting = Promise.all(unknown.map(token => service.with(token).get('courses')))
    await sleep(100) // all of them are on their way
    const startedAt = performance.now()
    await service.submission('bob', 'physics/ps1', [file('ps1.ipynb', 'meanwhile')])
    expect(await service.ask('GET', '/healthz')).toMatchObject({ status: 200 })
    expect(performance.now() - startedAt).toBeLessThan(1000)

    for (const answer of await waiting) expect(answer).toMatchObject(cannotAsk)
    hub.recover()
    const served = await Promise.all(unknown.map(token => service.with(token).get('courses')))
    for (const answer of served) expect(answer).toMatchObject(success({ courses: [] }))
  })

  it('makes nobody wait longer than the operator lets it', async () => {
    const { hub, service } = await aClass()
    hub.breakDown('hang')
    const startedAt = performance.now()
    expect(await service.with(hub.notebookToken('bob')).get('courses')).toMatchObject(cannotAsk)
    const waitedMs = performance.now() - startedAt
    expect(waitedMs).toBeGreaterThan(800)
    expect(waitedMs).toBeLessThan(3000)
  })
})

describe('a service that starts while its hub is away', () => {
  it('starts, and serves when the hub is there', async () => {
    const hub = await aHub()
    await hub.stop()
    const service = await aHubService({ hub, args: [quick] })
    expect(await service.ask('GET', `${service.prefix}healthz`)).toMatchObject({ status: 200 })
    expect(await service.as('bob').get('courses')).toMatchObject(cannotAsk)
    await hub.restart()
    expect(await service.as('bob').get('courses')).toMatchObject(success({ courses: [] }))
  })
})

describe('while a hub that hangs is asked whose requests they are', () => {
  it('more of them than may wait are told to come again', async () => {
    const { hub, service } = await aClass({
      args: [quick, '--max-active=1', '--max-waiting=2'],
      oneProcess: true,
    })
    const tokens = ['ann', 'bob', 'carl', 'dora', 'eve'].map(name => hub.notebookToken(name))
    hub.breakDown('hang')
    const answers = await Promise.all(tokens.map(token => service.with(token).get('courses')))
    const messages = answers.map(answer => String(answer.json.message))
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 503, 503, 503])
    expect(messages.filter(message => message.startsWith('The exchange is very busy.'))).toHaveLength(2)
    expect(messages.filter(message => message.includes('JupyterHub'))).toHaveLength(3)
    hub.recover()
    expect((await service.with(hub.notebookToken('bob')).get('courses')).status).toBe(200)
  })

  it('people at a browser are told so on a page', async () => {
    const { hub, service } = await aClass({
      args: [quick, '--max-active=1', '--max-waiting=0'],
      oneProcess: true,
    })
    const browser = await service.aBrowserOf('bob')
    hub.breakDown('hang')
    const hangs = service.with(hub.notebookToken('ann')).get('courses')
    await eventually('the hub is being asked', async () => {
      const answer = await browser.open(service.prefix)
      return answer.status === 503 && answer.text.includes('The exchange is very busy. Nothing was stored')
    })
    const answer = await browser.open(service.prefix)
    expect(answer.headers['content-type']).toMatch(/^text\/html/)
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
    await hangs
  })
})
