/** What the service remembers of every act: who did what to what, to whom, and from where (contract §8.14, architecture §4). */
import { expect, it } from 'vitest'
import { runStatements } from '../support/database.ts'
import { aService, type Service } from '../support/service.ts'
import { file } from '../support/trees.ts'

const names = { first_name: '', last_name: '', email: '' }

async function recordOf(service: Service): Promise<unknown[][]> {
  const rows = await runStatements<object>(
    service.database,
    `select actor, action, course, assignment, subject from events
     where action not in ('refused', 'fetch-assignment', 'collect-submission', 'fetch-feedback') order by id`,
  )
  return rows.map(row => Object.values(row))
}

it('every act that succeeds is on record, in order', async () => {
  const service = await aService()
  const [root, kevin, marie] = [service.as('root'), service.as('kevin'), service.as('marie')]
  await root.post('course/math', { instructors: ['kevin'] })
  await kevin.post('student/math/marie', names)
  await kevin.post('students/math', { students: [{ username: 'pierre', ...names }] })
  await kevin.post('assignment/math/ex1', { files: [file('a', 'b')] })
  const { timestamp } = (await marie.post('submission/math/ex1', { files: [] })).json
  await kevin.post('feedback/math/ex1/marie', { timestamp, files: [] })
  await kevin.delete('student/math/pierre')
  await kevin.delete('assignment/math/ex1')
  await root.delete('instructor/math/kevin')
  await root.delete('course/math')
  expect(await recordOf(service)).toEqual([
    ['root', 'set-instructor', 'math', null, 'kevin'],
    ['root', 'create-course', 'math', null, null],
    ['kevin', 'set-student', 'math', null, 'marie'],
    ['kevin', 'set-student', 'math', null, 'pierre'],
    ['kevin', 'release-assignment', 'math', 'ex1', null],
    ['marie', 'submit-assignment', 'math', 'ex1', null],
    ['kevin', 'release-feedback', 'math', 'ex1', 'marie'],
    ['kevin', 'remove-student', 'math', null, 'pierre'],
    ['kevin', 'hide-assignment', 'math', 'ex1', null],
    ['root', 'remove-instructor', 'math', null, 'kevin'],
    ['root', 'hide-course', 'math', null, null],
  ])
})

it('what is refused, or only read, is not on record as an act; history.test.ts tells how it is', async () => {
  const service = await aService({ testData: true })
  const before = await recordOf(service)
  await service.as('kevin').get('submission/course1/challenge/lawrence')
  await service.as('kevin').post('course/new')
  await service.as('eric').post('submission/course1/challenge', { files: [] })
  await service.as('lawrence').post('submission/course1/challenge', { files: [file('/', '')] })
  await service.as('kevin').post('assignment/course1/challenge', { files: [] })
  await service.as('root').delete('student/course1/nobody')
  expect(await recordOf(service)).toEqual(before)
})

it('the address from which someone acted is on record', async () => {
  const service = await aService()
  await service.as('root').post('course/math')
  const rows = await runStatements(service.database, 'select distinct address from events')
  expect(rows).toEqual([{ address: '127.0.0.1' }])
})
