/** The service, courses and rosters in the second API. */
import { describe, expect, it } from 'vitest'
import { aService } from '../support/service.ts'
import { inV2, problem } from './people.ts'

async function aCourse() {
  const service = await aService()
  await service.aCourse('math', { instructors: ['kevin'], students: ['marie', 'pierre'] })
  return service
}

describe('the service', () => {
  it('says what it is, who one is, and what may be uploaded', async () => {
    const service = await aService({ maxFileBytes: 5000 })
    const answer = await inV2(service, 'root').get('')
    expect(answer).toMatchObject({
      status: 200,
      json: {
        name: 'ngshare',
        caller: { name: 'root', kind: 'user', isAdmin: true },
        limits: { fileBytes: 5000, assignmentBytes: null },
      },
    })
  })

  it('tells problems as RFC 9457 wants them', async () => {
    const service = await aCourse()
    const answer = await inV2(service, 'marie').get('courses/physics')
    expect(answer.headers.get('content-type')).toContain('application/problem+json')
    expect(answer.json).toEqual({
      type: '/api/v2/problems#course-not-found',
      title: 'course not found',
      status: 404,
      detail: 'There is no such course',
      code: 'course-not-found',
    })
  })

  it.each([
    ['GET', 'nothing', undefined, 404, 'not-found'],
    ['PATCH', 'courses', undefined, 405, 'method-not-allowed'],
    ['QUERY', 'courses', undefined, 405, 'method-not-allowed'],
    ['GET', 'courses?limit=0', undefined, 400, 'invalid-request'],
    ['GET', 'courses?limit=many', undefined, 400, 'invalid-request'],
    ['GET', 'courses?unknown=1', undefined, 400, 'invalid-request'],
    ['GET', 'courses?limit=1&limit=2', undefined, 400, 'invalid-request'],
    ['GET', 'courses?cursor=nonsense', undefined, 400, 'invalid-request'],
    ['GET', 'courses?cursor=MQ', undefined, 400, 'invalid-request'],
    ['POST', 'courses', { name: 'x' }, 400, 'invalid-request'],
    ['POST', 'courses', { course: 7 }, 400, 'invalid-request'],
    ['POST', 'courses', [], 400, 'invalid-request'],
    ['POST', 'courses', { course: 'a\nb' }, 400, 'illegal-name'],
    ['POST', 'courses', { course: '\ud800' }, 400, 'illegal-name'],
    ['POST', 'courses', { course: 'x', instructors: ['..'] }, 400, 'illegal-name'],
  ])('refuses %s %s %j: %d %s', async (method, path, body, status, code) => {
    const service = await aService()
    const answer = await inV2(service, 'root').ask(method, path, { body })
    expect(answer).toMatchObject(problem(status, code))
  })

  it('refuses what is no JSON, and other types', async () => {
    const service = await aService()
    const post = (body: string, type: string) =>
      service.ask('POST', '/api/v2/courses?user=root', { body, headers: { 'content-type': type } })
    expect((await post('{', 'application/json')).json).toMatchObject({ status: 400, code: 'invalid-request' })
    expect((await post('', 'application/json')).json).toMatchObject({ status: 400 })
    expect((await post('a=b', 'text/plain')).json).toMatchObject({ status: 415 })
  })

  it('wants to know who asks', async () => {
    const service = await aService()
    expect((await service.ask('GET', '/api/v2/courses')).json).toMatchObject(
      problem(400, 'user-missing').json,
    )
  })
})

describe('courses', () => {
  it('are created by admins, with their instructors', async () => {
    const service = await aService()
    const root = inV2(service, 'root')
    const made = await root.post('courses', { course: 'größe & co', instructors: ['kevin', 'kevin'] })
    expect(made).toMatchObject({ status: 201, json: { course: 'größe & co', role: null } })
    expect(made.json.createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
    expect(await root.post('courses', { course: 'größe & co' })).toMatchObject(problem(409, 'course-exists'))
    expect(await inV2(service, 'kevin').post('courses', { course: 'mine' })).toMatchObject(
      problem(403, 'not-admin'),
    )
    const path = `courses/${encodeURIComponent('größe & co')}`
    expect((await inV2(service, 'kevin').get(path)).json).toMatchObject({ role: 'instructor' })
    expect(await inV2(service, 'marie').get(path)).toMatchObject(problem(403, 'not-related'))
  })

  it('are listed to those who teach or take them, in pages, by name', async () => {
    const service = await aService()
    const root = inV2(service, 'root')
    for (const course of ['c', 'a', 'Z', 'b', 'é']) {
      await root.post('courses', { course, instructors: course === 'b' ? ['kevin'] : [] })
    }
    const seen = await Array.fromAsync(root.client.list('listCourses', { query: { limit: 2 } }))
    expect(seen.map(({ course }) => course)).toEqual(['Z', 'a', 'b', 'c', 'é'])
    expect((await inV2(service, 'kevin').get('courses')).json).toMatchObject({
      items: [{ course: 'b', role: 'instructor' }],
      next: null,
    })
    expect((await inV2(service, 'nobody').get('courses')).json).toEqual({ items: [], next: null })
  })

  it('are deleted by admins', async () => {
    const service = await aCourse()
    expect(await inV2(service, 'kevin').delete('courses/math')).toMatchObject(problem(403, 'not-admin'))
    expect((await inV2(service, 'root').delete('courses/math')).status).toBe(204)
    expect(await inV2(service, 'root').delete('courses/math')).toMatchObject(problem(404, 'course-not-found'))
  })
})

describe('a roster', () => {
  it('shows all to instructors, and to students those who teach and themselves', async () => {
    const service = await aCourse()
    const users = async (who: string, role?: 'instructor' | 'student') => {
      const query = { role }
      const { items } = await inV2(service, who).client.call('listMembers', {
        path: { course: 'math' },
        query,
      })
      return items.map(item => item.user)
    }
    expect(await users('kevin')).toEqual(['kevin', 'marie', 'pierre'])
    expect(await users('marie')).toEqual(['kevin', 'marie'])
    expect(await users('root', 'student')).toEqual(['marie', 'pierre'])
    expect(await inV2(service, 'marie').get('courses/math/members/pierre')).toMatchObject(
      problem(404, 'student-not-found'),
    )
    expect(await inV2(service, 'abigail').get('courses/math/members')).toMatchObject(
      problem(403, 'not-related'),
    )
  })

  it('keeps details that are left out', async () => {
    const service = await aCourse()
    const kevin = inV2(service, 'kevin')
    const curie = { role: 'student', firstName: 'Marie', lastName: 'Curie', email: 'm@example.org' }
    await kevin.put('courses/math/members/marie', curie)
    expect((await kevin.put('courses/math/members/marie', { role: 'student' })).json).toMatchObject(curie)
    const changed = await kevin.put('courses/math/members/marie', { role: 'student', lastName: null })
    expect(changed.json).toMatchObject({ ...curie, lastName: null })
  })

  it('is changed as a whole, after a look at what would change', async () => {
    const service = await aCourse()
    const kevin = inV2(service, 'kevin')
    const members = [
      { user: 'marie', role: 'student', firstName: 'Marie' },
      { user: 'pierre', role: 'student' },
      { user: 'irène', role: 'student' },
      { user: 'kevin', role: 'student' },
      { user: 'eve', role: 'instructor' },
      { user: '..', role: 'student' },
    ]
    const items = [
      { user: 'marie', outcome: 'changed' },
      { user: 'pierre', outcome: 'changed' },
      { user: 'irène', outcome: 'added' },
      { user: 'kevin', outcome: 'refused', reason: 'instructor-is-no-student' },
      { user: 'eve', outcome: 'refused', reason: 'cannot-modify-instructors' },
      { user: '..', outcome: 'refused', reason: 'illegal-name' },
    ]
    items[1] = { user: 'pierre', outcome: 'unchanged' }
    const before = (await kevin.get('courses/math/members')).json
    expect((await kevin.post('courses/math/members', { members, dryRun: true })).json).toEqual({ items })
    expect((await kevin.get('courses/math/members')).json).toEqual(before)
    expect((await kevin.post('courses/math/members', { members })).json).toEqual({ items })
    expect((await kevin.get('courses/math/members/irène')).status).toBe(200)
    const again = (await kevin.post('courses/math/members', { members })).json.items as { outcome: string }[]
    expect(again.map(item => item.outcome)).toEqual([
      ...['unchanged', 'unchanged', 'unchanged', 'refused', 'refused', 'refused'],
    ])
  })

  it('changes roles by admins alone', async () => {
    const service = await aCourse()
    const [root, kevin] = [inV2(service, 'root'), inV2(service, 'kevin')]
    const teach = { role: 'instructor' }
    expect(await kevin.put('courses/math/members/marie', teach)).toMatchObject(
      problem(403, 'cannot-modify-instructors'),
    )
    expect((await root.put('courses/math/members/marie', teach)).json).toMatchObject({ role: 'instructor' })
    expect(await kevin.put('courses/math/members/marie', teach)).toMatchObject(
      problem(403, 'cannot-modify-other-instructors'),
    )
    expect((await kevin.put('courses/math/members/kevin', { ...teach, email: 'k@example.org' })).status).toBe(
      200,
    )
    expect(await kevin.delete('courses/math/members/marie')).toMatchObject(
      problem(403, 'cannot-modify-instructors'),
    )
    expect((await root.put('courses/math/members/marie', { role: 'student' })).json).toMatchObject({
      role: 'student',
    })
    expect((await kevin.delete('courses/math/members/marie')).status).toBe(204)
    expect(await kevin.delete('courses/math/members/marie')).toMatchObject(problem(404, 'student-not-found'))
  })

  it('has a record, of one person where that is asked for', async () => {
    const service = await aCourse()
    const list = async (query: { student?: string }) => {
      const { client } = inV2(service, 'kevin')
      const filter = { course: 'math', action: 'set-student', ...query }
      return (await client.call('listEvents', { query: filter })).items.map(item => item.subject)
    }
    expect(await list({})).toEqual(['marie', 'pierre'])
    expect(await list({ student: 'pierre' })).toEqual(['pierre'])
  })

  it('is nobody else’s to change, and refusals are remembered', async () => {
    const service = await aCourse()
    const marie = inV2(service, 'marie')
    expect(await marie.post('courses/math/members', { members: [] })).toMatchObject(
      problem(403, 'not-instructor'),
    )
    expect(await marie.put('courses/math/members/marie', { role: 'instructor' })).toMatchObject(
      problem(403, 'not-instructor'),
    )
    await expect
      .poll(async () => {
        const { json } = await inV2(service, 'kevin').get('events?course=math&action=refused')
        return (json.items as object[]).length
      })
      .toBe(2)
  })
})
