/** `students/<course>` and `student/<course>/<user>` (contract §4). */
import { describe, expect, it } from 'vitest'
import { contractJson, failure, success } from '../support/answers.ts'
import { aService, aServiceForTheFile, type Service } from '../support/service.ts'

const names = { first_name: 'Ma', last_name: 'Rie', email: 'marie@example.org' }
const unknown = { first_name: null, last_name: null, email: null }
const noInstructor = 'Cannot add instructor as student'

async function studentsOf(service: Service, course: string): Promise<string[]> {
  const { students } = (await service.as('root').get(`students/${course}`)).json
  return (students as { username: string }[]).map(({ username }) => username)
}

describe('adding a student', () => {
  it('is for instructors and admins, and may be somebody new', async () => {
    const service = await aService({ testData: true })
    expect(await service.as('kevin').post('student/course1/marie', names)).toMatchObject(success())
    expect(await service.as('root').post('student/course1/pierre', names)).toMatchObject(success())
    expect(await studentsOf(service, 'course1')).toEqual(['lawrence', 'marie', 'pierre'])
    expect(await service.as('marie').get('courses')).toMatchObject(success({ courses: ['course1'] }))
  })

  it('again sets the details, and changes nothing else', async () => {
    const service = await aService({ testData: true })
    const kevin = service.as('kevin')
    await kevin.post('student/course1/marie', names)
    for (const details of [names, names, { first_name: '', last_name: 'x', email: '' }]) {
      expect(await kevin.post('student/course1/lawrence', details)).toMatchObject(success())
      expect(await kevin.get('student/course1/lawrence')).toMatchObject(
        success({ username: 'lawrence', ...details }),
      )
    }
    expect(await studentsOf(service, 'course1')).toEqual(['lawrence', 'marie'])
  })

  it('needs all details; the first that is missing is named', async () => {
    const service = await aService({ testData: true })
    const post = (fields: object) => service.as('kevin').post('student/course1/marie', { ...fields })
    const { first_name, last_name, email } = names
    expect(await post({})).toMatchObject(failure(400, 'Please supply first name'))
    expect(await post({ last_name, email })).toMatchObject(failure(400, 'Please supply first name'))
    expect(await post({ first_name, email })).toMatchObject(failure(400, 'Please supply last name'))
    expect(await post({ first_name, last_name })).toMatchObject(failure(400, 'Please supply email'))
    expect(await studentsOf(service, 'course1')).toEqual(['lawrence'])
  })

  it('does not turn an instructor into one, and asks for the details first', async () => {
    const service = await aService({ testData: true })
    for (const who of ['kevin', 'root']) {
      const person = service.as(who)
      expect(await person.post('student/course1/kevin')).toMatchObject(
        failure(400, 'Please supply first name'),
      )
      expect(await person.post('student/course1/kevin', names)).toMatchObject(failure(409, noInstructor))
    }
    expect(await service.as('kevin').get('instructor/course1/kevin')).toMatchObject(
      success({ username: 'kevin', ...unknown }),
    )
  })

  it('of one course does not matter to another, where they may teach', async () => {
    const service = await aService({ testData: true })
    expect(await service.as('kevin').post('student/course1/abigail', names)).toMatchObject(success())
    expect(await service.as('abigail').get('courses')).toMatchObject(
      success({ courses: ['course1', 'course2'] }),
    )
    expect(await service.as('abigail').get('instructor/course2/abigail')).toMatchObject(
      success({ username: 'abigail', ...unknown }),
    )
  })
})

describe('the details of a student', () => {
  it('are shown to themselves, to instructors and to admins', async () => {
    const service = await aService({ testData: true })
    for (const reader of ['lawrence', 'kevin', 'root']) {
      expect(await service.as(reader).get('student/course1/lawrence')).toMatchObject(
        success({ username: 'lawrence', ...unknown }),
      )
    }
  })

  it('are not shown to fellow students', async () => {
    const service = await aService()
    await service.aCourse('math', { students: ['marie', 'pierre'] })
    expect(await service.as('marie').get('student/math/pierre')).toMatchObject(
      failure(403, 'Permission denied'),
    )
  })

  it('are not those of an instructor', async () => {
    const service = await aService({ testData: true })
    expect(await service.as('kevin').get('student/course1/kevin')).toMatchObject(
      failure(404, 'Student not found'),
    )
  })
})

describe('the list of students', () => {
  it('is in the order in which they came, whatever changes afterwards', async () => {
    const service = await aService()
    await service.aCourse('math', { students: ['zoe', 'adam', 'mia'] })
    await service.as('root').post('student/math/adam', names)
    const empty = { first_name: '', last_name: '', email: '' }
    expect(await service.as('root').get('students/math')).toMatchObject(
      success({
        students: [
          { username: 'zoe', ...empty },
          { username: 'adam', ...names },
          { username: 'mia', ...empty },
        ],
      }),
    )
  })
})

describe('adding many students', async () => {
  /** For those that are refused. */
  const shared = await aServiceForTheFile({ testData: true, debug: true })
  const known = await shared.knownUsers()
  const add = (students: unknown) => shared.as('kevin').post('students/course1', { students })

  const student = (username: string, more: object = {}) => ({ username, ...names, ...more })
  const added = (username: string) => ({ username, success: true })
  const refused = (username: string) => ({ username, success: false, message: noInstructor })

  it('answers for each in turn; an instructor among them is left out', async () => {
    const service = await aService({ testData: true })
    const students = [student('marie'), student('kevin'), student('lawrence', { email: '' })]
    expect(await service.as('kevin').post('students/course1', { students })).toMatchObject(
      success({ status: [added('marie'), refused('kevin'), added('lawrence')] }),
    )
    expect(await studentsOf(service, 'course1')).toEqual(['lawrence', 'marie'])
    expect(await service.as('lawrence').get('student/course1/lawrence')).toMatchObject(
      success(student('lawrence', { email: '' })),
    )
  })

  it('takes what was said last of someone who is named twice, and answers twice', async () => {
    const service = await aService({ testData: true })
    const students = [student('marie', { email: 'old' }), student('marie', { email: 'new' })]
    expect(await service.as('kevin').post('students/course1', { students })).toMatchObject(
      success({ status: [added('marie'), added('marie')] }),
    )
    expect(await service.as('kevin').get('student/course1/marie')).toMatchObject(
      success(student('marie', { email: 'new' })),
    )
  })

  it('does not mind further members, and takes names as they are', async () => {
    const service = await aService({ testData: true })
    const students = [student(' marie ', { first_name: ' M ', section: 5, username: ' marie ' })]
    expect(await service.as('kevin').post('students/course1', { students })).toMatchObject(
      success({ status: [added(' marie ')] }),
    )
    expect(await service.as('kevin').get('student/course1/%20marie%20')).toMatchObject(
      success(student(' marie ', { first_name: ' M ' })),
    )
  })

  it('says 200 even if none could be added', async () => {
    const service = await aService({ testData: true })
    expect(await service.as('root').post('students/course1', { students: [student('kevin')] })).toMatchObject(
      success({ status: [refused('kevin')] }),
    )
  })

  it('takes a class of a thousand', async () => {
    const service = await aService({ testData: true })
    const students = Array.from({ length: 1000 }, (_, i) => student(`student${i}`))
    const answer = await service.as('kevin').post('students/course1', { students })
    expect(answer).toMatchObject(success({ status: students.map(({ username }) => added(username)) }))
    expect(await studentsOf(service, 'course1')).toHaveLength(1001)
  })

  it.each([undefined, '', '  ', '[]'])('needs some: %j', async students => {
    const fields = students === undefined ? {} : { students }
    const answer = await shared.as('kevin').post('students/course1', fields)
    expect(answer).toMatchObject(failure(400, 'Please supply students'))
  })

  it.each(['x', '[', '[{"username": "marie",}]', "[{'username': 'marie'}]"])(
    'needs JSON: %s',
    async students => {
      const answer = await add(students)
      expect(answer).toMatchObject(failure(400, 'Students cannot be JSON decoded'))
    },
  )

  it.each([
    ['an object', {}],
    ['a number', '5'],
    ['null', 'null'],
    ['a text', '"marie"'],
    ['a list of names', ['marie']],
    ['a list of null', [null]],
    ['a list of lists', [[]]],
    ['someone without a user name', [{ ...names }]],
    ['someone without an e-mail', [{ ...student('marie'), email: undefined }]],
    ['someone whose e-mail is null', [student('marie', { email: null })]],
    ['someone whose name is a number', [student('marie', { first_name: 5 })]],
    ['someone with an empty user name', [student('')]],
    ['brackets, a hundred thousand deep', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
  ])('needs a list of complete students, not %s', async (_, students) => {
    const answer = await add(students)
    expect(answer).toMatchObject(failure(400, 'Incorrect request format'))
  })

  it.each(['username', 'first_name', 'last_name', 'email'])(
    'needs whole characters in the %s',
    async member => {
      const students = contractJson([student('marie', { [member]: 'half \ud83d' })])
      const answer = await add(students)
      expect(answer).toMatchObject({ status: 400, json: { success: false } })
      expect(await studentsOf(shared, 'course1')).toEqual(['lawrence'])
    },
  )

  it.each([
    ['is incomplete', { username: 'pierre' }],
    ['has a bad user name', student('pi\nerre')],
    ['has an empty user name', student('')],
  ])('is all or nothing where one %s', async (_, bad) => {
    const answer = await add([student('marie'), bad])
    expect(answer).toMatchObject({ status: 400, json: { success: false } })
    expect(await studentsOf(shared, 'course1')).toEqual(['lawrence'])
    expect(await shared.knownUsers()).toEqual(known)
  })
})

describe('removing a student', () => {
  it('is for instructors', async () => {
    const service = await aService({ testData: true })
    expect(await service.as('kevin').delete('student/course1/lawrence')).toMatchObject(success())
    expect(await studentsOf(service, 'course1')).toEqual([])
    expect(await service.as('lawrence').get('assignments/course1')).toMatchObject(
      failure(403, 'Permission denied'),
    )
  })

  it('fails for who is none: strangers, instructors, and whoever was removed before', async () => {
    const service = await aService({ testData: true })
    const kevin = service.as('kevin')
    await kevin.delete('student/course1/lawrence')
    for (const user of ['nobody', 'kevin', 'eric', 'lawrence']) {
      expect(await kevin.delete(`student/course1/${user}`)).toMatchObject(failure(404, 'Student not found'))
    }
    expect((await kevin.get('instructors/course1')).json.instructors).toHaveLength(1)
  })

  it('forgets the details, should they come back', async () => {
    const service = await aService({ testData: true })
    const kevin = service.as('kevin')
    await kevin.post('student/course1/lawrence', names)
    await kevin.delete('student/course1/lawrence')
    const empty = { first_name: '', last_name: '', email: '' }
    await kevin.post('student/course1/lawrence', empty)
    expect(await kevin.get('student/course1/lawrence')).toMatchObject(
      success({ username: 'lawrence', ...empty }),
    )
  })

  it('leaves their work to the instructors: it is listed, collected, and may get feedback', async () => {
    const service = await aService({ testData: true })
    const kevin = service.as('kevin')
    const timestamp = '2020-01-01 00:00:00.000000'
    await kevin.delete('student/course1/lawrence')
    expect(await service.submissions('kevin', 'course1/challenge')).toHaveLength(2)
    for (const path of ['submissions', 'submission', 'feedback']) {
      expect((await kevin.get(`${path}/course1/challenge/lawrence`, { timestamp })).status).toBe(200)
    }
    const feedback = { timestamp, files: [] }
    expect(await kevin.post('feedback/course1/challenge/lawrence', feedback)).toMatchObject(success())
  })
})
