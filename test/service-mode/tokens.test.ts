/** Who the bearer of a token is: the hub says so, and is not asked more often than needed. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { failure, success } from '../support/answers.ts'
import { aHub } from '../support/fake-hub.ts'
import { aHubService, type HubServiceOptions } from '../support/hub-service.ts'
import { file } from '../support/trees.ts'

async function aClass(options: Omit<HubServiceOptions, 'hub'> = {}) {
  const hub = await aHub()
  const service = await aHubService({ hub, ...options })
  await service.aCourse('physics', {
    instructors: ['ann'],
    students: ['bob'],
    assignments: { ps1: [file('ps1.ipynb', '{}')] },
  })
  return { hub, service, courses: `${service.prefix}courses` }
}

const bobsCourses = success({ courses: ['physics'] })
const loginRequired = failure(401, 'Login required')

describe('a token', () => {
  it('makes its bearer the person whom the hub names', async () => {
    const { hub, service, courses } = await aClass()
    const token = hub.notebookToken('bob')
    for (const scheme of ['token ', 'Token ', 'bearer ', 'BEARER  ', 'token    ']) {
      const headers = { authorization: scheme + token }
      expect(await service.ask('GET', courses, { headers })).toMatchObject(bobsCourses)
    }
    expect(await service.with(token).post('submission/physics/ps1', { files: [] })).toMatchObject({
      status: 200,
    })
    expect(await service.as('ann').get('submissions/physics/ps1')).toMatchObject({
      json: { submissions: [{ student_id: 'bob' }] },
    })
  })

  it('is what tells who asks, whatever the arguments say', async () => {
    const { service } = await aClass()
    expect(await service.as('bob').get('courses', { user: 'root' })).toMatchObject(bobsCourses)
    expect(await service.as('stranger').get('courses', { user: 'bob' })).toMatchObject(
      success({ courses: [] }),
    )
    expect(await service.as('bob').post('course/new', { user: 'root' })).toMatchObject(
      failure(403, 'Permission denied'),
    )
  })

  it('may be that of a person with any name, which is taken as it is', async () => {
    const { service } = await aClass()
    for (const name of ['jörg@example.org', 'a.b+c', 'Bob', "o'neill", '学生', 'x y']) {
      await service.aCourse(`course of ${name}`, { students: [name] })
      expect(await service.as(name).get('courses')).toMatchObject(success({ courses: [`course of ${name}`] }))
    }
  })

  it('may come with less or more than hubs say today', async () => {
    const { hub, service } = await aClass()
    const bob = { kind: 'user', name: 'bob' } as const
    for (const model of [
      bob,
      { ...bob, groups: undefined, admin: undefined, scopes: undefined, session_id: undefined },
      { ...bob, auth_state: { nested: [1] }, server: null, user_info: {}, roles: ['user'] },
    ]) {
      expect(await service.with(hub.aToken(model)).get('courses')).toMatchObject(bobsCourses)
    }
  })

  it('is shown to the hub alone, without cookies or origin', async () => {
    const { hub, service } = await aClass()
    const token = hub.notebookToken('bob')
    const headers = { origin: 'https://elsewhere.example', cookie: 'a=b', 'x-forwarded-for': '10.0.0.1' }
    expect(await service.with(token).get('courses', {}, { headers })).toMatchObject(bobsCourses)
    const [call, ...others] = hub.callsTo('/user', token)
    expect(others).toEqual([])
    expect(call).toMatchObject({ method: 'GET', body: '' })
    expect(call?.headers).not.toHaveProperty('origin')
    expect(call?.headers).not.toHaveProperty('cookie')
  })
})

describe('who shows no token', () => {
  it('is told to log in, without a redirect and without a cookie', async () => {
    const { service, courses } = await aClass()
    for (const headers of [{ accept: '*/*' }, { accept: 'application/json' }, {}] as Record<
      string,
      string
    >[]) {
      const answer = await service.ask('GET', courses, { headers })
      expect(answer).toMatchObject(loginRequired)
      expect(answer.headers).not.toHaveProperty('location')
      expect(answer.headers).not.toHaveProperty('set-cookie')
      expect(answer.headers['content-type']).toMatch(/^application\/json/)
    }
  })

  it('is never redirected from anything but a page, even by a browser', async () => {
    const { service } = await aClass()
    for (const method of ['POST', 'PUT', 'DELETE']) {
      const answer = await service.ask(method, `${service.prefix}assignment/physics/ps1`, {
        fields: {},
        headers: { accept: 'text/html', 'sec-fetch-mode': 'navigate' },
      })
      expect(answer).toMatchObject(loginRequired)
      expect(answer.headers).not.toHaveProperty('location')
    }
  })

  it.each([
    ['a bare token', (token: string) => token],
    ['another scheme', (token: string) => `Basic ${token}`],
    ['no blank', (token: string) => `token${token}`],
    ['only a scheme', () => 'token'],
    ['two words', (token: string) => `token ${token} ${token}`],
  ])('cannot make up for it by %s', async (_, header) => {
    const { hub, service, courses } = await aClass()
    const headers = { authorization: header(hub.notebookToken('bob')) }
    expect(await service.ask('GET', courses, { headers })).toMatchObject({
      status: 401,
      json: { success: false, message: expect.stringMatching(/^Login required/) },
    })
  })

  it('is refused the uploaded body without an answer to wait for from the hub', async () => {
    const { hub, service } = await aClass()
    const before = hub.calls.length
    const fields = { files: [file('a', Buffer.alloc(100_000))] }
    const answer = await service.ask('POST', `${service.prefix}submission/physics/ps1`, { fields })
    expect(answer).toMatchObject(loginRequired)
    expect(hub.calls.length).toBe(before)
  })
})

describe('a token in the URL', () => {
  it('does not count', async () => {
    const { hub, service, courses } = await aClass()
    const query = { token: hub.notebookToken('bob') }
    expect(await service.ask('GET', courses, { query })).toMatchObject(loginRequired)
  })

  it.each([
    ['--token-in-url', { args: ['--token-in-url'] }],
    ['NGSHARE_TOKEN_IN_URL', { environment: { NGSHARE_TOKEN_IN_URL: '1' } }],
    ['JUPYTERHUB_ALLOW_TOKEN_IN_URL', { environment: { JUPYTERHUB_ALLOW_TOKEN_IN_URL: '1' } }],
  ])('counts with %s', async (_, options) => {
    const { hub, service, courses } = await aClass(options)
    expect(await service.ask('GET', courses, { query: { token: hub.notebookToken('bob') } })).toMatchObject(
      bobsCourses,
    )
    expect(await service.ask('GET', courses, { query: { token: 'wrong-token-1' } })).toMatchObject({
      status: 401,
    })
  })
})

describe('a token in a request that is broken', () => {
  it('is not logged either', async () => {
    const { hub, service, courses } = await aClass({ args: ['--debug'] })
    const token = hub.notebookToken('bob')
    for (const path of [`/%zz?token=${token}`, `${courses}/%ff?token=${token}`, `//?token=${token}`]) {
      const headers = { authorization: `token ${token}` }
      expect((await service.ask('GET', path, { headers })).status).toBeGreaterThanOrEqual(400)
      expect((await service.ask('POST', path, { headers, body: '{' })).text.includes(token)).toBe(false)
    }
    const headers = { authorization: `token ${token}`, 'content-type': 'multipart/form-data' }
    await service.ask('POST', `${service.prefix}submission/physics/ps1`, { headers, body: token })
  })
})

describe('a token that the hub does not know', () => {
  it('is refused in words that say what to do', async () => {
    const { service } = await aClass()
    const answer = await service.with('unknown-token-1').get('courses')
    expect(answer.status).toBe(401)
    expect(answer.json.success).toBe(false)
    expect(answer.json.message).toMatch(/^Login required/)
    expect(answer.json.message).toMatch(/invalid or expired/)
    expect(answer.json.message).toMatch(/restart your (notebook )?server|log in again/i)
    expect(answer.headers).not.toHaveProperty('location')
  })

  it('is asked about once, and then remembered for a moment', async () => {
    const { hub, service } = await aClass({ oneProcess: true })
    for (let time = 0; time < 3; time++) {
      expect(await service.with('unknown-token-2').get('courses')).toMatchObject({ status: 401 })
    }
    expect(hub.callsTo('/user', 'unknown-token-2')).toHaveLength(1)
  })

  it('is never a reason to redirect, whoever brings it', async () => {
    const { service, courses } = await aClass()
    const headers = {
      accept: 'text/html',
      'sec-fetch-mode': 'navigate',
      authorization: 'token unknown-token-3',
    }
    const answer = await service.ask('GET', courses, { headers })
    expect(answer.status).toBe(401)
    expect(answer.headers).not.toHaveProperty('location')
  })

  it('does not drive out those that it knows', async () => {
    const { hub, service } = await aClass({ oneProcess: true })
    const token = hub.notebookToken('bob')
    await service.with(token).get('courses')
    for (let number = 0; number < 300; number++) await service.with(`unknown-${number}-token`).get('courses')
    expect(await service.with(token).get('courses')).toMatchObject(bobsCourses)
    expect(hub.callsTo('/user', token)).toHaveLength(1)
  })
})

describe("the hub's word on a token", () => {
  it('is asked for once when fifty requests bring it at the same time', async () => {
    const { hub, service } = await aClass({ oneProcess: true })
    const token = hub.notebookToken('bob')
    const answers = await Promise.all(Array.from({ length: 50 }, () => service.with(token).get('courses')))
    for (const answer of answers) expect(answer).toMatchObject(bobsCourses)
    expect(hub.callsTo('/user', token)).toHaveLength(1)
  })

  it('counts for the cache time: a token that was revoked is refused after it', async () => {
    const { hub, service } = await aClass({ oneProcess: true, args: ['--token-cache-seconds=1'] })
    const token = hub.notebookToken('bob')
    expect(await service.with(token).get('courses')).toMatchObject(bobsCourses)
    hub.revoke(token)
    expect(await service.with(token).get('courses')).toMatchObject(bobsCourses)
    await sleep(1100)
    expect(await service.with(token).get('courses')).toMatchObject({ status: 401 })
  })

  it('is asked for anew when another login at the hub comes along', async () => {
    const { hub, service } = await aClass({ oneProcess: true })
    const token = hub.notebookToken('bob')
    const ask = (login: string) =>
      service.with(token).get('courses', {}, { headers: { cookie: `jupyterhub-session-id=${login}` } })
    for (const login of ['first-login', 'first-login', 'second-login']) {
      expect(await ask(login)).toMatchObject(bobsCourses)
    }
    expect(hub.callsTo('/user', token)).toHaveLength(2)
  })

  it('is asked for at every request where there is no cache', async () => {
    const { hub, service } = await aClass({ args: ['--token-cache-seconds=0'] })
    const token = hub.notebookToken('bob')
    for (let time = 0; time < 3; time++) {
      expect(await service.with(token).get('courses')).toMatchObject(bobsCourses)
    }
    expect(hub.callsTo('/user', token)).toHaveLength(3)
    hub.revoke(token)
    expect(await service.with(token).get('courses')).toMatchObject({ status: 401 })
  })
})
