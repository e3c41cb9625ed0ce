/** Whom the service knows: a user comes into being by a write that succeeds, and by nothing else (contract §8.4). */
import { describe, expect, it } from 'vitest'
import { aService, aServiceForTheFile } from '../support/service.ts'
import { file } from '../support/trees.ts'

const service = await aServiceForTheFile({ testData: true, debug: true })
const known = await service.knownUsers()
const names = { first_name: '', last_name: '', email: '' }
const timestamp = '2020-01-01 00:00:00.000000'

describe('nobody becomes known', () => {
  it.each([
    ['asking for their courses', 'GET', 'courses', 'stranger'],
    ['asking for what is not theirs', 'GET', 'assignments/course1', 'stranger'],
    ['asking for themselves', 'GET', 'student/course1/stranger', 'stranger'],
    ['looking at the home page', 'GET', '', 'stranger'],
    ['asking for what is not there', 'GET', 'nothing', 'stranger'],
    ['a method that is not served', 'PATCH', 'courses', 'stranger'],
    ['creating a course without being admin', 'POST', 'course/new', 'stranger'],
    ['submitting to a course that is not theirs', 'POST', 'submission/course1/challenge', 'stranger'],
    ['deleting a course without being admin', 'DELETE', 'course/course1', 'stranger'],
    ['being asked about', 'GET', 'instructor/course1/stranger', 'kevin'],
    ['being asked about as a student', 'GET', 'student/course1/stranger', 'kevin'],
    ['being removed without being there', 'DELETE', 'student/course1/stranger', 'kevin'],
    ['being removed as an instructor without being there', 'DELETE', 'instructor/course1/stranger', 'root'],
    ['submissions of theirs being asked for', 'GET', 'submissions/course1/challenge/stranger', 'kevin'],
  ])('by %s', async (_, method, path, who) => {
    await service.ask(method, `/api/${path}`, { fields: { user: who, files: [] } })
    expect(await service.knownUsers()).toEqual(known)
  })

  it.each([
    ['as an instructor without details', 'instructor/course1/stranger', 'root', {}],
    ['as an instructor by who may not', 'instructor/course1/stranger', 'kevin', names],
    ['as an instructor by a student', 'instructor/course1/stranger', 'lawrence', names],
    ['as a student without details', 'student/course1/stranger', 'kevin', { first_name: '' }],
    ['as a student by a student', 'student/course1/stranger', 'lawrence', names],
    ['as a student of a course that is none', 'student/nothing/stranger', 'root', names],
    [
      'among students of whom one is incomplete',
      'students/course1',
      'kevin',
      { students: [{ username: 'stranger', ...names }, {}] },
    ],
    ['as an instructor of a course that exists', 'course/course1', 'root', { instructors: ['stranger'] }],
    ['as an instructor of a course with a bad name', 'course/%00', 'root', { instructors: ['stranger'] }],
    ['among instructors of whom one is no name', 'course/new', 'root', { instructors: ['stranger', null] }],
    ['as who should get feedback', 'feedback/course1/challenge/stranger', 'kevin', { timestamp, files: [] }],
  ])('by being named in vain: %s', async (_, path, who, fields) => {
    expect((await service.as(who).post(path, fields)).status).toBeGreaterThanOrEqual(400)
    expect(await service.knownUsers()).toEqual(known)
  })

  it.each([
    ['submission/course1/challenge', { files: [file('/bad', 'x')] }],
    ['submission/course1/nothing', { files: [] }],
    ['assignment/course1/challenge', { files: [] }],
    ['assignment/course1/new', { files: 'no JSON' }],
    ['feedback/course1/challenge/lawrence', { timestamp, files: '[' }],
  ])('by an upload that fails, not even an admin: POST %s', async (path, fields) => {
    const world = await aService({ testData: true, debug: true, admins: 'root,newadmin' })
    expect((await world.as('newadmin').post(path, fields)).status).toBeGreaterThanOrEqual(400)
    expect(await world.knownUsers()).not.toContain('newadmin')
  })
})

describe('somebody becomes known', () => {
  it('by being made an instructor or a student', async () => {
    const world = await aService({ debug: true })
    const root = world.as('root')
    await root.post('course/math', { instructors: ['ann'] })
    await root.post('instructor/math/bob', names)
    await root.post('student/math/cid', names)
    await root.post('students/math', { students: [{ username: 'dot', ...names }] })
    expect(await world.knownUsers()).toEqual(['ann', 'bob', 'cid', 'dot', 'root'])
  })

  it('by submitting or releasing as an admin', async () => {
    const world = await aService({ testData: true, debug: true, admins: 'root,ann,bob' })
    await world.submission('ann', 'course1/challenge', [])
    await world.as('bob').post('assignment/course1/new', { files: [] })
    expect(await world.knownUsers()).toEqual(expect.arrayContaining(['ann', 'bob']))
  })

  it('and stays so without a course', async () => {
    const world = await aService({ testData: true, debug: true })
    const before = await world.knownUsers()
    await world.as('root').delete('course/course1')
    await world.as('root').delete('student/course2/eric')
    expect(await world.knownUsers()).toEqual(before)
  })
})
