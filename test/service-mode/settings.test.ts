/** What an operator, or the hub, may say to a service, and what it answers to mistakes. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ConfigMistakes } from '../../src/config/mistakes.ts'
import { success } from '../support/answers.ts'
import { aHub } from '../support/fake-hub.ts'
import { aHubService, hubConfigFrom } from '../support/hub-service.ts'

const token = 'the-token-of-the-service'
const usual = {
  JUPYTERHUB_API_URL: 'http://127.0.0.1:8081/hub/api',
  JUPYTERHUB_API_TOKEN: token,
  JUPYTERHUB_SERVICE_PREFIX: '/services/ngshare/',
  JUPYTERHUB_SERVICE_URL: 'http://127.0.0.1:10101',
}

function complaints(environment: Record<string, string | undefined>, ...args: string[]): string {
  try {
    hubConfigFrom({ args, environment })
  } catch (error) {
    if (error instanceof ConfigMistakes) return error.message
    throw error
  }
  throw new Error('there was nothing to complain about')
}

/** As a variable or as an option. */
function spelled(variable: string): RegExp {
  return new RegExp(`(^|--)${variable.replaceAll('_', '[-_]')}\\b`, 'im')
}

function aFile(content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'ngshare-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'secret')
  writeFileSync(path, content)
  return path
}

describe('the least that a service must be told', () => {
  it("is the API of its hub, its token and its port, which the hub's variables say", () => {
    const config = hubConfigFrom({ environment: usual })
    expect(config).toMatchObject({
      listen: { host: '0.0.0.0', port: 10101 },
      prefix: '/services/ngshare/',
    })
  })

  it.each(['JUPYTERHUB_API_TOKEN', 'JUPYTERHUB_API_URL'] as const)('has %s', name => {
    for (const value of [undefined, '']) {
      expect(complaints({ ...usual, [name]: value })).toMatch(spelled(name))
    }
  })

  it('is complained about all at once', () => {
    const text = complaints({ JUPYTERHUB_API_TOKEN: '', JUPYTERHUB_API_URL: '' }, '--port=eighty')
    for (const name of ['JUPYTERHUB_API_TOKEN', 'JUPYTERHUB_API_URL', 'PORT']) {
      expect(text).toMatch(spelled(name))
    }
  })

  it('is not asked of a stand-alone server', () => {
    const config = hubConfigFrom({ args: ['--vngshare'], environment: {} })
    expect(config.listen.host).toBe('127.0.0.1')
  })
})

describe('where to listen', () => {
  it('may be said otherwise by the operator', () => {
    const args = ['--host=127.0.0.1', '--port=8000']
    expect(hubConfigFrom({ args, environment: usual })).toMatchObject({
      listen: { host: '127.0.0.1', port: 8000 },
    })
    const environment = { ...usual, NGSHARE_HOST: '::1', NGSHARE_PORT: '8001' }
    expect(hubConfigFrom({ environment })).toMatchObject({ listen: { host: '::1', port: 8001 } })
  })

  it.each([
    ['http://ngshare.example:10102', 10102],
    ['http://127.0.0.1:10103/', 10103],
    ['http://[::1]:10104', 10104],
  ])('is the port of %s', (JUPYTERHUB_SERVICE_URL, port) => {
    const config = hubConfigFrom({ environment: { ...usual, JUPYTERHUB_SERVICE_URL } })
    expect(config.listen.port).toBe(port)
  })
})

describe('mistakes', () => {
  it('are told all at once, each with its option or variable and what is expected', () => {
    const wrong: Record<string, string> = {
      NGSHARE_TOKEN_CHECK: 'sometimes',
      NGSHARE_TOKEN_CACHE_SECONDS: '-1',
      NGSHARE_HUB_GRACE_SECONDS: 'long',
      NGSHARE_HUB_TIMEOUT_SECONDS: '0',
      NGSHARE_HUB_ADMINS: 'perhaps',
      NGSHARE_NO_SERVICE_TOKENS: 'perhaps',
      NGSHARE_TOKEN_IN_URL: 'perhaps',
      NGSHARE_HUB_GROUPS: 'perhaps',
      NGSHARE_STUDENT_GROUP: 'students',
      NGSHARE_INSTRUCTOR_GROUP: '{course} and {course}',
      NGSHARE_HUB_GROUPS_SYNC_SECONDS: '1.5',
      JUPYTERHUB_API_URL: '127.0.0.1:8081/hub/api',
      JUPYTERHUB_SERVICE_PREFIX: 'services/ngshare',
      JUPYTERHUB_SERVICE_URL: 'somewhere',
      JUPYTERHUB_OAUTH_ACCESS_SCOPES: 'access:services',
      JUPYTERHUB_COOKIE_OPTIONS: 'secure',
    }
    const text = complaints({ ...usual, ...wrong })
    const options: Record<string, string> = {
      JUPYTERHUB_API_URL: '--jupyterhub-api-url',
      JUPYTERHUB_SERVICE_PREFIX: '--prefix',
    }
    const unsaid = Object.keys(wrong).filter(name => {
      const option = options[name] ?? `--${name.replace('NGSHARE_', '').toLowerCase().replaceAll('_', '-')}`
      return !text.includes(name) && !text.includes(option)
    })
    expect(unsaid).toEqual([])
    expect(text.split('\n').length).toBeGreaterThanOrEqual(Object.keys(wrong).length)
  })

  it('are told without any secret', () => {
    const environment = {
      ...usual,
      NGSHARE_COOKIE_SECRET: 'the-secret-of-the-cookies',
      JUPYTERHUB_API_URL: '',
      NGSHARE_TOKEN_CHECK: 'sometimes',
    }
    const text = complaints(environment, '--port=eighty')
    expect(text).not.toContain(token)
    expect(text).not.toContain('the-secret-of-the-cookies')
  })

  it('of an address with a password in it are told without the password', () => {
    const text = complaints({ ...usual, JUPYTERHUB_API_URL: 'ftp://person:secret-word@hub/api' })
    expect(text).not.toContain('secret-word')
  })

  it.each(['NGSHARE_STUDENT_GROUP', 'NGSHARE_INSTRUCTOR_GROUP'])(
    'are patterns of groups without a course: %s',
    name => {
      const text = complaints({ ...usual, NGSHARE_HUB_GROUPS: '1', [name]: 'everybody' })
      expect(text).toContain('{course}')
    },
  )

  it('are two groups of the same name, which would make every student an instructor', () => {
    const both = { NGSHARE_STUDENT_GROUP: 'c-{course}', NGSHARE_INSTRUCTOR_GROUP: 'c-{course}' }
    expect(complaints({ ...usual, NGSHARE_HUB_GROUPS: '1', ...both })).toMatch(/group/)
  })
})

describe('an empty variable', () => {
  it('counts as one that is not set', () => {
    const names = [
      ...['TOKEN_CHECK', 'TOKEN_CACHE_SECONDS', 'HUB_GRACE_SECONDS', 'HUB_TIMEOUT_SECONDS', 'HUB_ADMINS'],
      ...['NO_SERVICE_TOKENS', 'TOKEN_IN_URL', 'HUB_GROUPS', 'STUDENT_GROUP', 'INSTRUCTOR_GROUP'],
      ...['HUB_GROUPS_SYNC_SECONDS', 'COOKIE_SECRET', 'COOKIE_SECRET_FILE', 'HOST', 'PORT', 'PREFIX'],
    ].map(name => `NGSHARE_${name}`)
    const hubs = [
      ...['API_TOKEN_FILE', 'SERVICE_NAME', 'CLIENT_ID', 'BASE_URL', 'HOST', 'OAUTH_CALLBACK_URL'],
      ...['OAUTH_ACCESS_SCOPES', 'OAUTH_SCOPES', 'PUBLIC_URL', 'PUBLIC_HUB_URL', 'COOKIE_OPTIONS'],
      ...['COOKIE_HOST_PREFIX_ENABLED', 'SSL_KEYFILE', 'SSL_CERTFILE', 'SSL_CLIENT_CA'],
      ...['SERVICE_REDIRECT_URL', 'ALLOW_TOKEN_IN_URL'],
    ].map(name => `JUPYTERHUB_${name}`)
    const empty = Object.fromEntries([...names, ...hubs].map(name => [name, '']))
    expect(hubConfigFrom({ environment: { ...empty, ...usual } })).toEqual(
      hubConfigFrom({ environment: usual }),
    )
  })
})

describe('a secret in a file', () => {
  it('is as good as one in a variable, without the line end behind it', async () => {
    const hub = await aHub()
    for (const end of ['', '\n', '\r\n']) {
      const JUPYTERHUB_API_TOKEN_FILE = aFile(hub.serviceToken + end)
      const environment = { JUPYTERHUB_API_TOKEN: undefined, JUPYTERHUB_API_TOKEN_FILE }
      const service = await aHubService({ hub, environment })
      const browser = await service.aBrowserOf('bob') // the exchange of the code needs the token
      expect(await browser.open(`${service.prefix}courses`)).toMatchObject(success({ courses: [] }))
    }
  })

  it('seals cookies as one in a variable does', async () => {
    const hub = await aHub()
    const secret = 'a secret of the operator, long enough'
    const first = await aHubService({ hub, environment: { NGSHARE_COOKIE_SECRET: secret } })
    const session = (await first.aBrowserOf('bob')).cookies()
    const second = await aHubService({
      hub,
      environment: { NGSHARE_COOKIE_SECRET_FILE: aFile(`${secret}\n`) },
    })
    const browser = second.aBrowser()
    for (const { name, value, path } of session) browser.setCookie(name, value, path)
    expect((await browser.open(second.prefix)).status).toBe(200)
  })

  it.each(['JUPYTERHUB_API_TOKEN', 'NGSHARE_COOKIE_SECRET'])(
    'that cannot be read is told with the others: %s_FILE',
    name => {
      const environment = { ...usual, [name]: undefined, [`${name}_FILE`]: '/no/such/folder/secret' }
      const text = complaints(environment, '--port=eighty')
      expect(text).toContain(`${name}_FILE`)
      expect(text).toContain('/no/such/folder/secret')
      expect(text).toContain('--port')
    },
  )

  it('that is empty is none', () => {
    const environment = {
      ...usual,
      JUPYTERHUB_API_TOKEN: undefined,
      JUPYTERHUB_API_TOKEN_FILE: aFile('\n'),
    }
    expect(complaints(environment)).toContain('JUPYTERHUB_API_TOKEN')
  })
})
