/** How much may be stored: per tree, assignment, student and course; and asking before sending. */
import { describe, expect, it } from 'vitest'
import { userCommand } from '../../src/ops/user.ts'
import type { Answer } from '../support/client.ts'
import { placesOf, runCommand } from '../support/commands.ts'
import { aService, type Service, type ServiceOptions } from '../support/service.ts'
import { file, noise } from '../support/trees.ts'

const bytes = (count: number, seed = 'x') => file('file', noise(count, seed))

/** The release has 100 bytes. */
async function aClass(options: ServiceOptions): Promise<Service> {
  const service = await aService(options)
  for (const course of ['physics', 'maths'])
    await service.aCourse(course, {
      instructors: ['kevin'],
      students: ['lawrence', 'eric'],
      assignments: { ps1: [bytes(100)], ps2: [] },
    })
  return service
}

const submit = (service: Service, student: string, to: string, count: number) =>
  service.as(student).post(`submission/${to}`, { files: [bytes(count, student)] })

function expectFull(
  answer: Answer,
  words: { limit: number; what: string; used: number; wanted: number },
): void {
  const { limit, what, used, wanted } = words
  expect(answer).toMatchObject({
    status: 413,
    json: {
      success: false,
      message: `Quota exceeded (limit: ${limit} bytes for ${what}; ${used} are used, and this would add ${wanted})`,
    },
  })
}

describe('a tree', () => {
  it('may have as many bytes as the limit, in whatever number of files', async () => {
    const service = await aClass({ maxTreeBytes: 1000 })
    const post = (...sizes: number[]) =>
      service.as('lawrence').post('submission/physics/ps1', {
        files: sizes.map((size, i) => file(`f${i}`, noise(size))),
      })
    expect((await post(400, 600)).status).toBe(200)
    const answer = await post(400, 601)
    expect(answer).toMatchObject({
      status: 413,
      json: { message: 'Request entity too large (limit: 1000 bytes in all files)' },
    })
    expect((await post(1001)).status).toBe(413)
    expect(await service.submissions('kevin', 'physics/ps1')).toHaveLength(1)
  })
})

describe('a quota', () => {
  it('of an assignment counts all submissions of one student to it', async () => {
    const service = await aClass({ maxAssignmentBytes: 1000 })
    expect((await submit(service, 'lawrence', 'physics/ps1', 600)).status).toBe(200)
    expect((await submit(service, 'lawrence', 'physics/ps1', 400)).status).toBe(200)
    const what = 'all your submissions to this assignment'
    expectFull(await submit(service, 'lawrence', 'physics/ps1', 1), {
      limit: 1000,
      what,
      used: 1000,
      wanted: 1,
    })
    expect((await submit(service, 'lawrence', 'physics/ps2', 600)).status).toBe(200)
    expect((await submit(service, 'eric', 'physics/ps1', 600)).status).toBe(200)
    expect(await service.submissions('kevin', 'physics/ps1')).toHaveLength(3)
  })

  it('of a student counts all that they submitted, in every course', async () => {
    const service = await aClass({ maxUserBytes: 1000 })
    expect((await submit(service, 'lawrence', 'physics/ps1', 600)).status).toBe(200)
    const what = 'all your submissions'
    expectFull(await submit(service, 'lawrence', 'maths/ps1', 500), {
      limit: 1000,
      what,
      used: 600,
      wanted: 500,
    })
    expect((await submit(service, 'lawrence', 'maths/ps1', 400)).status).toBe(200)
    expect((await submit(service, 'eric', 'maths/ps1', 1000)).status).toBe(200)
  })

  it('of a course counts releases, submissions and feedback, deleted ones too', async () => {
    const service = await aClass({ maxCourseBytes: 1000 })
    const at = await service.submission('lawrence', 'physics/ps1', [bytes(500)])
    const kevin = service.as('kevin')
    const feedback = (count: number) =>
      kevin.post('feedback/physics/ps1/lawrence', { timestamp: at, files: [bytes(count)] })
    const what = 'this course'
    expectFull(await feedback(401), { limit: 1000, what, used: 600, wanted: 401 })
    expect((await feedback(200)).status).toBe(200)
    expect((await feedback(100)).status).toBe(200)
    await kevin.delete('assignment/physics/ps1')
    const release = await kevin.put('assignment/physics/ps2', { files: [bytes(101)] })
    expectFull(release, { limit: 1000, what, used: 900, wanted: 101 })
    expect((await kevin.put('assignment/physics/ps2', { files: [bytes(100)] })).status).toBe(200)
    expect((await submit(service, 'eric', 'maths/ps1', 900)).status).toBe(200)
  })

  it('is not passed by two uploads that come at once, and leaves no file of what it refuses', async () => {
    const size = 100_000
    const service = await aClass({ maxAssignmentBytes: 2 * size })
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        service.as('lawrence').post('submission/physics/ps1', { files: [bytes(size, `seed${i}`)] }),
      ),
    )
    expect(answers.map(answer => answer.status).toSorted()).toEqual([200, 200, ...Array(6).fill(413)])
    expect(await service.storedFileCount()).toBe(2)
  })

  it('has room again when a student is erased', async () => {
    const service = await aClass({ maxCourseBytes: 1000 })
    await submit(service, 'lawrence', 'physics/ps1', 900)
    expect((await submit(service, 'eric', 'physics/ps1', 900)).status).toBe(413)
    await runCommand(userCommand, ['erase', 'lawrence', '--yes', '--no-compact', ...placesOf(service)])
    expect((await submit(service, 'eric', 'physics/ps1', 900)).status).toBe(200)
  })
})

describe('GET limits', () => {
  it('tells what may be sent, and what one has used', async () => {
    const service = await aClass({
      maxFiles: 7,
      maxTreeBytes: 5000,
      maxAssignmentBytes: 1000,
      maxUserBytes: 2000,
      maxCourseBytes: 9000,
    })
    await submit(service, 'lawrence', 'physics/ps1', 300)
    await submit(service, 'lawrence', 'maths/ps1', 50)
    const answer = await service.as('lawrence').get('limits')
    expect(answer).toMatchObject({
      status: 200,
      json: {
        limits: {
          file_bytes: 134217728,
          tree_bytes: 5000,
          body_bytes: 268435456,
          files: 7,
          assignment_bytes: 1000,
          user_bytes: 2000,
          course_bytes: 9000,
        },
        used: { assignment_bytes: null, user_bytes: 350, course_bytes: null },
      },
    })
    const there = await service.as('lawrence').get('limits', { course: 'physics', assignment: 'ps1' })
    expect(there.json.used).toEqual({ assignment_bytes: 300, user_bytes: 350, course_bytes: 400 })
    const kevins = await service.as('kevin').get('limits', { course: 'physics', assignment: 'ps1' })
    expect(kevins.json.used).toEqual({ assignment_bytes: 0, user_bytes: 0, course_bytes: 400 })
  })

  it('does not count what nobody limits', async () => {
    const service = await aClass({})
    await submit(service, 'lawrence', 'physics/ps1', 300)
    const answer = await service.as('lawrence').get('limits', { course: 'physics', assignment: 'ps1' })
    expect(answer.json.used).toEqual({ assignment_bytes: null, user_bytes: null, course_bytes: null })
  })

  it('says nothing of a course to those who are not in it', async () => {
    const service = await aClass({ maxUserBytes: 2000 })
    const ask = (who: string, query: object) => service.as(who).get('limits', { ...query })
    expect((await ask('stranger', {})).json.used).toEqual({
      assignment_bytes: null,
      user_bytes: 0,
      course_bytes: null,
    })
    expect((await ask('stranger', { course: 'physics', assignment: 'ps1' })).status).toBe(403)
    expect((await ask('kevin', { course: 'physics', assignment: 'nothing' })).status).toBe(404)
    expect((await ask('kevin', { course: 'physics' })).status).toBe(400)
  })
})
