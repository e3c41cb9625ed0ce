/** Who may do what, what comes first when several things are wrong, and how refusals are explained (contract §2.4, §4). */
import { describe, expect, it } from 'vitest'
import { failure, success } from '../support/answers.ts'
import { aService, aServiceForTheFile } from '../support/service.ts'
import { file } from '../support/trees.ts'

/** Refusals only: nothing changes. */
const plain = await aServiceForTheFile({ testData: true })
const debug = await aServiceForTheFile({ testData: true, debug: true })

const notAdmin = 'not admin'
const notInstructor = 'not course instructor'
const notRelated = 'not related to course'

/** Every operation with someone who may not, and why not. */
const forbidden: [method: string, path: string, who: string, why: string][] = [
  ['POST', 'course/new', 'kevin', notAdmin],
  ['DELETE', 'course/course1', 'kevin', notAdmin],
  ['POST', 'instructor/course1/kevin', 'lawrence', notInstructor],
  ['POST', 'instructor/course1/kevin', 'abigail', notInstructor],
  ['GET', 'instructor/course1/kevin', 'abigail', notRelated],
  ['DELETE', 'instructor/course1/kevin', 'kevin', notAdmin],
  ['GET', 'instructors/course1', 'eric', notRelated],
  ['POST', 'student/course1/lawrence', 'lawrence', notInstructor],
  ['GET', 'student/course1/kevin', 'lawrence', notInstructor],
  ['GET', 'student/course1/lawrence', 'abigail', notInstructor],
  ['DELETE', 'student/course1/lawrence', 'lawrence', notInstructor],
  ['POST', 'students/course1', 'lawrence', notInstructor],
  ['GET', 'students/course1', 'lawrence', notInstructor],
  ['GET', 'assignments/course1', 'eric', notRelated],
  ['GET', 'assignment/course1/challenge', 'eric', notRelated],
  ['POST', 'assignment/course1/new', 'lawrence', notInstructor],
  ['PUT', 'assignment/course1/challenge', 'lawrence', notInstructor],
  ['DELETE', 'assignment/course1/challenge', 'lawrence', notInstructor],
  ['GET', 'submissions/course1/challenge', 'lawrence', notInstructor],
  ['GET', 'submissions/course1/challenge/kevin', 'lawrence', notInstructor],
  ['POST', 'submission/course1/challenge', 'eric', notRelated],
  ['GET', 'submission/course1/challenge/kevin', 'lawrence', notInstructor],
  ['POST', 'feedback/course1/challenge/lawrence', 'lawrence', notInstructor],
  ['GET', 'feedback/course1/challenge/kevin', 'lawrence', notInstructor],
]

describe.each(forbidden)('%s %s by %s', (method, path, who, why) => {
  const ask = (service: typeof plain, path: string) =>
    service.ask(method, `/api/${path}?user=${who}`, { fields: {} })

  it('is denied, without a reason', async () => {
    expect(await ask(plain, path)).toMatchObject(failure(403, 'Permission denied'))
  })

  it('is denied with the reason in debug mode', async () => {
    expect(await ask(debug, path)).toMatchObject(failure(403, `Permission denied (${why})`))
  })

  it(
    why === notAdmin
      ? 'is denied even where there is no such course'
      : 'is told first that there is no such course',
    async () => {
      const [kind, , ...rest] = path.split('/')
      const expected = why === notAdmin ? failure(403, 'Permission denied') : failure(404, 'Course not found')
      expect(await ask(plain, [kind, 'nothing', ...rest].join('/'))).toMatchObject(expected)
    },
  )

  if (path.split('/')[2] !== 'challenge') return

  it('is denied before it is said that an assignment does not exist', async () => {
    const answer = await ask(plain, path.replace('challenge', 'nothing'))
    expect(answer).toMatchObject(failure(403, 'Permission denied'))
  })
})

describe('an instructor who asks about an assignment that does not exist', () => {
  it.each([
    ['GET', 'assignment/course1/nothing'],
    ['DELETE', 'assignment/course1/nothing'],
    ['GET', 'submissions/course1/nothing'],
    ['GET', 'submissions/course1/nothing/nobody'],
    ['POST', 'submission/course1/nothing'],
    ['GET', 'submission/course1/nothing/nobody'],
    ['POST', 'feedback/course1/nothing/nobody'],
    ['GET', 'feedback/course1/nothing/nobody'],
  ])('is told so before anything about people or arguments: %s %s', async (method, path) => {
    const answer = await plain.ask(method, `/api/${path}?user=kevin`, { fields: {} })
    expect(answer).toMatchObject(failure(404, 'Assignment not found'))
  })
})

describe('an instructor who asks about someone outside the course', () => {
  it.each([
    ['GET', 'submissions/course1/challenge/eric'],
    ['GET', 'submission/course1/challenge/eric'],
    ['POST', 'feedback/course1/challenge/eric'],
    ['GET', 'feedback/course1/challenge/eric'],
    ['GET', 'feedback/course1/challenge/nobody'],
  ])('is told so before anything about arguments: %s %s', async (method, path) => {
    const answer = await plain.ask(method, `/api/${path}?user=kevin`, { fields: {} })
    expect(answer).toMatchObject(failure(404, 'Student not found'))
  })
})

describe('a stranger who asks about themselves', () => {
  it.each([
    ['student/course1/eric', 'Student not found'],
    ['submissions/course1/challenge/eric', 'Student not found'],
    ['submission/course1/challenge/eric', 'Student not found'],
    ['feedback/course1/challenge/eric', 'Student not found'],
    ['submissions/course1/nothing/eric', 'Assignment not found'],
    ['submission/course1/nothing/eric', 'Assignment not found'],
    ['feedback/course1/nothing/eric', 'Assignment not found'],
  ])('is not found rather than denied: %s', async (path, message) => {
    expect(await plain.as('eric').get(path)).toMatchObject(failure(404, message))
  })
})

describe('an admin', () => {
  it('may do what instructors and members may, in every course', async () => {
    const service = await aService({ testData: true })
    const root = service.as('root')
    for (const path of [
      'instructors/course1',
      'instructor/course1/kevin',
      'students/course2',
      'student/course2/eric',
      'assignments/course2',
      'assignment/course2/assignment2a',
      'submissions/course1/challenge',
      'submissions/course1/challenge/lawrence',
      'submission/course1/challenge/lawrence',
    ]) {
      expect([path, (await root.get(path)).status]).toEqual([path, 200])
    }
    expect(await root.post('assignment/course1/new', { files: [] })).toMatchObject(success())
    expect(await root.delete('assignment/course1/new')).toMatchObject(success())
  })

  it('is a member of no course', async () => {
    const root = plain.as('root')
    expect(await root.get('instructor/course1/root')).toMatchObject(failure(404, 'Instructor not found'))
    expect(await root.get('student/course1/root')).toMatchObject(failure(404, 'Student not found'))
    expect(await root.get('submissions/course1/challenge/root')).toMatchObject(
      failure(404, 'Student not found'),
    )
  })

  it('may submit, and finds the submission again, as do instructors', async () => {
    const service = await aService({ testData: true })
    const timestamp = await service.submission('root', 'course1/challenge', [file('a', 'b')])
    for (const reader of ['root', 'kevin']) {
      const person = service.as(reader)
      expect(await person.get('submissions/course1/challenge/root')).toMatchObject(
        success({ submissions: [{ student_id: 'root', timestamp }] }),
      )
      expect(await person.get('submission/course1/challenge/root')).toMatchObject({
        status: 200,
        json: { timestamp },
      })
      expect(await person.get('feedback/course1/challenge/root', { timestamp })).toMatchObject(
        success({ files: [], timestamp }),
      )
    }
  })

  it('is one of those whom the operator lists, blanks around names aside', async () => {
    const service = await aService({ testData: true, admins: ' ann , bob,,' })
    for (const admin of ['ann', 'bob']) {
      expect(await service.as(admin).get('courses')).toMatchObject(
        success({ courses: ['course1', 'course2'] }),
      )
    }
    for (const other of ['', 'root', 'Ann']) {
      expect(await service.as(other).get('courses')).toMatchObject(success({ courses: [] }))
    }
  })

  it('is nobody where none is listed, not even the user with the empty name', async () => {
    const service = await aService({ admins: '' })
    expect(await service.as('').post('course/new')).toMatchObject(failure(403, 'Permission denied'))
  })
})
