/** `courses` and `course/<course>`: listing, creating, deleting (contract §4). */
import { describe, expect, it } from 'vitest'
import { failure, success } from '../support/answers.ts'
import { brief } from '../support/brief.ts'
import { aService, aServiceForTheFile } from '../support/service.ts'
import { file } from '../support/trees.ts'

describe('the list of courses', () => {
  it('has those that one teaches or takes', async () => {
    const service = await aService()
    await service.aCourse('taught', { instructors: ['kevin'] })
    await service.aCourse('taken', { students: ['kevin'] })
    await service.aCourse('others', { instructors: ['abigail'] })
    expect(await service.as('kevin').get('courses')).toMatchObject(success({ courses: ['taken', 'taught'] }))
  })

  it('has all of them for an admin', async () => {
    const service = await aService({ testData: true })
    expect(await service.as('root').get('courses')).toMatchObject(
      success({ courses: ['course1', 'course2'] }),
    )
  })

  it('is empty for a stranger, and where there is no course', async () => {
    const service = await aService()
    expect(await service.as('root').get('courses')).toMatchObject(success({ courses: [] }))
    expect(await service.as('stranger').get('courses')).toMatchObject(success({ courses: [] }))
  })

  it('is sorted by code point', async () => {
    const service = await aService()
    const sorted = ['10', '9', 'Z', 'a', 'b', 'ä', 'ﬀ', '😀']
    for (const course of sorted.toReversed()) await service.aCourse(course, { instructors: ['kevin'] })
    expect(await service.as('kevin').get('courses')).toMatchObject(success({ courses: sorted }))
    expect(await service.as('root').get('courses')).toMatchObject(success({ courses: sorted }))
  })

  it('loses a course when one is removed from it', async () => {
    const service = await aService({ testData: true })
    await service.as('kevin').delete('student/course1/lawrence')
    expect(await service.as('lawrence').get('courses')).toMatchObject(success({ courses: [] }))
  })
})

describe('creating a course', async () => {
  /** For those that are refused. */
  const empty = await aServiceForTheFile({ debug: true })

  it('makes it empty, with nobody in it', async () => {
    const service = await aService()
    const root = service.as('root')
    expect(await root.post('course/math')).toMatchObject(success())
    expect(await root.get('instructors/math')).toMatchObject(success({ instructors: [] }))
    expect(await root.get('students/math')).toMatchObject(success({ students: [] }))
    expect(await root.get('assignments/math')).toMatchObject(success({ assignments: [] }))
  })

  it('may name its instructors, of whom nothing else is known yet', async () => {
    const service = await aService()
    const root = service.as('root')
    expect(await root.post('course/math', { instructors: ['kevin', 'abigail'] })).toMatchObject(success())
    const unknown = { first_name: null, last_name: null, email: null }
    expect(await service.as('kevin').get('instructors/math')).toMatchObject(
      success({
        instructors: [
          { username: 'kevin', ...unknown },
          { username: 'abigail', ...unknown },
        ],
      }),
    )
  })

  it('takes an instructor who is named twice once', async () => {
    const service = await aService()
    const root = service.as('root')
    expect(await root.post('course/math', { instructors: ['a', 'b', 'a'] })).toMatchObject(success())
    expect((await root.get('instructors/math')).json.instructors).toHaveLength(2)
  })

  it('is for admins: nobody else learns whether the course exists', async () => {
    const service = await aService({ testData: true })
    for (const course of ['course1', 'new']) {
      expect(await service.as('kevin').post(`course/${course}`)).toMatchObject(
        failure(403, 'Permission denied'),
      )
    }
  })

  it('refuses a name that is taken, before it looks at the instructors', async () => {
    const service = await aService({ testData: true })
    const answer = await service.as('root').post('course/course1', { instructors: 'no JSON' })
    expect(answer).toMatchObject(failure(409, 'Course already exists'))
    expect((await service.as('root').get('instructors/course1')).json.instructors).toHaveLength(1)
  })

  it.each(['', 'kevin', '[', '["a",]', "['a']", '["a"] x', '[\u0000]'])(
    'refuses instructors that are not JSON: %j',
    async instructors => {
      const answer = await empty.as('root').post('course/math', { instructors })
      expect(answer).toMatchObject(failure(400, 'Instructors cannot be JSON decoded'))
      expect(await empty.as('root').get('courses')).toMatchObject(success({ courses: [] }))
    },
  )

  const noNames = [
    '"ab"',
    '{"x": 1}',
    '{}',
    '5',
    'null',
    'true',
    '[null]',
    '[1]',
    '["a", 1]',
    '["a", ["b"]]',
    '["a", ""]',
    `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
  ]

  it.each(noNames.map(instructors => ({ instructors, named: brief(instructors) })))(
    'refuses instructors that are no list of names: $named',
    async ({ instructors }) => {
      const answer = await empty.as('root').post('course/math', { instructors })
      expect(answer).toMatchObject(failure(400, 'Incorrect request format'))
      expect(await empty.as('root').get('courses')).toMatchObject(success({ courses: [] }))
      expect(await empty.knownUsers()).toEqual(['root'])
    },
  )

  it('is all or nothing: one bad name among the instructors, and neither course nor user is made', async () => {
    const service = await aService({ debug: true })
    const answer = await service.as('root').post('course/math', { instructors: ['good', 'b\nd'] })
    expect(answer).toMatchObject({ status: 400, json: { success: false } })
    expect(await service.as('root').get('courses')).toMatchObject(success({ courses: [] }))
    expect(await service.knownUsers()).toEqual(['root'])
  })
})

describe('deleting a course', () => {
  it('takes it from every list and answer', async () => {
    const service = await aService({ testData: true })
    const root = service.as('root')
    expect(await root.delete('course/course1')).toMatchObject(success())
    expect(await root.get('courses')).toMatchObject(success({ courses: ['course2'] }))
    expect(await service.as('kevin').get('courses')).toMatchObject(success({ courses: [] }))
    for (const path of ['instructors', 'students', 'assignments']) {
      expect(await root.get(`${path}/course1`)).toMatchObject(failure(404, 'Course not found'))
    }
    expect(await service.as('lawrence').get('submissions/course1/challenge/lawrence')).toMatchObject(
      failure(404, 'Course not found'),
    )
  })

  it('is for admins', async () => {
    const service = await aService({ testData: true })
    for (const who of ['kevin', 'stranger']) {
      expect(await service.as(who).delete('course/course1')).toMatchObject(failure(403, 'Permission denied'))
    }
    expect(await service.as('kevin').get('courses')).toMatchObject(success({ courses: ['course1'] }))
  })

  it('cannot be done twice, nor to a course that never was', async () => {
    const service = await aService({ testData: true })
    const root = service.as('root')
    await root.delete('course/course1')
    for (const course of ['course1', 'nothing']) {
      expect(await root.delete(`course/${course}`)).toMatchObject(failure(404, 'Course not found'))
    }
  })

  it('leaves its people their other courses', async () => {
    const service = await aService()
    await service.aCourse('math', { instructors: ['kevin'], students: ['eric'] })
    await service.aCourse('art', { instructors: ['eric'], students: ['kevin'] })
    await service.as('root').delete('course/math')
    expect(await service.as('kevin').get('courses')).toMatchObject(success({ courses: ['art'] }))
    expect(await service.as('eric').get('courses')).toMatchObject(success({ courses: ['art'] }))
  })

  it('frees its name: created again, it is another course, and empty', async () => {
    const service = await aService({ testData: true })
    const root = service.as('root')
    await root.delete('course/course1')
    expect(await root.post('course/course1', { instructors: ['abigail'] })).toMatchObject(success())
    expect(await root.get('assignments/course1')).toMatchObject(success({ assignments: [] }))
    expect(await root.get('students/course1')).toMatchObject(success({ students: [] }))
    expect(await service.as('kevin').get('courses')).toMatchObject(success({ courses: [] }))
    expect(await root.post('assignment/course1/challenge', { files: [file('a', 'b')] })).toMatchObject(
      success(),
    )
    expect(await root.get('submissions/course1/challenge')).toMatchObject(success({ submissions: [] }))
  })

  it('can be done to the course that was created again', async () => {
    const service = await aService({ testData: true })
    const root = service.as('root')
    for (let round = 0; round < 3; round++) {
      expect(await root.delete('course/course1')).toMatchObject(success())
      expect(await root.post('course/course1')).toMatchObject(success())
    }
    expect(await root.get('courses')).toMatchObject(success({ courses: ['course1', 'course2'] }))
  })
})
