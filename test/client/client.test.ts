/** The typed client: what it tells, what it repeats, and what it leaves alone. */
import { describe, expect, it } from 'vitest'
import { createClient } from '../../src/client/client.ts'
import { NoAnswer, ProblemError } from '../../src/client/errors.ts'
import { aService, type Service } from '../support/service.ts'
import { file } from '../support/trees.ts'
import { aBadLine, nowhere } from './bad-line.ts'

const clientOf = (url: string, user: string, silenceMs = 5000) =>
  createClient({ url, credentials: { user }, silenceMs })

const home = (service: Service) => `http://127.0.0.1:${service.port}${service.prefix}`

async function aClass(): Promise<Service> {
  const service = await aService()
  await service.aCourse('math', {
    instructors: ['kevin'],
    students: ['marie'],
    assignments: { ps1: [file('a', 'b')] },
  })
  return service
}

const failure = (asked: Promise<unknown>) =>
  asked.then(
    () => null,
    (error: unknown) => error,
  )

describe('a request', () => {
  it('asks as the person whom the credentials name', async () => {
    const service = await aClass()
    expect(await clientOf(home(service), 'kevin').call('getService')).toMatchObject({
      caller: { name: 'kevin' },
    })
    const path = { course: 'math', assignment: 'ps1' }
    expect(await clientOf(home(service), 'marie').call('getAssignment', { path })).toMatchObject({
      release: { version: 1, tree: { fileCount: 1 } },
    })
  })

  it('that is refused fails with what the server said, for programs and people', async () => {
    const service = await aClass()
    const marie = clientOf(home(service), 'marie')
    const error = await failure(marie.call('createCourse', { body: { course: 'art' } }))
    expect(error).toBeInstanceOf(ProblemError)
    expect(error).toMatchObject({ status: 403, code: 'not-admin', detail: 'Only admins may do this' })
  })

  it('takes names as they are, whatever letters they have', async () => {
    const service = await aService()
    const root = clientOf(home(service), 'root')
    const course = 'a/b?c=d&é %2F'
    await root.call('createCourse', { body: { course } })
    expect(await root.call('getCourse', { path: { course } })).toMatchObject({ course })
    expect(await root.call('hideCourse', { path: { course } })).toBeNull()
  })

  it('fails with plain words where nothing listens, or something else does', async () => {
    const url = await nowhere()
    const nobody = createClient({
      url,
      credentials: { user: 'kevin' },
      maxAttempts: 1,
    })
    const error = await failure(nobody.call('getService'))
    expect(error).toBeInstanceOf(NoAnswer)
    expect(String(error)).toContain(`no answer from ${url}: nothing listens there`)
    const line = await aBadLine(await aClass())
    line.expect(
      { kind: 'answer', status: 200, body: '<html>Welcome</html>' },
      { kind: 'answer', status: 404, body: 'Not Found' },
      { kind: 'answer', status: 302, headers: { location: '/hub/login' } },
    )
    const kevin = clientOf(line.url, 'kevin')
    expect(await failure(kevin.call('getService'))).toMatchObject({ code: 'no-service' })
    expect(await failure(kevin.call('getService'))).toMatchObject({ code: 'no-service', status: 404 })
    expect(await failure(kevin.call('getService'))).toMatchObject({
      code: 'redirected',
      detail: expect.stringContaining('/hub/login'),
    })
  })

  it('is given up when nothing has moved for a while', async () => {
    const line = await aBadLine(await aClass())
    line.expect({ kind: 'silence' })
    const kevin = createClient({
      url: line.url,
      credentials: { user: 'kevin' },
      silenceMs: 300,
      maxAttempts: 1,
    })
    expect(String(await failure(kevin.call('getService')))).toMatch(/nothing came for/)
  })

  it('ends when who asked has stopped it', async () => {
    const line = await aBadLine(await aClass())
    line.expect({ kind: 'silence' })
    const signal = AbortSignal.timeout(200)
    expect(await failure(clientOf(line.url, 'kevin').call('getService', { signal }))).toBe(signal.reason)
  })
})

describe('after trouble', () => {
  it('what only reads is asked again', async () => {
    const line = await aBadLine(await aClass())
    line.expect({ kind: 'cut', afterBytes: 3 }, { kind: 'answer', status: 502 })
    expect(await clientOf(line.url, 'kevin').call('getService')).toMatchObject({ name: 'ngshare' })
    expect(line.requests).toHaveLength(3)
  })

  it('what may have been done is not done twice: it fails, and says so', async () => {
    const service = await aClass()
    const line = await aBadLine(service)
    line.expect({ kind: 'cut', afterBytes: 3 })
    const root = clientOf(line.url, 'root')
    expect(await failure(root.call('createCourse', { body: { course: 'art' } }))).toBeInstanceOf(NoAnswer)
    expect(line.requests).toEqual(['POST courses'])
    expect(await root.call('getCourse', { path: { course: 'art' } })).toMatchObject({ course: 'art' })
  })

  it('a submission with its key is sent again, and submitted once', async () => {
    const service = await aClass()
    const line = await aBadLine(service)
    const marie = clientOf(line.url, 'marie')
    line.expect({ kind: 'cut', afterBytes: 3 })
    const submitted = await marie.call('submitAssignment', {
      path: { course: 'math', assignment: 'ps1' },
      header: { 'idempotency-key': 'once' },
      body: { files: [] },
    })
    expect(line.requests).toHaveLength(2)
    const { items } = await marie.call('listSubmissions')
    expect(items.map(({ id }) => id)).toEqual([submitted.id])
  })

  it('who is asked to come back later does so, whatever it was', async () => {
    const line = await aBadLine(await aClass())
    const later = { kind: 'answer', status: 503, headers: { 'retry-after': '1' } } as const
    line.expect(later)
    const begun = performance.now()
    await clientOf(line.url, 'root').call('createCourse', { body: { course: 'art' } })
    expect(performance.now() - begun).toBeGreaterThan(990)
    expect(line.requests).toEqual(['POST courses', 'POST courses'])
  })

  it('it is not asked for ever', async () => {
    const line = await aBadLine(await aClass())
    const busy = { kind: 'answer', status: 503 } as const
    line.expect(busy, busy, busy)
    const told: number[] = []
    const kevin = createClient({
      url: line.url,
      credentials: { user: 'kevin' },
      maxAttempts: 3,
      onRetry: (_, pauseMs) => told.push(pauseMs),
    })
    expect(await failure(kevin.call('getService'))).toMatchObject({ status: 503 })
    expect([line.requests.length, told.length]).toEqual([3, 2])
  })
})

describe('a list', () => {
  it('is followed from page to page', async () => {
    const service = await aService()
    const root = clientOf(home(service), 'root')
    const names = Array.from({ length: 7 }, (_, number) => `course-${number}`)
    for (const course of names) await root.call('createCourse', { body: { course } })
    const found: string[] = []
    for await (const { course } of root.list('listCourses', { query: { limit: 3 } })) found.push(course)
    expect(found).toEqual(names)
  })
})
