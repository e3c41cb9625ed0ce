/** Which tokens the service accepts: by scopes, by whom they were issued to, and by kind; and who is admin. */
import { describe, expect, it } from 'vitest'
import { failure, success } from '../support/answers.ts'
import { aHub } from '../support/fake-hub.ts'
import { aHubService } from '../support/hub-service.ts'

const accepted = success({ courses: [] })
const access = 'access:services!service=ngshare'

function refusedFor(word: string) {
  return { status: 403, json: { success: false, message: expect.stringContaining(word) } }
}

async function aServiceThat(...args: string[]) {
  const hub = await aHub()
  return { hub, service: await aHubService({ hub, args }) }
}

describe.each([[[]], [['--token-check=auto']]])('with the usual token check %j', args => {
  it("accepts a notebook server's own token, which has no access scope", async () => {
    const { hub, service } = await aServiceThat(...args)
    expect(await service.with(hub.notebookToken('bob')).get('courses')).toMatchObject(accepted)
  })

  it('refuses the token that another service got when the person logged in there, and names the scope', async () => {
    const { hub, service } = await aServiceThat(...args)
    const token = hub.foreignToken('bob')
    expect(await service.with(token).get('courses')).toMatchObject(refusedFor(access))
    expect(await service.with(token).post('course/x')).toMatchObject(refusedFor(access))
  })

  it.each(['access:services', access])('accepts the token of a login that has %s', async scope => {
    const { hub, service } = await aServiceThat(...args)
    const token = hub.notebookToken('bob', { session_id: 'some session', scopes: [scope] })
    expect(await service.with(token).get('courses')).toMatchObject(accepted)
  })

  it('accepts tokens of hubs that do not speak of scopes', async () => {
    const { hub, service } = await aServiceThat(...args)
    const token = hub.aToken({ kind: 'user', name: 'bob', session_id: 'some session' })
    expect(await service.with(token).get('courses')).toMatchObject(accepted)
  })
})

describe('with the strict token check', () => {
  it("refuses a notebook server's usual token, and names the scope", async () => {
    const { hub, service } = await aServiceThat('--token-check=strict')
    expect(await service.with(hub.notebookToken('bob')).get('courses')).toMatchObject(refusedFor(access))
  })

  it.each([
    [access, true],
    ['access:services', true],
    ['access:services!service=ngshare2', false],
    ['access:services!service=ngshar', false],
    ['access:services!user=bob', false],
    ['access:servers', false],
    ['read:services!service=ngshare', false],
  ])('a token with %s is accepted: %s', async (scope, isAccepted) => {
    const { hub, service } = await aServiceThat('--token-check=strict')
    const token = hub.notebookToken('bob', { scopes: ['read:users:name!user=bob', scope] })
    const expected = isAccepted ? accepted : refusedFor(access)
    expect(await service.with(token).get('courses')).toMatchObject(expected)
  })

  it('accepts tokens of hubs that do not speak of scopes', async () => {
    const { hub, service } = await aServiceThat('--token-check=strict')
    const token = hub.aToken({ kind: 'user', name: 'bob' })
    expect(await service.with(token).get('courses')).toMatchObject(accepted)
  })

  it('asks for the scopes that the hub gave as those of access', async () => {
    const hub = await aHub()
    const environment = { JUPYTERHUB_OAUTH_ACCESS_SCOPES: '["custom:ngshare:use"]' }
    const service = await aHubService({ hub, args: ['--token-check=strict'], environment })
    const tokenWith = (scope: string) => hub.notebookToken('bob', { scopes: [scope] })
    expect(await service.with(tokenWith('custom:ngshare:use')).get('courses')).toMatchObject(accepted)
    expect(await service.with(tokenWith(access)).get('courses')).toMatchObject(
      refusedFor('custom:ngshare:use'),
    )
  })
})

describe('without a token check', () => {
  it('accepts whoever the hub knows', async () => {
    const { hub, service } = await aServiceThat('--token-check=off')
    for (const token of [hub.foreignToken('bob'), hub.notebookToken('bob'), hub.botToken('bot')]) {
      expect(await service.with(token).get('courses')).toMatchObject(accepted)
    }
  })

  it('still refuses whoever it does not know', async () => {
    const { service } = await aServiceThat('--token-check=off')
    expect(await service.with('unknown-token').get('courses')).toMatchObject({ status: 401 })
  })
})

describe("another service's own token, such as a course bot's", () => {
  it('works, under the name of the service', async () => {
    const { hub, service } = await aServiceThat()
    await service.aCourse('physics', { instructors: ['course-bot'] })
    const bot = service.with(hub.botToken('course-bot'))
    expect(await bot.get('courses')).toMatchObject(success({ courses: ['physics'] }))
    expect(await bot.post('assignment/physics/ps1', { files: [] })).toMatchObject(success())
  })

  it('is refused where the operator wants none', async () => {
    const { hub, service } = await aServiceThat('--no-service-tokens')
    expect(await service.with(hub.botToken('course-bot')).get('courses')).toMatchObject({
      status: 403,
      json: { success: false },
    })
    expect(await service.as('bob').get('courses')).toMatchObject(accepted)
  })
})

describe('an admin', () => {
  const mayNot = failure(403, 'Permission denied')

  it('is one of those whom the operator lists, blanks around names aside', async () => {
    const { service } = await aServiceThat('--admins', ' alice , bob,,')
    for (const name of ['alice', 'bob']) {
      expect(await service.as(name).post(`course/by-${name}`)).toMatchObject(success())
    }
    for (const name of ['Alice', 'ali', 'root', 'service:alice']) {
      expect(await service.as(name).post('course/new')).toMatchObject(mayNot)
    }
  })

  it('is not the service of the same name', async () => {
    const { hub, service } = await aServiceThat('--admins=alice')
    expect(await service.with(hub.botToken('alice')).post('course/new')).toMatchObject(mayNot)
  })

  it('is a service where the list says so, and then not the user of the same name', async () => {
    const { hub, service } = await aServiceThat('--admins', 'alice, service:course-bot ')
    expect(await service.with(hub.botToken('course-bot')).post('course/new')).toMatchObject(success())
    for (const name of ['course-bot', 'service:course-bot']) {
      expect(await service.as(name).post('course/newer')).toMatchObject(mayNot)
    }
    expect(await service.with(hub.botToken('service:course-bot')).post('course/newer')).toMatchObject(mayNot)
  })

  it('is nobody for being admin of the hub, unless the operator wants it so', async () => {
    const { hub, service } = await aServiceThat()
    expect(await service.with(hub.notebookToken('alice', { admin: true })).post('course/x')).toMatchObject(
      mayNot,
    )
    const willing = await aHubService({ hub, args: ['--hub-admins'] })
    const token = hub.notebookToken('alice', { admin: true })
    expect(await willing.with(token).post('course/x')).toMatchObject(success())
    expect(await willing.as('bob').post('course/y')).toMatchObject(mayNot)
  })

  it('of the hub is none any more when the hub says so', async () => {
    const { hub, service } = await aServiceThat('--hub-admins', '--token-cache-seconds=0')
    const token = hub.notebookToken('alice', { admin: true })
    expect(await service.with(token).post('course/x')).toMatchObject(success())
    hub.changeToken(token, { admin: false })
    expect(await service.with(token).post('course/y')).toMatchObject(mayNot)
    expect(await service.with(hub.notebookToken('bob', { admin: undefined })).post('course/y')).toMatchObject(
      mayNot,
    )
  })
})
