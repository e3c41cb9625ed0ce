/** Which methods each path answers: HEAD wherever GET works, 405 with `Allow` for the rest (contract §1.1). */
import { describe, expect, it } from 'vitest'
import { aServiceForTheFile } from '../support/service.ts'
import { firstAnswer, sendAndHangUp } from '../support/wire.ts'

const paths: [path: string, allowed: string][] = [
  ['', 'GET, HEAD'],
  ['healthz', 'GET, HEAD'],
  ['courses', 'GET, HEAD'],
  ['course/course1', 'POST, DELETE'],
  ['instructor/course1/kevin', 'GET, HEAD, POST, DELETE'],
  ['instructors/course1', 'GET, HEAD'],
  ['student/course1/lawrence', 'GET, HEAD, POST, DELETE'],
  ['students/course1', 'GET, HEAD, POST'],
  ['assignments/course1', 'GET, HEAD'],
  ['assignment/course1/challenge', 'GET, HEAD, POST, PUT, DELETE'],
  ['submissions/course1/challenge', 'GET, HEAD'],
  ['submissions/course1/challenge/lawrence', 'GET, HEAD'],
  ['submission/course1/challenge', 'POST'],
  ['submission/course1/challenge/lawrence', 'GET, HEAD'],
  ['feedback/course1/challenge/lawrence', 'GET, HEAD, POST'],
  ['favicon.ico', 'GET, HEAD'],
  ['initialize-Data6ase', 'GET, HEAD, POST'],
]
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND', 'QUERY']
const timestamp = '2020-01-01 00:00:00.000000'

const service = await aServiceForTheFile({ testData: true, debug: true })
const root = service.as('root')

describe.each(paths)('%s', (path, allowed) => {
  const others = methods.filter(method => !allowed.split(', ').includes(method))

  it.each(others)('refuses %s and says what it takes', async method => {
    const answer = await service.ask(method, `/api/${path}?user=root`)
    expect(answer.status).toBe(405)
    expect(String(answer.headers.allow).split(', ').sort()).toEqual(allowed.split(', ').sort())
    expect(answer.headers['content-type']).toMatch(/^application\/json/)
  })

  it('refuses a method before it asks who is calling', async () => {
    for (const method of others) expect((await service.ask(method, `/api/${path}`)).status).toBe(405)
  })

  if (!allowed.includes('GET')) return

  it('answers HEAD as GET, without a body', async () => {
    const query = { timestamp, action: 'dump' }
    const got = await root.get(path, query)
    const head = await root.head(path, query)
    expect(got.status).toBe(200)
    expect(head).toMatchObject({ status: 200, text: '' })
    for (const header of ['content-type', 'etag', 'content-length']) {
      expect(head.headers[header], header).toBe(got.headers[header])
    }
  })
})

describe('HEAD', () => {
  it('says what GET would say of what is not there', async () => {
    expect(await root.head('assignments/nothing')).toMatchObject({ status: 404, text: '' })
    expect(await root.head('nothing')).toMatchObject({ status: 404, text: '' })
    expect(await service.as('eric').head('assignments/course1')).toMatchObject({ status: 403, text: '' })
  })

  it('answers at the root for the health check', async () => {
    expect(await service.ask('HEAD', '/healthz')).toMatchObject({ status: 200, text: '' })
  })

  it('says that nothing changed, as GET does', async () => {
    for (const path of ['courses', 'assignment/course1/challenge']) {
      const { headers } = await root.head(path)
      const known = { 'if-none-match': String(headers.etag) }
      expect(await root.head(path, {}, { headers: known })).toMatchObject({ status: 304, text: '' })
    }
  })

  it('changes nothing', async () => {
    const before = await service.submissions('kevin', 'course1/challenge')
    await service.as('lawrence').head('submission/course1/challenge')
    expect(await service.submissions('kevin', 'course1/challenge')).toEqual(before)
  })
})

describe('a method that HTTP does not know', () => {
  it('is refused', async () => {
    const received = await sendAndHangUp(
      service.withoutProxy.port,
      'FROB /api/courses?user=root HTTP/1.1\r\nHost: localhost\r\n\r\n',
    )
    expect([400, 405]).toContain(firstAnswer(received).status)
  })
})
