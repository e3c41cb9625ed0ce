/** `initialize-Data6ase`: fills, empties and shows the database, in debug mode (contract §4, other pages; §8.25). */
import { describe, expect, it } from 'vitest'
import { contractJson, failure, success, timestampForm } from '../support/answers.ts'
import { aService, type Service } from '../support/service.ts'
import { fetched, file, noise } from '../support/trees.ts'
import { inV2, problem, treeBody } from '../v2/people.ts'

const page = 'initialize-Data6ase'

type Row = Record<string, unknown>

async function dumpOf(service: Service): Promise<Record<string, Row[]>> {
  const { json } = await service.as('root').get(page, { action: 'dump' })
  const { success, ...tables } = json
  expect(success).toBe(true)
  return tables as Record<string, Row[]>
}

describe('the debug page', () => {
  it.each(['dump', 'init', 'clear', ''])(
    'is absent outside debug mode, for admins, too: %j',
    async action => {
      const service = await aService({ testData: true })
      const absent = { status: 404, text: '<h1>404 Not Found</h1>\n' }
      expect(await service.as('root').get(page, { action })).toMatchObject(absent)
      expect((await service.as('root').post(page, { action })).status).toBe(405)
      expect(await service.as('root').get('courses')).toMatchObject(
        success({ courses: ['course1', 'course2'] }),
      )
    },
  )

  it.each([{}, { action: '' }, { action: 'DUMP' }, { action: 'drop' }])(
    'knows three actions, not %j',
    async query => {
      const service = await aService({ debug: true })
      const unknown = failure(400, 'action should be clear, init, or dump')
      expect(await service.as('root').get(page, query)).toMatchObject(unknown)
      expect(await service.as('root').post(page, query)).toMatchObject(unknown)
    },
  )
})

describe('init', () => {
  it.each(['get', 'post'] as const)('adds the test data, by %s', async method => {
    const service = await aService({ debug: true })
    expect(await service.as('root')[method](page, { action: 'init' })).toMatchObject({
      status: 200,
      json: { success: true },
    })
    const root = service.as('root')
    const nobody = { first_name: null, last_name: null, email: null }
    for (const [course, instructor, student] of [
      ['course1', 'kevin', 'lawrence'],
      ['course2', 'abigail', 'eric'],
    ]) {
      expect(await root.get(`instructors/${course}`)).toMatchObject(
        success({ instructors: [{ username: instructor, ...nobody }] }),
      )
      expect(await root.get(`students/${course}`)).toMatchObject(
        success({ students: [{ username: student, ...nobody }] }),
      )
    }
    for (const [path, name, text] of [
      ['course1/challenge', 'file2', '22222'],
      ['course2/assignment2a', 'file0', '00000'],
      ['course2/assignment2b', 'file1', '11111'],
    ] as const) {
      expect(await root.get(`assignment/${path}`)).toMatchObject(success({ files: [fetched(name, text)] }))
    }
    const [first, second, ...more] = await service.submissions('root', 'course1/challenge')
    expect(first).toEqual(['lawrence', '2020-01-01 00:00:00.000000'])
    expect(second).toEqual(['lawrence', expect.stringMatching(timestampForm)])
    expect(more).toEqual([])
    expect(await service.submissions('root', 'course2/assignment2a')).toEqual([])
    const work = [
      [first?.[1] ?? '', [fetched('file3', '33333')], [fetched('file5', '55555')]],
      [second?.[1] ?? '', [fetched('file4', '44444')], []],
    ] as const
    for (const [timestamp, submitted, feedback] of work) {
      expect(await root.get('submission/course1/challenge/lawrence', { timestamp })).toMatchObject(
        success({ files: submitted, timestamp }),
      )
      expect(await root.get('feedback/course1/challenge/lawrence', { timestamp })).toMatchObject(
        success({ files: feedback, timestamp }),
      )
    }
  })

  it.each(['root', 'kevin', 'stranger'])(
    'can be repeated, whoever asks, and then changes nothing: %s',
    async who => {
      const service = await aService({ debug: true })
      await service.as('root').post(page, { action: 'init' })
      await service.as(who).post(page, { action: 'init' })
      const before = await dumpOf(service)
      expect((await service.as(who).post(page, { action: 'init' })).status).toBe(200)
      expect(await dumpOf(service)).toEqual(before)
    },
  )

  it('leaves what else is there', async () => {
    const service = await aService({ debug: true })
    await service.aCourse('math', { instructors: ['kevin'], assignments: { ex1: [file('a', 'b')] } })
    await service.as('root').post(page, { action: 'init' })
    expect(await service.as('kevin').get('courses')).toMatchObject(success({ courses: ['course1', 'math'] }))
  })
})

describe('clear', () => {
  it.each(['get', 'post'] as const)('deletes everything, by %s', async method => {
    const service = await aService({ testData: true, debug: true })
    const files = [file('large', noise(200_000))]
    await service.submission('lawrence', 'course1/challenge', files)
    expect(await service.as('kevin')[method](page, { action: 'clear' })).toMatchObject(
      success({ message: 'done' }),
    )
    expect(await service.as('root').get('courses')).toMatchObject(success({ courses: [] }))
    expect(await service.storedFileCount()).toBe(0)
    expect(await service.as('root').get(page, { action: 'dump' })).toMatchObject(
      success({ users: [{ id: 'root' }] }),
    )
  })

  it('deletes files that wait for their tree, and submissions that are announced', async () => {
    const service = await aService({ testData: true, debug: true })
    const lawrence = inV2(service, 'lawrence')
    const notebook = { 'ps1.ipynb': 'answers' }
    await lawrence.upload('course1', 'challenge', notebook)
    const announced = treeBody({ ...notebook, 'data.csv': '1,2' })
    const submissions = 'courses/course1/assignments/challenge/submissions'
    const answer = await lawrence.post(submissions, announced, { 'idempotency-key': 'a' })
    expect(answer).toMatchObject(problem(409, 'files-missing'))
    const root = service.as('root')
    expect(await root.post(page, { action: 'clear' })).toMatchObject(success({ message: 'done' }))
    await root.post(page, { action: 'init' })
    expect((await lawrence.post(submissions, treeBody(notebook))).json).toMatchObject({
      code: 'files-missing',
    })
  })

  it('deletes what was hidden, too: a course and assignment of the same name start anew', async () => {
    const service = await aService({ testData: true, debug: true })
    await service.as('kevin').delete('assignment/course1/challenge')
    await service.as('root').post(page, { action: 'clear' })
    await service.aCourse('course1', { instructors: ['kevin'], assignments: { challenge: [] } })
    expect(await service.submissions('kevin', 'course1/challenge')).toEqual([])
  })

  it('leaves a service that works: the test data can be added again', async () => {
    const service = await aService({ testData: true, debug: true })
    const root = service.as('root')
    await root.post(page, { action: 'clear' })
    expect((await root.post(page, { action: 'init' })).status).toBe(200)
    await service.submission('lawrence', 'course1/challenge', [file('large', noise(200_000))])
    expect((await service.as('kevin').get('submission/course1/challenge/lawrence')).status).toBe(200)
  })
})

describe('dump', () => {
  it('has nothing but the caller of an empty database', async () => {
    const service = await aService({ debug: true })
    expect(await service.as('ann').get(page, { action: 'dump' })).toMatchObject(
      success({ users: [{ id: 'ann' }] }),
    )
    expect(await service.ask('GET', `/api/${page}?action=dump`)).toMatchObject(
      success({ users: [{ id: 'user' }] }),
    )
    expect(await service.as('root').get(page, { action: 'dump' })).toMatchObject(
      success({ users: [{ id: 'root' }] }),
    )
  })

  it('has the tables that are not empty, and their columns, in their order', async () => {
    const service = await aService({ debug: true })
    await service.as('root').post(page, { action: 'init' })
    const { text, json } = await service.as('root').get(page, { action: 'dump' })
    expect(text).toBe(contractJson(json))
    const { success, ...tables } = json as Record<string, Row[]>
    expect(Object.entries(tables).map(([name, [row = {}]]) => [name, Object.keys(row)])).toEqual([
      ['users', ['id']],
      ['courses', ['_id', 'id']],
      ['assignments', ['_id', 'id', 'course_id', 'released', 'due']],
      ['submissions', ['_id', 'assignment_id', 'timestamp', 'student_id']],
      ['files', ['_id', 'filename', 'checksum', 'size', 'actual_name']],
      ['instructor_assoc_table', ['left_id', 'right_id', 'first_name', 'last_name', 'email']],
      ['student_assoc_table', ['left_id', 'right_id', 'first_name', 'last_name', 'email']],
      ['assignment_files_assoc_table', ['left_id', 'right_id']],
      ['submission_files_assoc_table', ['left_id', 'right_id']],
      ['feedback_files_assoc_table', ['left_id', 'right_id']],
    ])
    expect(success).toBe(true)
  })

  it('leaves out tables that are empty', async () => {
    const service = await aService({ debug: true })
    await service.as('root').post('course/math')
    expect(await service.as('root').get(page, { action: 'dump' })).toMatchObject(
      success({ users: [{ id: 'root' }], courses: [{ _id: 1, id: 'math' }] }),
    )
  })

  it('shows the test data as the old server did', async () => {
    const service = await aService({ debug: true })
    await service.as('root').post(page, { action: 'init' })
    const dump = await dumpOf(service)
    const nobody = { first_name: null, last_name: null, email: null }
    const hidden = { released: false, due: null }
    expect(dump.users?.map(user => user.id).toSorted()).toEqual([
      'abigail',
      'eric',
      'kevin',
      'lawrence',
      'root',
    ])
    expect(dump.courses).toEqual([
      { _id: 1, id: 'course1' },
      { _id: 2, id: 'course2' },
    ])
    expect(dump.assignments).toEqual([
      { _id: 1, id: 'assignment2a', course_id: 2, ...hidden },
      { _id: 2, id: 'assignment2b', course_id: 2, ...hidden },
      { _id: 3, id: 'challenge', course_id: 1, ...hidden },
    ])
    expect(dump.submissions).toEqual([
      { _id: 1, assignment_id: 3, timestamp: '2020-01-01 00:00:00.000000 ', student_id: 'lawrence' },
      {
        _id: 2,
        assignment_id: 3,
        timestamp: expect.stringMatching(/^.{26} $/) as unknown,
        student_id: 'lawrence',
      },
    ])
    expect(dump.instructor_assoc_table).toEqual([
      { left_id: 'kevin', right_id: 'course1', ...nobody },
      { left_id: 'abigail', right_id: 'course2', ...nobody },
    ])
    expect(dump.student_assoc_table).toEqual([
      { left_id: 'lawrence', right_id: 'course1', ...nobody },
      { left_id: 'eric', right_id: 'course2', ...nobody },
    ])
  })

  it('shows every file with its checksum and size, and whose it is', async () => {
    const service = await aService({ debug: true })
    await service.as('root').post(page, { action: 'init' })
    const dump = await dumpOf(service)
    const checksums = [
      'dcddb75469b4b4875094e14561e573d8',
      'b0baee9d279d34fa1dfd71aadb908c3f',
      '3d2172418ce305c7d16d4b05597c6a59',
      'b7bc2a2f5bb6d521e64c8974c143e9a0',
      '79b7cdcd14db14e9cb498f1793817d69',
      'c5fe25896e49ddfe996db7508cf00534',
    ]
    const files = dump.files?.map(({ filename, checksum, size }) => [filename, checksum, size])
    expect(files?.toSorted()).toEqual(checksums.map((checksum, i) => [`file${i}`, checksum, 5]))
    const named = (table: Row[] = []) =>
      table.map(({ left_id, right_id }) => [
        left_id,
        dump.files?.find(({ _id }) => _id === right_id)?.filename,
      ])
    // The owner is a text, as the old server has it.
    expect(named(dump.assignment_files_assoc_table)).toEqual([
      ['1', 'file0'],
      ['2', 'file1'],
      ['3', 'file2'],
    ])
    expect(named(dump.submission_files_assoc_table)).toEqual([
      ['1', 'file3'],
      ['2', 'file4'],
    ])
    expect(named(dump.feedback_files_assoc_table)).toEqual([['1', 'file5']])
  })

  it('shows what can be seen: nothing deleted, the newest release, the feedback that is served', async () => {
    const service = await aService({ testData: true, debug: true })
    const kevin = service.as('kevin')
    await service.as('abigail').delete('assignment/course2/assignment2a')
    await kevin.put('assignment/course1/challenge', { files: [file('newer', 'x')] })
    const timestamp = '2020-01-01 00:00:00.000000'
    await kevin.post('feedback/course1/challenge/lawrence', { timestamp, files: [file('better', 'y')] })
    const dump = await dumpOf(service)
    expect(dump.assignments?.map(row => row.id)).toEqual(['assignment2b', 'challenge'])
    expect(dump.files?.map(row => row.filename).toSorted()).toEqual([
      'better',
      'file1',
      'file3',
      'file4',
      'newer',
    ])
  })

  it('can be read by people', async () => {
    const service = await aService({ testData: true, debug: true })
    const names = { first_name: '<b>L</b>', last_name: '', email: '' }
    await service.as('kevin').post('student/course1/lawrence', names)
    const answer = await service.as('root').get(page, { action: 'dump', 'human-readable': 'true' })
    expect(answer.status).toBe(200)
    expect(answer.headers['content-type']).toMatch(/^text\/html/)
    for (const word of [
      '<table>',
      'student_assoc_table',
      'lawrence',
      'challenge',
      'file5',
      '&lt;b>L&lt;/b>',
    ]) {
      expect(answer.text).toContain(word)
    }
  })

  it.each(['false', '1', 'True', ''])('is JSON for human-readable=%s', async humanReadable => {
    const service = await aService({ debug: true })
    const answer = await service.as('root').get(page, { action: 'dump', 'human-readable': humanReadable })
    expect(answer).toMatchObject({ status: 200, json: { success: true } })
  })
})
