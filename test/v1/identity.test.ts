/** Who is asking, in stand-alone mode: whoever the request says, but never for a page from elsewhere (contract §2.3). */
import { describe, expect, it } from 'vitest'
import { failure, success } from '../support/answers.ts'
import { aService, aServiceForTheFile, configFrom } from '../support/service.ts'
import { file } from '../support/trees.ts'

/** For tests that change nothing. */
const shared = await aServiceForTheFile({ testData: true, debug: true })
const kevinsCourses = success({ courses: ['course1'] })
const abigailsCourses = success({ courses: ['course2'] })
const token = (name: string) => ({ authorization: `token ${name}` })

describe('the caller', () => {
  it('is who the argument user names', async () => {
    expect(await shared.ask('GET', '/api/courses?user=kevin')).toMatchObject(kevinsCourses)
    expect(await shared.ask('GET', '/api/courses?user=abigail')).toMatchObject(abigailsCourses)
  })

  it('may be named in the body, whatever the method', async () => {
    const fields = { user: 'kevin' }
    expect(await shared.ask('GET', '/api/courses', { fields })).toMatchObject(kevinsCourses)
    expect(await shared.ask('DELETE', '/api/course/course1', { fields })).toMatchObject(
      failure(403, 'Permission denied (not admin)'),
    )
    expect(await shared.ask('POST', '/api/course/course1', { fields: { user: 'root' } })).toMatchObject(
      failure(409, 'Course already exists'),
    )
  })

  it('is who was named last, the body coming after the query', async () => {
    expect(await shared.ask('GET', '/api/courses?user=abigail&user=kevin')).toMatchObject(kevinsCourses)
    const fields = { user: 'abigail' }
    expect(await shared.ask('GET', '/api/courses?user=kevin', { fields })).toMatchObject(abigailsCourses)
  })

  it('is named without the blanks around the name, and in exactly this case', async () => {
    expect(await shared.ask('GET', '/api/courses?user=+kevin+')).toMatchObject(kevinsCourses)
    expect(await shared.ask('GET', '/api/courses?user=Kevin')).toMatchObject(success({ courses: [] }))
  })

  it('is who the token is, where no argument says: as installed clients send it', async () => {
    for (const authorization of ['token kevin', 'Token kevin', 'BEARER kevin', 'Bearer   kevin']) {
      expect(await shared.ask('GET', '/api/courses', { headers: { authorization } })).toMatchObject(
        kevinsCourses,
      )
    }
  })

  it('is who the argument says, rather than the token', async () => {
    const answer = await shared.ask('GET', '/api/courses?user=abigail', { headers: token('kevin') })
    expect(answer).toMatchObject(abigailsCourses)
  })

  it.each(['kevin', 'Basic kevin', 'token', 'token ', 'tokenkevin', 'token kevin lawrence'])(
    'is not told by the header %j',
    async authorization => {
      const answer = await shared.ask('GET', '/api/courses', { headers: { authorization } })
      expect(answer).toMatchObject(failure(400, 'Please supply user'))
    },
  )

  it('may have the empty name, and then is nobody in particular', async () => {
    expect(await shared.ask('GET', '/api/courses?user=')).toMatchObject(success({ courses: [] }))
    expect(await shared.ask('POST', '/api/course/new?user=')).toMatchObject(
      failure(403, 'Permission denied (not admin)'),
    )
  })

  it('may be someone of whom nobody has heard', async () => {
    expect(await shared.as('stranger').get('courses')).toMatchObject(success({ courses: [] }))
  })
})

describe('who says nothing', () => {
  it.each([
    ['GET', 'courses'],
    ['POST', 'course/new'],
    ['DELETE', 'course/course1'],
    ['POST', 'instructor/course1/kevin'],
    ['GET', 'instructor/course1/kevin'],
    ['DELETE', 'instructor/course1/kevin'],
    ['GET', 'instructors/course1'],
    ['POST', 'student/course1/lawrence'],
    ['GET', 'student/course1/lawrence'],
    ['DELETE', 'student/course1/lawrence'],
    ['POST', 'students/course1'],
    ['GET', 'students/course1'],
    ['GET', 'assignments/course1'],
    ['GET', 'assignment/course1/challenge'],
    ['POST', 'assignment/course1/challenge'],
    ['PUT', 'assignment/course1/challenge'],
    ['DELETE', 'assignment/course1/challenge'],
    ['GET', 'submissions/course1/challenge'],
    ['GET', 'submissions/course1/challenge/lawrence'],
    ['POST', 'submission/course1/challenge'],
    ['GET', 'submission/course1/challenge/lawrence'],
    ['POST', 'feedback/course1/challenge/lawrence'],
    ['GET', 'feedback/course1/challenge/lawrence'],
  ])('is asked who they are: %s %s', async (method, path) => {
    const expected = failure(400, 'Please supply user')
    expect(await shared.ask(method, `/api/${path}`)).toMatchObject(expected)
    // Nor do they learn what there is.
    expect(await shared.ask(method, `/api/${path.replaceAll('course1', 'nothing')}`)).toMatchObject(expected)
  })

  it('is welcome as a visitor on the home page and the debug page', async () => {
    const home = await shared.ask('GET', '/api/')
    expect(home.status).toBe(200)
    expect(home.text).toContain('You are <b>user</b>')
    const dump = await shared.ask('GET', '/api/initialize-Data6ase?action=dump')
    expect(dump.json.users).toContainEqual({ id: 'user' })
  })

  it('is welcome where nobody is asked', async () => {
    for (const path of ['/healthz', '/api/healthz', '/api/favicon.ico']) {
      expect((await shared.ask('GET', path)).status).toBe(200)
    }
  })
})

describe('a page of another site', () => {
  const elsewhere = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'empty' }
  const asLink = {
    'sec-fetch-site': 'cross-site',
    'sec-fetch-mode': 'navigate',
    'sec-fetch-dest': 'document',
  }
  const refused = { status: 403, json: { success: false } }

  it('cannot read by script', async () => {
    expect(await shared.as('kevin').get('courses', {}, { headers: elsewhere })).toMatchObject(refused)
    expect(
      await shared.ask('GET', '/api/courses', { headers: { ...elsewhere, ...token('kevin') } }),
    ).toMatchObject(refused)
  })

  it('cannot submit a form', async () => {
    const service = await aService({ testData: true })
    const headers = { ...asLink, 'content-type': 'application/x-www-form-urlencoded' }
    const answer = await service
      .as('lawrence')
      .post('submission/course1/challenge', { files: [file('a', 'b')] }, { headers })
    expect(answer).toMatchObject(refused)
    expect(await service.submissions('kevin', 'course1/challenge')).toHaveLength(2)
  })

  it('cannot reach the debug page by script', async () => {
    const answer = await shared.ask('GET', '/api/initialize-Data6ase?action=clear', { headers: elsewhere })
    expect(answer).toMatchObject(refused)
    expect(await shared.as('kevin').get('courses')).toMatchObject(kevinsCourses)
  })

  it('cannot empty the database by a link that someone follows', async () => {
    const service = await aService({ testData: true, debug: true })
    await service.ask('GET', '/api/initialize-Data6ase?action=clear', { headers: asLink })
    expect(await service.as('kevin').get('courses')).toMatchObject(kevinsCourses)
  })

  it('may link to the home page', async () => {
    expect((await shared.ask('GET', '/api/', { headers: asLink })).status).toBe(200)
  })

  it('cannot pretend to be this machine by its own name', async () => {
    for (const host of [
      'evil.example',
      'evil.example:12121',
      'localhost.evil.example',
      '127.0.0.1.evil.example',
    ]) {
      expect(await shared.as('kevin').get('courses', {}, { headers: { host } })).toMatchObject(refused)
    }
  })
})

describe('a program or page on this machine', () => {
  it.each(['localhost', 'localhost:12121', '127.0.0.1', '127.0.0.1:8000', '[::1]:12121', 'LOCALHOST'])(
    'may call it %s',
    async host => {
      expect(await shared.as('kevin').get('courses', {}, { headers: { host } })).toMatchObject(kevinsCourses)
    },
  )

  it.each(['same-origin', 'same-site', 'none'])('may be a page of site %s', async site => {
    const headers = { 'sec-fetch-site': site, 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }
    expect(await shared.as('kevin').get('courses', {}, { headers })).toMatchObject(kevinsCourses)
  })
})

describe('a stand-alone server, which believes everyone', () => {
  it.each(['0.0.0.0', '192.168.1.5', '::', 'example.org'])('refuses to serve the network: %s', host => {
    expect(() => configFrom([`--host=${host}`])).toThrow(/host: expected a loopback address/)
  })

  it.each(['127.0.0.1', 'localhost', '::1'])('serves its own machine: %s', host => {
    expect(configFrom([`--host=${host}`]).listen.host).toBe(host)
  })

  it('serves the network when it is told to trust it, by any name', async () => {
    const service = await aService({ testData: true, trustNetwork: true })
    const headers = { host: 'classroom.example' }
    expect(await service.as('kevin').get('courses', {}, { headers })).toMatchObject(kevinsCourses)
  })
})
