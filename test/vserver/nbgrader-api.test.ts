/** What the API of March 2020 does otherwise than ngshare (contract §9.2), operation by operation. */
import { describe, expect, it } from 'vitest'
import { failure, success } from '../support/answers.ts'
import { file } from '../support/trees.ts'
import { aVserver, aVserverForTheFile } from './world.ts'

const refused = (message: string) => failure(200, message)
const notInstructor = refused('Permission denied (not course instructor)')
const notRelated = refused('Permission denied (not related to course)')
const timestamp = '2020-01-01 00:00:00.000000 '

const world = await aVserverForTheFile()
const [kevin, lawrence, abigail, eric] = ['Kevin', 'Lawrence', 'Abigail', 'Eric'].map(world.as) as [
  ReturnType<typeof world.as>,
  ReturnType<typeof world.as>,
  ReturnType<typeof world.as>,
  ReturnType<typeof world.as>,
]

describe('a login', () => {
  const operations: [method: string, path: string][] = [
    ['GET', 'courses'],
    ['POST', 'course/new'],
    ['GET', 'assignments/course1'],
    ['GET', 'assignment/course1/challenge'],
    ['POST', 'assignment/course1/new'],
    ['GET', 'submissions/course1/challenge'],
    ['GET', 'submissions/course1/challenge/Lawrence'],
    ['POST', 'submission/course1/challenge'],
    ['GET', 'submission/course1/challenge/Lawrence'],
    ['GET', 'feedback/course1/challenge/Lawrence'],
    ['POST', 'feedback/course1/challenge/Lawrence'],
  ]

  it.each(operations)('is the first thing that %s %s asks for', async (method, path) => {
    const nowhere = path.replace('course1', 'nowhere')
    expect(await world.ask(method, `/api/${nowhere}`)).toMatchObject(
      refused('Login required (Please supply user)'),
    )
    expect(await world.ask(method, `/api/${nowhere}?user=kevin`)).toMatchObject(
      refused('Login required (User not found)'),
    )
  })

  it('is needed by name, and the name may not be empty', async () => {
    expect(await world.as('').get('courses')).toMatchObject(refused('Login required (User not found)'))
  })

  it('may come with the form', async () => {
    const fields = { user: 'Kevin' }
    expect(await world.ask('GET', '/api/courses', { fields })).toMatchObject(
      success({ courses: ['course1'] }),
    )
  })

  it('is taken from the query first, even if nobody has that name', async () => {
    const fields = { user: 'Kevin' }
    expect(await world.ask('GET', '/api/courses?user=nobody', { fields })).toMatchObject(
      refused('Login required (User not found)'),
    )
  })

  it('is not stripped', async () => {
    expect(await world.as(' Kevin').get('courses')).toMatchObject(refused('Login required (User not found)'))
  })

  it('creates nobody', async () => {
    await world.as('newcomer').post('course/newcomers')
    expect(await world.as('newcomer').get('courses')).toMatchObject(
      refused('Login required (User not found)'),
    )
  })
})

describe('courses', () => {
  it('are listed for those who teach or take them', async () => {
    expect(await kevin.get('courses')).toMatchObject(success({ courses: ['course1'] }))
    expect(await eric.get('courses')).toMatchObject(success({ courses: ['course2'] }))
  })

  it('may be created by anyone, who becomes the only instructor', async () => {
    const { as } = await aVserver()
    expect(await as('Eric').post('course/mine', { instructors: ['Kevin'] })).toMatchObject(success())
    expect(await as('Eric').get('courses')).toMatchObject(success({ courses: ['course2', 'mine'] }))
    expect(await as('Eric').post('assignment/mine/first', { files: [] })).toMatchObject(success())
    expect(await as('Kevin').get('assignments/mine')).toMatchObject(notRelated)
  })

  it('are created once', async () => {
    expect(await lawrence.post('course/course2')).toMatchObject(refused('Course already exists'))
  })

  it('have no admins above them', async () => {
    expect(await world.as('root').get('courses')).toMatchObject(refused('Login required (User not found)'))
  })
})

describe('assignments', () => {
  it('are listed in the order of release', async () => {
    expect(await eric.get('assignments/course2')).toMatchObject(
      success({ assignments: ['assignment2a', 'assignment2b'] }),
    )
  })

  it('are for members of the course', async () => {
    expect(await eric.get('assignments/course1')).toMatchObject(notRelated)
    expect(await eric.get('assignment/course1/challenge')).toMatchObject(notRelated)
    expect(await eric.get('assignments/course3')).toMatchObject(refused('Course not found'))
    expect(await lawrence.get('assignment/course1/other')).toMatchObject(refused('Assignment not found'))
  })

  it('are fetched without checksums', async () => {
    expect(await lawrence.get('assignment/course1/challenge')).toMatchObject(
      success({ files: [{ path: 'file2', content: 'MjIyMjI=\n' }] }),
    )
  })

  it('are fetched as paths alone with list_only in the query, and nowhere else', async () => {
    const path = 'assignment/course1/challenge'
    expect(await lawrence.get(path, { list_only: 'true' })).toMatchObject(
      success({ files: [{ path: 'file2' }] }),
    )
    for (const listOnly of [' true', 'True', '1', '']) {
      expect((await lawrence.get(path, { list_only: listOnly })).text).toContain('content')
    }
    const inForm = await lawrence.get(path, {}, { fields: { list_only: 'true' } })
    expect(inForm.text).toContain('content')
  })

  it('are released by instructors, with files from the form alone', async () => {
    const { as } = await aVserver()
    const files = [file('a.ipynb', 'one'), file('data/b.csv', ''), file('é', Buffer.alloc(300, 1))]
    const query = { user: 'Kevin', files }
    expect(await as('Lawrence').post('assignment/course1/new', { files })).toMatchObject(notInstructor)
    expect(await as('Kevin').post('assignment/course1/new', {}, { query })).toMatchObject(
      refused('Please supply files'),
    )
    expect(await as('Kevin').post('assignment/course1/new', { files })).toMatchObject(success())
    const { json } = await as('Lawrence').get('assignment/course1/new')
    expect(json.files).toEqual(
      files.map(({ path, content }) => ({ path, content: content.replace(/.{1,76}/g, '$&\n') })),
    )
  })

  it('are released once, which is said before anything about the files', async () => {
    const answer = await kevin.post('assignment/course1/challenge', { files: 'no files' })
    expect(answer).toMatchObject(refused('Assignment already exists'))
  })
})

describe('a form', () => {
  it('counts by the first of repeated arguments', async () => {
    const { as } = await aVserver()
    const fields = [
      ['files', [file('first', 'x')]],
      ['files', [file('second', 'x')]],
    ] as const
    await as('Kevin').post('assignment/course1/new', fields)
    const { json } = await as('Kevin').get('assignment/course1/new', { list_only: 'true' })
    expect(json.files).toEqual([{ path: 'first' }])
  })

  it('is not stripped', async () => {
    const fields = { user: ' Kevin' }
    expect(await world.ask('GET', '/api/courses', { fields })).toMatchObject(
      refused('Login required (User not found)'),
    )
  })
})

describe('malformed files', () => {
  const faults: [files: unknown, message: string][] = [
    ['', 'Files cannot be JSON decoded'],
    ['[', 'Files cannot be JSON decoded'],
    ['5', 'Incorrect request format'],
    ['null', 'Incorrect request format'],
    ['"abc"', 'Incorrect request format'],
    ['{}', 'Incorrect request format'],
    ['[1]', 'Incorrect request format'],
    ['[{}]', 'Incorrect request format'],
    ['[{"path": "a"}]', 'Incorrect request format'],
    ['[{"path": 1, "content": ""}]', 'Incorrect request format'],
    ['[{"path": "../a", "content": ""}]', 'Illegal path'],
    ['[{"path": "a", "content": "a"}]', 'Content cannot be base64 decoded'],
    ['[{"path": "a", "content": ""}, {"path": "a", "content": ""}]', 'Illegal path'],
  ]

  it.each(faults)('%s are refused with a reason, and nothing is stored', async (files, message) => {
    expect(await kevin.post('assignment/course1/malformed', { files })).toMatchObject(refused(message))
    expect(await lawrence.post('submission/course1/challenge', { files })).toMatchObject(refused(message))
    expect(await kevin.get('assignments/course1')).toMatchObject(success({ assignments: ['challenge'] }))
    const { json } = await kevin.get('submissions/course1/challenge')
    expect(json.submissions).toHaveLength(2)
  })
})

describe('submissions', () => {
  it('are answered without a timestamp', async () => {
    const { as } = await aVserver()
    expect(await as('Lawrence').post('submission/course1/challenge', { files: [] })).toMatchObject(success())
    const { json } = await as('Kevin').get('submissions/course1/challenge')
    expect(json.submissions).toHaveLength(3)
  })

  it('are for members', async () => {
    expect(await eric.post('submission/course1/challenge', { files: [] })).toMatchObject(notRelated)
    expect(await lawrence.post('submission/course1/other', { files: [] })).toMatchObject(
      refused('Assignment not found'),
    )
  })

  it('are listed for instructors, with timestamps that end with a blank', async () => {
    const { json } = await kevin.get('submissions/course1/challenge')
    const submissions = json.submissions as { student_id: string; timestamp: string }[]
    expect(submissions.map(submission => submission.student_id)).toEqual(['Lawrence', 'Lawrence'])
    expect(submissions[0]?.timestamp).toBe(timestamp)
    expect(submissions[1]?.timestamp).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6} $/)
    expect(await lawrence.get('submissions/course1/challenge')).toMatchObject(notInstructor)
  })

  it('are listed for the student they are of', async () => {
    const { json } = await lawrence.get('submissions/course1/challenge/Lawrence')
    expect(json.submissions).toHaveLength(2)
    expect(await eric.get('submissions/course1/challenge/Lawrence')).toMatchObject(notInstructor)
    expect(await eric.get('submissions/course1/challenge/Eric')).toMatchObject(refused('Student not found'))
  })

  it('are collected in their latest state, whatever timestamp is asked for', async () => {
    const path = 'submission/course1/challenge/Lawrence'
    for (const query of [{}, { timestamp }, { timestamp: 'never' }]) {
      const { json } = await kevin.get(path, query)
      expect(json.files).toEqual([{ path: 'file4', content: 'NDQ0NDQ=\n' }])
      expect(json.timestamp).not.toBe(timestamp)
      expect(Object.keys(json)).toEqual(['success', 'files', 'timestamp'])
    }
    expect((await kevin.get(path, { list_only: 'true' })).json.files).toEqual([{ path: 'file4' }])
  })

  it('are not there before the first', async () => {
    expect(await abigail.get('submission/course2/assignment2a/Eric')).toMatchObject(
      refused('Submission not found'),
    )
    expect(await abigail.get('submissions/course2/assignment2a')).toMatchObject(success({ submissions: [] }))
  })

  it('are found of students only', async () => {
    const { as } = await aVserver()
    await as('Kevin').post('submission/course1/challenge', { files: [] })
    for (const student of ['Kevin', 'Eric', 'nobody']) {
      for (const path of ['submissions', 'submission', 'feedback']) {
        const answer = await as('Kevin').get(`${path}/course1/challenge/${student}`, { timestamp })
        expect(answer).toMatchObject(refused('Student not found'))
      }
    }
    const { json } = await as('Kevin').get('submissions/course1/challenge')
    expect(json.submissions).toHaveLength(3)
  })
})

describe('feedback', () => {
  const path = 'feedback/course1/challenge/Lawrence'

  it('is fetched by its student and by instructors', async () => {
    const found = success({ files: [{ path: 'file5', content: 'NTU1NTU=\n' }], timestamp })
    expect(await lawrence.get(path, { timestamp })).toMatchObject(found)
    expect(await kevin.get(path, { timestamp: timestamp.trim() })).toMatchObject(found)
    expect(await kevin.get(path, { timestamp, list_only: 'true' })).toMatchObject(
      success({ files: [{ path: 'file5' }], timestamp }),
    )
    expect(await abigail.get(path, { timestamp })).toMatchObject(notInstructor)
  })

  it('is empty while there is none', async () => {
    const { json } = await kevin.get('submissions/course1/challenge')
    const latest = (json.submissions as { timestamp: string }[])[1]?.timestamp
    expect(await lawrence.get(path, { timestamp: latest })).toMatchObject(
      success({ files: [], timestamp: latest }),
    )
  })

  it('wants the timestamp of a submission', async () => {
    expect(await lawrence.get(path)).toMatchObject(refused('Please supply timestamp'))
    expect(await lawrence.get(path, { timestamp: 'yesterday' })).toMatchObject(
      refused('Time format incorrect'),
    )
    expect(await lawrence.get(path, { timestamp: '2020-01-02 00:00:00.0' })).toMatchObject(
      refused('Submission not found'),
    )
  })

  it('takes the timestamp from the query to fetch, from the form to release', async () => {
    const files = [file('a', 'a')]
    const query = { user: 'Kevin', timestamp }
    expect(await lawrence.get(path, {}, { fields: { timestamp } })).toMatchObject(
      refused('Please supply timestamp'),
    )
    expect(await kevin.post(path, { files }, { query })).toMatchObject(refused('Please supply timestamp'))
  })

  it('is replaced as a whole, and survives an upload that is refused', async () => {
    const { as } = await aVserver()
    const kevin = as('Kevin')
    const paths = async () => (await kevin.get(path, { timestamp, list_only: 'true' })).json.files
    expect(await kevin.post(path, { timestamp, files: [file('b', 'b')] })).toMatchObject(success())
    expect(await paths()).toEqual([{ path: 'b' }])
    await kevin.post(path, { timestamp, files: [file('c', 'c'), file('../c', 'c')] })
    await kevin.post(path, { timestamp, files: 5 })
    await kevin.post(path, { timestamp })
    expect(await paths()).toEqual([{ path: 'b' }])
    expect(await kevin.post(path, { timestamp, files: [] })).toMatchObject(success())
    expect(await paths()).toEqual([])
  })

  it('is released by instructors', async () => {
    const answer = await lawrence.post(path, { timestamp, files: [] })
    expect(answer).toMatchObject(notInstructor)
  })
})
