/** The test data of the contract (§9.2). */
import { describe, expect, it } from 'vitest'
import { addVserverTestData } from '../../src/vserver/test-data.ts'
import { aVserver } from './world.ts'

describe('the test data', () => {
  it('is two courses with a teacher, a student and their work', async () => {
    const { as } = await aVserver()
    for (const name of ['Kevin', 'Lawrence']) {
      expect((await as(name).get('courses')).json.courses).toEqual(['course1'])
      expect((await as(name).get('assignments/course1')).json.assignments).toEqual(['challenge'])
    }
    for (const name of ['Abigail', 'Eric']) {
      expect((await as(name).get('courses')).json.courses).toEqual(['course2'])
    }
    const released = await as('Eric').get('assignment/course2/assignment2a')
    expect(released.json.files).toEqual([{ path: 'file0', content: 'MDAwMDA=\n' }])
    const second = await as('Eric').get('assignment/course2/assignment2b')
    expect(second.json.files).toEqual([{ path: 'file1', content: 'MTExMTE=\n' }])
    for (const student of ['Lawrence', 'Eric']) {
      expect((await as(student).post('assignment/course1/x')).json.success).toBe(false)
    }
  })

  it('is added where there is nothing yet, and only there', async () => {
    const { as, exchange } = await aVserver()
    await as('Kevin').post('course/kept')
    await addVserverTestData(exchange)
    expect((await as('Kevin').get('courses')).json.courses).toEqual(['course1', 'kept'])
    const { json } = await as('Kevin').get('submissions/course1/challenge')
    expect(json.submissions).toHaveLength(2)
  })
})
