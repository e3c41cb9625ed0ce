/** What is not the API itself: health, metrics, the log, the home page (contract §4, other pages). */
import { describe, expect, it } from 'vitest'
import { success } from '../support/answers.ts'
import { runStatements } from '../support/database.ts'
import { aService, aServiceForTheFile, type Service } from '../support/service.ts'
import { removeStorage } from '../support/storage.ts'

/** For tests that change nothing. */
const shared = await aServiceForTheFile({ testData: true })

describe('the health check', () => {
  it.each(['/healthz', '/api/healthz'])('answers everyone at %s', async path => {
    const answer = await shared.ask('GET', path)
    expect(answer).toMatchObject(success())
    expect(answer.headers['content-type']).toMatch(/^application\/json/)
  })

  it('is at the prefix, whatever that is, and at the root', async () => {
    const elsewhere = await aService({ prefix: '/services/ngshare/' })
    for (const path of ['/healthz', '/services/ngshare/healthz']) {
      expect((await elsewhere.ask('GET', path)).status).toBe(200)
    }
    expect((await elsewhere.ask('GET', '/api/healthz')).status).toBe(404)
  })

  it('answers whatever is in trouble beneath', async () => {
    const service = await aService()
    await breakDatabase(service)
    await removeStorage(service.storage)
    expect(await service.ask('GET', '/healthz')).toMatchObject({ status: 200, json: { success: true } })
  })

  it('answers whatever host it is asked by, as load balancers do', async () => {
    const answer = await shared.ask('GET', '/healthz', { headers: { host: '10.0.0.1:8080' } })
    expect(answer.status).toBe(200)
  })
})

describe('the readiness check', () => {
  it.each(['/readyz', '/api/readyz'])('tells everyone at %s that all is well', async path => {
    expect(await shared.ask('GET', path)).toMatchObject({
      status: 200,
      json: { success: true, database: 'ok', content: 'ok' },
    })
  })

  it('tells when files cannot be stored', async () => {
    const service = await aService()
    await removeStorage(service.storage)
    expect(await service.ask('GET', '/readyz')).toMatchObject({
      status: 503,
      json: { success: false, database: 'ok', content: 'failed' },
    })
  })

  it('tells when the database does not work', async () => {
    const service = await aService()
    await breakDatabase(service)
    expect(await service.ask('GET', '/readyz')).toMatchObject({
      status: 503,
      json: { success: false, database: 'failed', content: 'ok' },
    })
  })

  it('leaves nothing behind', async () => {
    const service = await aService({ debug: true })
    for (let i = 0; i < 5; i++) await service.ask('GET', '/readyz')
    expect(await service.storedFileCount()).toBe(0)
    expect(await service.knownUsers()).toEqual(['root'])
  })
})

describe('the metrics', () => {
  it('count requests by method, route and status, and name nobody', async () => {
    const service = await aService({ testData: true })
    const { as, ask } = service.withoutProxy
    await as('kevin').get('assignments/course1')
    await as('kevin').get('assignments/course1')
    await as('eric').get('assignments/course1')
    const answer = await ask('GET', '/metrics')
    expect(answer.status).toBe(200)
    expect(answer.headers['content-type']).toMatch(/^text\/plain/)
    const count = (status: number) =>
      `ngshare_http_request_duration_seconds_count{method="GET",route="/api/assignments/:course",status="${status}"}`
    expect(answer.text).toContain(`${count(200)} 2\n`)
    expect(answer.text).toContain(`${count(403)} 1\n`)
    expect(answer.text).not.toMatch(/kevin|eric|course1/)
  })

  it('have bytes in and out, and those of the process', async () => {
    const service = await aService({ testData: true })
    const { as, ask } = service.withoutProxy
    await as('lawrence').post('submission/course1/challenge', { files: [] })
    const { text } = await ask('GET', '/metrics')
    expect(text).toMatch(/^ngshare_http_request_bytes_total [1-9]\d*$/m)
    expect(text).toMatch(/^ngshare_http_response_bytes_total [1-9]\d*$/m)
    expect(text).toMatch(/^process_resident_memory_bytes [1-9]\d*$/m)
  })
})

describe('the log', () => {
  it('says of each request who asked for what, and how it went', async () => {
    const service = await aService({ testData: true, logLevel: 'info' })
    await service.as('lawrence').get('assignment/course1/challenge', { list_only: 'true' })
    await service.as('eric').get('assignment/course1/challenge')
    await service.close()
    const requests = service.log
      .map(line => JSON.parse(line) as Record<string, unknown>)
      .filter(line => line.msg === 'request')
    const common = { method: 'GET', path: '/api/assignment/course1/challenge' }
    expect(requests).toMatchObject([
      { ...common, user: 'lawrence', status: 200, durationMs: expect.any(Number) as unknown },
      { ...common, user: 'eric', status: 403 },
    ])
  })

  it('keeps arguments and tokens to itself', async () => {
    const service = await aService({ testData: true, logLevel: 'info' })
    const details = { first_name: 'Secretia', last_name: '', email: '' }
    const headers = { authorization: 'token swordfish' }
    await service
      .as('kevin')
      .post('student/course1/lawrence', details, { headers, query: { more: 'Queria' } })
    await service.close()
    expect(service.log.join()).not.toMatch(/Secretia|Queria|swordfish/)
  })
})

describe('the home page', () => {
  it('is a page of HTML that says what this is', async () => {
    const answer = await shared.as('kevin').get('')
    expect(answer.status).toBe(200)
    expect(answer.headers['content-type']).toMatch(/^text\/html; charset=utf-8$/i)
    expect(answer.text).toMatch(/^<!doctype html>/)
    expect(answer.text).toContain('<title>ngshare</title>')
  })

  it('is made for whoever asks, and quotes the name', async () => {
    expect((await shared.as('kevin').get('')).text).toContain('kevin')
    const { text } = await shared.as('<script>alert(1)</script>').get('')
    expect(text).not.toContain('<script>')
  })

  it('has seven small forms that work with the test data', async () => {
    const service = await aService({ testData: true })
    const forms = formsOf((await service.as('root').get('')).text)
    expect(forms).toHaveLength(7)
    for (const { method, action, fields } of forms) {
      const answer =
        method === 'GET'
          ? await service.ask('GET', action, { query: fields })
          : await service.ask(method, action, { fields })
      expect([action, answer.status, answer.json.success]).toEqual([action, 200, true])
    }
  })

  it('offers the debug actions where they work, and only there', async () => {
    const debugForms = async (debug: boolean, who: string) => {
      const service = await aService({ testData: true, debug })
      const { text } = await service.as(who).get('')
      expect(text.includes('Debug actions')).toBe(debug)
      return formsOf(text).filter(({ action }) => action === '/api/initialize-Data6ase')
    }
    expect(await debugForms(false, 'root')).toEqual([])
    expect(await debugForms(false, 'kevin')).toEqual([])
    const forms = await debugForms(true, 'kevin')
    expect(forms.map(({ method, fields }) => [method, fields.action, fields['human-readable']])).toEqual(
      expect.arrayContaining([
        ['GET', 'dump', undefined],
        ['GET', 'dump', 'true'],
        ['POST', 'clear', undefined],
        ['POST', 'init', undefined],
      ]),
    )
  })

  it('follows the prefix', async () => {
    const service = await aService({ testData: true, prefix: '/services/ngshare/' })
    for (const { action } of formsOf((await service.as('root').get('')).text)) {
      expect(action).toMatch(/^\/services\/ngshare\//)
    }
  })
})

describe('the script that the old pages used', () => {
  it('is still there, for everyone, and is a script', async () => {
    const answer = await shared.ask('GET', '/api/masonry.min.js')
    expect(answer.status).toBe(200)
    expect(answer.headers['content-type']).toMatch(/^text\/javascript/)
  })
})

describe('the icon', () => {
  it('is a picture, for everyone', async () => {
    const answer = await shared.ask('GET', '/api/favicon.ico')
    expect(answer.status).toBe(200)
    expect(answer.headers['content-type']).toMatch(/^image\//)
  })
})

interface SampleForm {
  readonly method: string
  readonly action: string
  readonly fields: Record<string, string>
}

function formsOf(html: string): SampleForm[] {
  return [...html.matchAll(/<form ([^>]*)>(.*?)<\/form>/gs)].map(([, tag = '', content = '']) => ({
    method: attribute(tag, 'method').toUpperCase(),
    action: attribute(tag, 'action'),
    fields: Object.fromEntries(
      [...content.matchAll(/<input ([^>]*)>/g)].map(([, input = '']) => [
        attribute(input, 'name'),
        attribute(input, 'value'),
      ]),
    ),
  }))
}

function attribute(tag: string, name: string): string {
  const value = new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1] ?? ''
  return value.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&amp;', '&')
}

async function breakDatabase(service: Service): Promise<void> {
  await runStatements(service.database, 'alter table users rename to gone')
}
