/** `instructors/<course>` and `instructor/<course>/<user>` (contract §4). */
import { describe, expect, it } from 'vitest'
import { failure, success } from '../support/answers.ts'
import { aService } from '../support/service.ts'
import { file } from '../support/trees.ts'

const names = { first_name: 'Ab', last_name: 'Gail', email: 'abigail@example.org' }
const unknown = { first_name: null, last_name: null, email: null }

describe('making someone an instructor', () => {
  it('is for admins, and may be somebody new', async () => {
    const service = await aService({ testData: true })
    const root = service.as('root')
    expect(await root.post('instructor/course1/newton', names)).toMatchObject(success())
    expect(await root.get('instructor/course1/newton')).toMatchObject(
      success({ username: 'newton', ...names }),
    )
    expect(await service.as('newton').get('courses')).toMatchObject(success({ courses: ['course1'] }))
    expect((await service.as('newton').get('submissions/course1/challenge')).status).toBe(200)
  })

  it('is not for instructors, even of this course', async () => {
    const service = await aService({ testData: true })
    const answer = await service.as('kevin').post('instructor/course1/newton', names)
    expect(answer).toMatchObject(failure(403, 'Permission denied (cannot modify instructors)'))
    expect(await service.as('kevin').get('instructor/course1/newton')).toMatchObject(
      failure(404, 'Instructor not found'),
    )
  })

  it('turns a student into one for an admin, and forgets what was known of the student', async () => {
    const service = await aService({ testData: true })
    const root = service.as('root')
    const asStudent = { first_name: 'Law', last_name: 'Rence', email: 'student@example.org' }
    await root.post('student/course1/lawrence', asStudent)
    expect(await root.post('instructor/course1/lawrence', names)).toMatchObject(success())
    expect(await root.get('students/course1')).toMatchObject(success({ students: [] }))
    expect(await root.get('instructors/course1')).toMatchObject(
      success({
        instructors: [
          { username: 'kevin', ...unknown },
          { username: 'lawrence', ...names },
        ],
      }),
    )
  })

  it('does not turn a student into one for an instructor', async () => {
    const service = await aService({ testData: true })
    const kevin = service.as('kevin')
    const answer = await kevin.post('instructor/course1/lawrence', names)
    expect(answer).toMatchObject(failure(403, 'Permission denied (cannot modify instructors)'))
    expect((await kevin.get('students/course1')).json.students).toHaveLength(1)
  })

  it('leaves the submissions of someone who was a student where they are', async () => {
    const service = await aService({ testData: true })
    await service.as('root').post('instructor/course1/lawrence', names)
    expect(
      (await service.as('kevin').get('submissions/course1/challenge/lawrence')).json.submissions,
    ).toHaveLength(2)
  })
})

describe('the details of an instructor', () => {
  it('are set by themselves', async () => {
    const service = await aService({ testData: true })
    const kevin = service.as('kevin')
    expect(await kevin.post('instructor/course1/kevin', names)).toMatchObject(success())
    expect(await kevin.get('instructor/course1/kevin')).toMatchObject(
      success({ username: 'kevin', ...names }),
    )
  })

  it('are not set by other instructors', async () => {
    const service = await aService()
    await service.aCourse('math', { instructors: ['kevin', 'abigail'] })
    const answer = await service.as('kevin').post('instructor/math/abigail', names)
    expect(answer).toMatchObject(failure(403, 'Permission denied (cannot modify other instructors)'))
    expect(await service.as('kevin').get('instructor/math/abigail')).toMatchObject(
      success({ username: 'abigail', ...unknown }),
    )
  })

  it('are set by admins, in one course at a time', async () => {
    const service = await aService()
    await service.aCourse('math', { instructors: ['kevin'] })
    await service.aCourse('art', { instructors: ['kevin'] })
    await service.as('root').post('instructor/math/kevin', names)
    expect(await service.as('kevin').get('instructor/math/kevin')).toMatchObject(
      success({ username: 'kevin', ...names }),
    )
    expect(await service.as('kevin').get('instructor/art/kevin')).toMatchObject(
      success({ username: 'kevin', ...unknown }),
    )
  })

  it('are replaced whole, and may be empty', async () => {
    const service = await aService({ testData: true })
    const kevin = service.as('kevin')
    await kevin.post('instructor/course1/kevin', names)
    const empty = { first_name: '', last_name: '', email: '' }
    expect(await kevin.post('instructor/course1/kevin', empty)).toMatchObject(success())
    expect(await kevin.get('instructor/course1/kevin')).toMatchObject(
      success({ username: 'kevin', ...empty }),
    )
  })

  it('must be complete; the first that is missing is named', async () => {
    const service = await aService({ testData: true })
    const post = (fields: object) => service.as('kevin').post('instructor/course1/kevin', { ...fields })
    const { first_name, last_name, email } = names
    expect(await post({})).toMatchObject(failure(400, 'Please supply first name'))
    expect(await post({ last_name, email })).toMatchObject(failure(400, 'Please supply first name'))
    expect(await post({ first_name, email })).toMatchObject(failure(400, 'Please supply last name'))
    expect(await post({ first_name, last_name })).toMatchObject(failure(400, 'Please supply email'))
    expect(await service.as('kevin').get('instructor/course1/kevin')).toMatchObject(
      success({ username: 'kevin', ...unknown }),
    )
  })

  it('are asked for before it is said that an instructor cannot modify instructors', async () => {
    const service = await aService({ testData: true })
    const answer = await service.as('kevin').post('instructor/course1/newton')
    expect(answer).toMatchObject(failure(400, 'Please supply first name'))
  })

  it('are shown to every member', async () => {
    const service = await aService({ testData: true })
    for (const member of ['kevin', 'lawrence', 'root']) {
      expect(await service.as(member).get('instructor/course1/kevin')).toMatchObject(
        success({ username: 'kevin', ...unknown }),
      )
    }
  })

  it('are not those of a student', async () => {
    const service = await aService({ testData: true })
    expect(await service.as('kevin').get('instructor/course1/lawrence')).toMatchObject(
      failure(404, 'Instructor not found'),
    )
  })
})

describe('the list of instructors', () => {
  it('is in the order in which they came, whatever changes afterwards', async () => {
    const service = await aService()
    await service.aCourse('math', { instructors: ['zoe', 'adam'] })
    const root = service.as('root')
    await root.post('instructor/math/mia', names)
    await root.post('instructor/math/adam', names)
    const { instructors } = (await root.get('instructors/math')).json
    expect((instructors as { username: string }[]).map(({ username }) => username)).toEqual([
      'zoe',
      'adam',
      'mia',
    ])
  })

  it('is shown to every member', async () => {
    const service = await aService({ testData: true })
    for (const member of ['kevin', 'lawrence', 'root']) {
      expect(await service.as(member).get('instructors/course1')).toMatchObject(
        success({ instructors: [{ username: 'kevin', ...unknown }] }),
      )
    }
  })
})

describe('removing an instructor', () => {
  it('is for admins, and may be the last one', async () => {
    const service = await aService({ testData: true })
    const root = service.as('root')
    expect(await root.delete('instructor/course1/kevin')).toMatchObject(success())
    expect(await root.get('instructors/course1')).toMatchObject(success({ instructors: [] }))
    expect(await service.as('kevin').get('assignments/course1')).toMatchObject(
      failure(403, 'Permission denied'),
    )
  })

  it('is denied to instructors before anything is looked up', async () => {
    const service = await aService({ testData: true })
    for (const path of [
      'instructor/course1/kevin',
      'instructor/course1/nobody',
      'instructor/nothing/kevin',
    ]) {
      expect(await service.as('kevin').delete(path)).toMatchObject(failure(403, 'Permission denied'))
    }
  })

  it('fails for who is none: strangers and students', async () => {
    const service = await aService({ testData: true })
    const root = service.as('root')
    expect(await root.delete('instructor/nothing/kevin')).toMatchObject(failure(404, 'Course not found'))
    for (const user of ['nobody', 'lawrence', 'abigail']) {
      expect(await root.delete(`instructor/course1/${user}`)).toMatchObject(
        failure(404, 'Instructor not found'),
      )
    }
    expect((await root.get('students/course1')).json.students).toHaveLength(1)
  })

  it('leaves their submissions where they are', async () => {
    const service = await aService({ testData: true })
    const timestamp = await service.submission('kevin', 'course1/challenge', [file('a', 'b')])
    await service.as('root').delete('instructor/course1/kevin')
    expect(await service.submissions('root', 'course1/challenge')).toContainEqual(['kevin', timestamp])
    expect((await service.as('root').get('submission/course1/challenge/kevin')).status).toBe(200)
  })
})
