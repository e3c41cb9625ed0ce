/** What answers look like, whatever was asked (contract §1.3). */
import { describe, expect, it } from 'vitest'
import { contractJson, failure, success } from '../support/answers.ts'
import { runStatements } from '../support/database.ts'
import { aService, aServiceForTheFile } from '../support/service.ts'
import { removeStorage, removeStoredFiles } from '../support/storage.ts'
import { fetched, file, listed, md5, noise } from '../support/trees.ts'
import { firstAnswer, sendAndHangUp } from '../support/wire.ts'

/** For tests that change nothing. */
const shared = await aServiceForTheFile({ testData: true })

describe('JSON', () => {
  it('has blanks behind commas and colons, and the fields in their order', async () => {
    const { text } = await shared.as('root').get('courses')
    expect(text).toBe('{"success": true, "courses": ["course1", "course2"]}')
  })

  it('has only ASCII: everything beyond is escaped', async () => {
    const service = await aService()
    await service.aCourse('é"\\日😀')
    const { text } = await service.as('root').get('courses')
    expect(text).toBe('{"success": true, "courses": ["\\u00e9\\"\\\\\\u65e5\\ud83d\\ude00"]}')
  })

  it('escapes control characters as Python does', async () => {
    const service = await aService({ testData: true })
    const students = [{ username: 'x', first_name: 'a\n\t\u0001/\u007f', last_name: '', email: '' }]
    await service.as('kevin').post('students/course1', { students })
    const { text } = await service.as('kevin').get('student/course1/x')
    expect(text).toContain('"first_name": "a\\n\\t\\u0001/\\u007f"')
  })

  it('says so in its type, and forbids browsers to guess another', async () => {
    for (const path of [
      'courses',
      'assignment/course1/challenge',
      'submissions/course1/challenge',
      'students/nothing',
    ]) {
      const { headers } = await shared.as('root').get(path)
      expect(headers['content-type']).toMatch(/^application\/json/)
      expect(headers['x-content-type-options']).toBe('nosniff')
    }
  })

  it('is the same for failures', async () => {
    const { text, headers } = await shared.as('root').get('assignments/nothing')
    expect(text).toBe('{"success": false, "message": "Course not found"}')
    expect(headers['content-type']).toMatch(/^application\/json/)
  })
})

describe('every answer', () => {
  it.each([
    ['GET', '/'],
    ['GET', '/healthz'],
    ['GET', '/readyz'],
    ['GET', '/metrics'],
    ['GET', '/api/'],
    ['GET', '/api/favicon.ico'],
    ['GET', '/api/courses'],
    ['POST', '/api/courses'],
    ['POST', '/api/nothing'],
    ['GET', '/api/assignments/%FF'],
  ])('to %s %s forbids browsers to guess its type', async (method, path) => {
    expect((await shared.ask(method, path)).headers['x-content-type-options']).toBe('nosniff')
  })

  it('to a request that is no HTTP is spelled like the others', async () => {
    const answer = firstAnswer(await sendAndHangUp(shared.withoutProxy.port, 'hello?\r\n\r\n'))
    expect(answer).toMatchObject({
      status: 400,
      json: { success: false, message: expect.any(String) as unknown },
    })
    expect(answer.text).toBe(contractJson(answer.json))
    expect(answer.head).toMatch(/x-content-type-options: nosniff/i)
  })

  it('allows no other site to read it', async () => {
    const { headers } = await shared
      .as('root')
      .get('courses', {}, { headers: { origin: 'http://127.0.0.1' } })
    expect(Object.keys(headers).filter(name => name.startsWith('access-control'))).toEqual([])
  })

  it('comes uncompressed', async () => {
    const { headers } = await shared
      .as('root')
      .get('courses', {}, { headers: { 'accept-encoding': 'gzip, br' } })
    expect(headers['content-encoding']).toBeUndefined()
  })
})

const readable = [
  'courses',
  'instructors/course1',
  'instructor/course1/kevin',
  'students/course1',
  'student/course1/lawrence',
  'assignments/course1',
  'assignment/course1/challenge',
  'submissions/course1/challenge',
  'submissions/course1/challenge/lawrence',
  'submission/course1/challenge/lawrence',
  'feedback/course1/challenge/lawrence?timestamp=2020-01-01+00:00:00.0',
]

describe('an entity tag', () => {
  const ask = (path: string, headers: Record<string, string> = {}) =>
    shared.ask('GET', `/api/${path}${path.includes('?') ? '&' : '?'}user=root`, { headers })

  it.each(readable)('comes with %s, strong, and saves its repetition', async path => {
    const first = await ask(path)
    expect(first.headers.etag).toMatch(/^"[^"]+"$/)
    const tag = String(first.headers.etag)
    for (const known of [tag, `"other", ${tag}`, `W/${tag}`, '*']) {
      const again = await ask(path, { 'if-none-match': known })
      expect(again).toMatchObject({ status: 304, text: '' })
      expect(again.headers.etag).toBe(tag)
    }
    expect(await ask(path, { 'if-none-match': '"other"' })).toMatchObject({ status: 200, text: first.text })
  })

  it('stays while nothing changes, and changes with the answer', async () => {
    const service = await aService({ testData: true })
    const kevin = service.as('kevin')
    const tags = async () => [
      (await kevin.get('assignments/course1')).headers.etag,
      (await kevin.get('assignment/course1/challenge')).headers.etag,
      (await kevin.get('assignment/course1/challenge', { list_only: 'true' })).headers.etag,
    ]
    const before = await tags()
    expect(await tags()).toEqual(before)
    expect(new Set(before).size).toBe(3)
    await kevin.put('assignment/course1/challenge', { files: [file('file2', 'other')] })
    await kevin.post('assignment/course1/second', { files: [] })
    for (const [position, tag] of (await tags()).entries()) expect(tag).not.toBe(before[position])
  })

  it('comes with no other status and no other method', async () => {
    const root = shared.as('root')
    expect((await root.get('assignments/nothing')).headers.etag).toBeUndefined()
    expect((await root.post('course/course1')).headers.etag).toBeUndefined()
    const details = { first_name: '', last_name: '', email: '' }
    const done = await root.post('instructor/course2/abigail', details)
    expect([done.status, done.headers.etag]).toEqual([200, undefined])
  })
})

describe('trouble of our own', () => {
  it.each([true, false])('is told in one sentence, never as a traceback (debug: %s)', async debug => {
    const service = await aService({ testData: true, debug })
    await runStatements(service.database, 'alter table members rename to gone')
    const answer = await service.as('kevin').get('courses')
    expect(answer).toMatchObject(failure(500, 'Internal server error'))
    expect(answer.headers['content-type']).toMatch(/^application\/json/)
    expect(service.log.join()).toMatch(/no such table|relation \\"members\\" does not exist/)
  })

  it('with one stored file spoils its download alone, and the list of files still works', async () => {
    const service = await aService({ testData: true })
    const large = noise(100_000)
    const kevin = service.as('kevin')
    await kevin.post('assignment/course1/large', { files: [file('small', 'small'), file('large', large)] })
    await removeStoredFiles(service.storage)
    const answer = await kevin.get('assignment/course1/large')
    expect(answer).toMatchObject({
      status: 500,
      json: { success: false, message: expect.any(String) as unknown },
    })
    expect(answer.text).not.toContain(service.storage)
    expect(answer.headers.etag).toBeUndefined()
    expect(await kevin.get('assignment/course1/large', { list_only: 'true' })).toMatchObject(
      success({ files: [listed('small', 'small'), { path: 'large', checksum: md5(large) }] }),
    )
    expect(await kevin.get('assignment/course1/challenge')).toMatchObject(
      success({ files: [fetched('file2', '22222')] }),
    )
  })

  it('with the storage refuses what needs it, stores nothing, and may pass', async () => {
    const service = await aService({ testData: true })
    await removeStorage(service.storage)
    const kevin = service.as('kevin')
    const answer = await kevin.post('assignment/course1/large', { files: [file('large', noise(100_000))] })
    expect(answer).toMatchObject({ status: 503, json: { success: false } })
    expect(answer.headers['retry-after']).toMatch(/^\d+$/)
    expect(await kevin.get('assignments/course1')).toMatchObject(success({ assignments: ['challenge'] }))
  })
})

describe('an unknown path in debug mode', () => {
  it('shows nothing of the environment', async () => {
    const service = await aService({ debug: true })
    const answer = await service.ask('GET', '/api/nothing?user=root')
    expect(answer).toMatchObject({ status: 404, text: '<h1>404 Not Found</h1>\n' })
  })
})
