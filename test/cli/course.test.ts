/** `ngshare course …`: the real program against a real server. */
import { describe, expect, it } from 'vitest'
import { aService } from '../support/service.ts'
import { file } from '../support/trees.ts'
import { terminalOf } from './terminal.ts'

async function aSchool() {
  const service = await aService()
  await service.aCourse('math', {
    instructors: ['kevin'],
    students: ['marie', 'pierre'],
    assignments: { ps1: [file('ps1.ipynb', '{}')] },
  })
  return service
}

describe('course list', () => {
  it('shows an instructor the courses that they teach', async () => {
    const kevin = await terminalOf(await aSchool(), 'kevin')
    const listed = await kevin.ngshare(['course', 'list'])
    expect(listed).toMatchObject({ status: 0, err: '' })
    expect(listed.out).toMatch(
      /^course {2}you are {5}created \(UTC\)\nmath {4}instructor {2}\d{4}-\d\d-\d\d \d\d:\d\d$/,
    )
  })

  it('says so where there are none', async () => {
    const nobody = await terminalOf(await aSchool(), 'nobody')
    expect(await nobody.ngshare(['course', 'list'])).toMatchObject({
      status: 0,
      out: 'You neither teach nor take a course.',
    })
  })

  it('is JSON for scripts', async () => {
    const marie = await terminalOf(await aSchool(), 'marie')
    expect((await marie.ngshare(['course', 'list', '--json'])).json).toEqual({
      courses: [{ course: 'math', role: 'student', createdAt: expect.any(String) }],
    })
  })

  it('has all of them, however many pages they are', async () => {
    const service = await aService()
    for (let n = 0; n < 1001; n++) await service.as('root').post(`course/c${n}`)
    const root = await terminalOf(service, 'root')
    const { json } = await root.ngshare(['course', 'list', '--json'])
    expect(json.courses).toHaveLength(1001)
  })
})

describe('course show', () => {
  it('tells an instructor who teaches, how many take it, and what is out', async () => {
    const kevin = await terminalOf(await aSchool(), 'kevin')
    const { status, out } = await kevin.ngshare(['course', 'show', 'math'])
    expect(status).toBe(0)
    expect(out.split('\n')).toEqual([
      expect.stringMatching(/^math, since \d{4}-/),
      'instructors: kevin',
      '2 students',
      '',
      'assignment  version  released (UTC)',
      expect.stringMatching(/^ps1 {15}1 {2}\d{4}-/),
    ])
  })

  it('fails with what to do for a course that is not there', async () => {
    const kevin = await terminalOf(await aSchool(), 'kevin')
    expect(await kevin.ngshare(['course', 'show', 'physics'])).toMatchObject({
      status: 1,
      out: '',
      err: 'There is no such course: `ngshare course list` lists yours',
    })
  })
})

describe('course create', () => {
  it('makes a course with its instructors, for an admin', async () => {
    const service = await aSchool()
    const root = await terminalOf(service, 'root')
    const named = ['--instructor', 'ann', '--instructor', 'bob']
    expect(await root.ngshare(['course', 'create', ...named, 'größe & co'])).toMatchObject({
      status: 0,
      out: 'größe & co is there; it is taught by ann, bob.',
    })
    const ann = await terminalOf(service, 'ann')
    expect((await ann.ngshare(['course', 'show', 'größe & co', '--json'])).json).toMatchObject({
      role: 'instructor',
      instructors: ['ann', 'bob'],
    })
  })

  it('is refused to others', async () => {
    const kevin = await terminalOf(await aSchool(), 'kevin')
    expect(await kevin.ngshare(['course', 'create', 'mine'])).toMatchObject({
      status: 1,
      err: 'Only admins may do this: `ngshare whoami` says who you are to the server',
    })
  })

  it('is refused where the course exists, and for names that are none', async () => {
    const root = await terminalOf(await aSchool(), 'root')
    expect(await root.ngshare(['course', 'create', 'math'])).toMatchObject({
      status: 1,
      err: 'A course of this name exists',
    })
    expect(await root.ngshare(['course', 'create', '..'])).toMatchObject({
      status: 1,
      err: 'A name has 1 to 255 bytes, no control characters, and is not . or ..',
    })
  })
})

describe('course delete', () => {
  it('wants to be sure: without --yes nothing is deleted where nobody can be asked', async () => {
    const service = await aSchool()
    const root = await terminalOf(service, 'root')
    expect(await root.ngshare(['course', 'delete', 'math'])).toMatchObject({
      status: 1,
      err: 'nothing was changed: say --yes to do it',
    })
    expect((await root.ngshare(['course', 'show', 'math'])).status).toBe(0)
  })

  it('deletes with --yes, and says how it comes back', async () => {
    const root = await terminalOf(await aSchool(), 'root')
    expect(await root.ngshare(['course', 'delete', 'math', '--yes'])).toMatchObject({
      status: 0,
      out: 'math is deleted; on the server, `ngshare hidden restore math` brings it back.',
    })
    expect((await root.ngshare(['course', 'show', 'math'])).status).toBe(1)
  })
})

describe('wrong use', () => {
  it.each([
    [['course', 'lst'], "error: unknown command 'lst'\n(Did you mean list?)"],
    [['course', 'show'], "error: missing required argument 'course'"],
    [['course', 'list', '--colour'], "error: unknown option '--colour'"],
    [
      ['course', 'list', '--user', 'a', '--token-file', 'b'],
      '--user is for servers without tokens: say it, or --token-file',
    ],
    [
      ['course', 'list', '--url', 'nonsense'],
      '--url: expected an address such as https://hub.example.org/services/ngshare/',
    ],
  ])('%j ends with status 2 and says what is wrong', async (args, err) => {
    const kevin = await terminalOf({ port: 1, prefix: '/' }, 'kevin')
    expect(await kevin.ngshare(args)).toMatchObject({ status: 2, out: '', err })
  })
})
