/** Where things are: the prefix, the paths, and the ids in them (contract §1.1). */
import { describe, expect, it } from 'vitest'
import { failure, success } from '../support/answers.ts'
import { brief } from '../support/brief.ts'
import { runStatements } from '../support/database.ts'
import { aService, aServiceForTheFile } from '../support/service.ts'
import { file } from '../support/trees.ts'

const illegalName = {
  status: 400,
  json: { success: false, message: expect.stringMatching(/^Illegal name/) as unknown },
}

describe('the API', async () => {
  const service = await aServiceForTheFile({ testData: true })

  it('is below the prefix', async () => {
    expect(await service.ask('GET', '/api/courses?user=kevin')).toMatchObject(
      success({ courses: ['course1'] }),
    )
  })

  it.each([
    ['/', 'the root'],
    ['/api', 'the prefix without its slash'],
    ['/api/courses/', 'a trailing slash'],
    ['/api/assignment/course1/challenge/', 'a trailing slash behind an id'],
    ['/api/assignments/', 'an empty id'],
    ['/api/assignment//challenge', 'an empty id in the middle'],
    ['/api//courses', 'a doubled slash'],
    ['/courses', 'the prefix left out'],
    ['/api/Courses', 'another case'],
    ['/API/courses', 'the prefix in another case'],
    ['/api/assignment/course1', 'an id too few'],
    ['/api/assignments/course1/challenge', 'an id too many'],
    ['/api/cours%65s', 'an escaped letter in a fixed part: paths are matched undecoded'],
    ['/%61pi/courses', 'an escaped letter in the prefix'],
  ])('has nothing at %s: %s', async path => {
    const answer = await service.ask('GET', `${path}?user=kevin`)
    expect(answer).toMatchObject({ status: 404, text: '<h1>404 Not Found</h1>\n' })
    expect(answer.headers['content-type']).toMatch(/^text\/html/)
  })

  it('says in JSON that there is nothing, to who asks for JSON', async () => {
    const answer = await service.ask('GET', '/api/nothing', { headers: { accept: 'application/json' } })
    expect(answer).toMatchObject({ status: 404, json: { success: false } })
    expect(answer.headers['content-type']).toMatch(/^application\/json/)
  })

  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('refuses %s where nothing is', async method => {
    expect((await service.ask(method, '/api/nothing')).status).toBe(405)
  })

  it('needs nobody to say who they are where nothing is', async () => {
    expect((await service.ask('GET', '/api/nothing')).status).toBe(404)
  })

  it('moves with the prefix', async () => {
    const elsewhere = await aService({ testData: true, prefix: '/services/ngshare/' })
    expect(await elsewhere.as('kevin').get('courses')).toMatchObject(success({ courses: ['course1'] }))
    expect((await elsewhere.ask('GET', '/api/courses?user=kevin')).status).toBe(404)
  })

  it('may be at the root', async () => {
    const atRoot = await aService({ testData: true, prefix: '/' })
    expect(await atRoot.ask('GET', '/courses?user=kevin')).toMatchObject(success({ courses: ['course1'] }))
    expect((await atRoot.ask('GET', '/?user=kevin')).text).toMatch(/^<!doctype html>/)
  })
})

describe('an id', () => {
  const ids: [written: string, course: string, why: string][] = [
    ['a%2Fb', 'a/b', 'an escaped slash is part of it'],
    ['a%2fb', 'a/b', 'the escape may be in small letters'],
    ['a+b', 'a+b', 'a plus is a plus'],
    ['a%20b', 'a b', 'a blank is kept'],
    ['%20a%20', ' a ', 'blanks at its ends are kept'],
    ['%C3%A9%E6%97%A5', 'é日', 'it is UTF-8'],
    ['%F0%9F%98%80', '😀', 'it may be beyond the basic plane'],
    ['Course', 'Course', 'its case is kept'],
    ['a%3Fb%23c', 'a?b#c', 'a question mark may be escaped'],
    ['a%2525', 'a%25', 'it is decoded once'],
    ['a%252Fb', 'a%2Fb', 'it is decoded once, slashes too'],
    ['*', '*', 'an asterisk is a letter'],
    [':course', ':course', 'a colon is a letter'],
    ['a;b=c', 'a;b=c', 'a semicolon is a letter'],
    ['a%22b%5C', 'a"b\\', 'quotes and backslashes are letters'],
    ['courses', 'courses', 'a word of the API is a name like others'],
    ['%2E%2E.', '...', 'three dots are a name'],
    ['x'.repeat(255), 'x'.repeat(255), '255 bytes are a name'],
  ]

  it.each(ids.map(([written, course, why]) => ({ written, course, why, named: brief(written) })))(
    'written $named is $course: $why',
    async ({ written, course }) => {
      const service = await aService()
      const root = service.as('root')
      expect(await root.post(`course/${written}`)).toMatchObject(success())
      expect(await root.get('courses')).toMatchObject(success({ courses: [course] }))
      expect(await root.get(`assignments/${written}`)).toMatchObject(success({ assignments: [] }))
      expect(await root.delete(`course/${written}`)).toMatchObject(success())
      expect(await root.get('courses')).toMatchObject(success({ courses: [] }))
    },
  )

  it('is case-sensitive', async () => {
    const service = await aService()
    await service.aCourse('Math', { instructors: ['Kevin'] })
    expect(await service.as('root').get('assignments/math')).toMatchObject(failure(404, 'Course not found'))
    expect(await service.as('kevin').get('courses')).toMatchObject(success({ courses: [] }))
  })

  it('keeps its slash in assignments and user names, too', async () => {
    const service = await aService()
    await service.aCourse('a/b', { students: ['x/y'], assignments: { 'c/d': [file('e', 'f')] } })
    const timestamp = await service.submission('x/y', 'a%2Fb/c%2Fd', [])
    expect(await service.as('root').get('submissions/a%2Fb/c%2Fd/x%2Fy')).toMatchObject(
      success({ submissions: [{ student_id: 'x/y', timestamp }] }),
    )
  })

  it.each(['%FF', 'a%C3', '%ED%A0%80', '%'])('that is not UTF-8 is a bad request: %s', async id => {
    const service = await aService({ testData: true })
    const answer = await service.withoutProxy.as('root').get(`assignments/${id}`)
    expect(answer).toMatchObject({ status: 400, json: { success: false } })
    expect(answer.headers['content-type']).toMatch(/^application\/json/)
  })

  it.each(['%00', '%0A', '%20', '..', '%2E', '%2F', '%7F', '*'])(
    'may be asked for, whatever it is: %s',
    async id => {
      const service = await aService({ testData: true })
      expect(await service.withoutProxy.as('root').get(`assignments/${id}`)).toMatchObject(
        failure(404, 'Course not found'),
      )
    },
  )

  it('that today would not be allowed is still served, if it came in earlier', async () => {
    const service = await aService({ testData: true })
    const odd = [`a\u0007b`, 'x'.repeat(300), '.']
    const inserts = odd.map(name => `insert into courses (name, created_at) values ('${name}', 0)`)
    await runStatements(service.database, ...inserts)
    const root = service.as('root')
    expect((await root.get('courses')).json.courses).toEqual(['.', 'a\u0007b', 'course1', 'course2', odd[1]])
    for (const name of odd) {
      const id = encodeURIComponent(name)
      expect(await root.get(`assignments/${id}`)).toMatchObject(success({ assignments: [] }))
      expect(await root.delete(`course/${id}`)).toMatchObject(success())
    }
  })

  it('of ten thousand characters is just not found', async () => {
    const service = await aService({ testData: true })
    const answer = await service.as('root').get(`assignments/${'x'.repeat(10_000)}`)
    expect(answer).toMatchObject(failure(404, 'Course not found'))
  })
})

describe('a new name', async () => {
  const service = await aServiceForTheFile({ testData: true })
  const root = service.withoutProxy.as('root')
  const names: [name: string, why: string][] = [
    ['.', 'a dot'],
    ['..', 'two dots'],
    ['%2E%2E', 'two escaped dots'],
    ['a%00b', 'a NUL'],
    ['a%0Ab', 'a line feed'],
    ['%7F', 'a control character'],
    ['x'.repeat(256), '256 bytes'],
    ['%C3%A9'.repeat(128), '128 characters of 256 bytes'],
    ['x'.repeat(10_000), 'ten thousand characters'],
  ]
  const illegal = names.map(([name, why]) => ({ name, why, named: brief(name) }))

  it.each(illegal)('of a course may not be $named: $why', async ({ name }) => {
    expect(await root.post(`course/${name}`)).toMatchObject(illegalName)
    expect(await root.get('courses')).toMatchObject(success({ courses: ['course1', 'course2'] }))
  })

  it.each(illegal)('of an assignment may not be $named: $why', async ({ name }) => {
    expect(await root.post(`assignment/course1/${name}`, { files: [] })).toMatchObject(illegalName)
    expect(await root.get('assignments/course1')).toMatchObject(success({ assignments: ['challenge'] }))
  })

  it.each(illegal)('of a student may not be $named: $why', async ({ name }) => {
    const details = { first_name: '', last_name: '', email: '' }
    expect(await root.post(`student/course1/${name}`, details)).toMatchObject(illegalName)
    expect((await root.get('students/course1')).json.students).toHaveLength(1)
  })

  it.each(illegal)('of an instructor may not be $named: $why', async ({ name }) => {
    const details = { first_name: '', last_name: '', email: '' }
    expect(await root.post(`instructor/course1/${name}`, details)).toMatchObject(illegalName)
    expect((await root.get('instructors/course1')).json.instructors).toHaveLength(1)
  })
})
