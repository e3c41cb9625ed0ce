/** Many at once, and two servers on the same files: every answer is true, and nothing is made twice (contract §8.8). */
import { describe, expect, it } from 'vitest'
import { failure, success } from '../support/answers.ts'
import { aFolder, aService } from '../support/service.ts'
import { fetched, file, noise } from '../support/trees.ts'

const names = { first_name: '', last_name: '', email: '' }
const many = Array.from({ length: 20 }, (_, i) => i)

/** How often each status came. */
async function statuses(asked: readonly Promise<{ status: number }>[]): Promise<Record<number, number>> {
  const answers = await Promise.all(asked)
  return Object.fromEntries(
    [...Map.groupBy(answers, ({ status }) => status)].map(([s, all]) => [s, all.length]),
  )
}

async function twoServers(options: { testData?: boolean } = {}) {
  const folder = await aFolder()
  return [await aService({ folder, ...options }), await aService({ folder })] as const
}

describe('at the same moment', () => {
  it('a course is created once', async () => {
    const service = await aService()
    expect(
      await statuses(many.map(() => service.as('root').post('course/math', { instructors: ['kevin'] }))),
    ).toEqual({
      200: 1,
      409: 19,
    })
    expect((await service.as('root').get('instructors/math')).json.instructors).toHaveLength(1)
  })

  it('an assignment is released once', async () => {
    const service = await aService({ testData: true })
    const release = (i: number) =>
      service.as('kevin').post('assignment/course1/new', { files: [file(`${i}`, '')] })
    expect(await statuses(many.map(release))).toEqual({ 200: 1, 409: 19 })
    expect((await service.as('kevin').get('assignment/course1/new')).json.files).toHaveLength(1)
    expect(await service.as('kevin').get('assignments/course1')).toMatchObject(
      success({ assignments: ['challenge', 'new'] }),
    )
  })

  it('a student is added once, however often', async () => {
    const service = await aService({ testData: true })
    expect(await statuses(many.map(() => service.as('kevin').post('student/course1/marie', names)))).toEqual({
      200: 20,
    })
    expect((await service.as('kevin').get('students/course1')).json.students).toHaveLength(2)
  })

  it('somebody becomes either a student or an instructor', async () => {
    const service = await aService({ testData: true })
    const root = service.as('root')
    await Promise.all(
      many.map(i => root.post(`${i % 2 === 0 ? 'student' : 'instructor'}/course1/marie`, names)),
    )
    const { students } = (await root.get('students/course1')).json as { students: { username: string }[] }
    expect(students.map(({ username }) => username)).toEqual(['lawrence'])
    expect((await root.get('instructor/course1/marie')).status).toBe(200)
  })

  it('every student’s work arrives, and is their own', async () => {
    const service = await aService()
    const students = many.map(i => `student${i}`)
    await service.aCourse('math', { students, assignments: { ex1: [] } })
    const work = (student: string) => noise(70_000, student)
    await Promise.all(students.map(name => service.submission(name, 'math/ex1', [file('work', work(name))])))
    expect(await service.submissions('root', 'math/ex1')).toHaveLength(20)
    for (const student of students) {
      const { json } = await service.as(student).get(`submission/math/ex1/${student}`)
      expect(json.files).toEqual([fetched('work', work(student))])
    }
  })

  it('the same large file from many is stored once', async () => {
    const service = await aService()
    const students = many.map(i => `student${i}`)
    await service.aCourse('math', { students, assignments: { ex1: [] } })
    const files = [file('data', noise(200_000))]
    await Promise.all(students.map(name => service.submission(name, 'math/ex1', files)))
    expect(await service.storedFileCount()).toBe(1)
  })

  it('feedback is one whole set, whoever came last', async () => {
    const service = await aService({ testData: true })
    const timestamp = '2020-01-01 00:00:00.000000'
    const path = 'feedback/course1/challenge/lawrence'
    const set = (i: number) => [file('a', `${i}`), file('b', `${i}`)]
    expect(
      await statuses(many.map(i => service.as('kevin').post(path, { timestamp, files: set(i) }))),
    ).toEqual({
      200: 20,
    })
    const { json } = await service.as('kevin').get(path, { timestamp })
    const [{ checksum: a }, { checksum: b }] = json.files as [{ checksum: string }, { checksum: string }]
    expect(a).toBe(b)
  })

  it('a slow answer keeps nobody waiting: small requests overtake a large upload', async () => {
    const service = await aService({ testData: true })
    let isThere = false
    const upload = service.submission('lawrence', 'course1/challenge', [file('large', noise(5_000_000))])
    const arrived = upload.then(() => {
      isThere = true
    })
    expect(await service.as('kevin').get('courses')).toMatchObject(success({ courses: ['course1'] }))
    expect(isThere).toBe(false)
    await arrived
  })
})

describe('two servers on the same files', () => {
  it('see at once what the other has done', async () => {
    const [one, other] = await twoServers({ testData: true })
    const timestamp = await one.submission('lawrence', 'course1/challenge', [file('a', noise(100_000))])
    const { json } = await other.as('kevin').get('submission/course1/challenge/lawrence')
    expect(json).toEqual({ success: true, files: [fetched('a', noise(100_000))], timestamp })
    await other.as('kevin').delete('student/course1/lawrence')
    expect(await one.as('lawrence').get('assignments/course1')).toMatchObject(
      failure(403, 'Permission denied'),
    )
  })

  it('create a course once between them', async () => {
    const servers = await twoServers()
    const create = (i: number) =>
      servers[i % 2 === 0 ? 0 : 1].as('root').post('course/math', { instructors: ['kevin'] })
    expect(await statuses(many.map(create))).toEqual({ 200: 1, 409: 19 })
    for (const server of servers) {
      expect(await server.as('kevin').get('courses')).toMatchObject(success({ courses: ['math'] }))
    }
  })

  it('take in submissions side by side, each with its own timestamp', async () => {
    const servers = await twoServers({ testData: true })
    const submit = (i: number) =>
      servers[i % 2 === 0 ? 0 : 1].submission('lawrence', 'course1/challenge', [
        file('a', noise(70_000, `${i}`)),
      ])
    const timestamps = await Promise.all(many.map(submit))
    expect(new Set(timestamps).size).toBe(20)
    const listed = (await servers[0].submissions('kevin', 'course1/challenge')).slice(2)
    expect(listed.map(([, timestamp]) => timestamp).toSorted()).toEqual(timestamps.toSorted())
  })
})
