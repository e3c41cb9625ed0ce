/** Instructors correct what they released; nothing that was handed in is lost. */
import { existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { keepPicture } from '../hubs/hub/chromium.ts'
import { release, submittersOf } from './classroom/assignments.ts'
import { aClassroom } from './classroom/classroom.ts'
import { writeSource } from './classroom/homework.ts'

const classroom = aClassroom({
  courses: { course1: { instructors: ['kevin'], students: ['lawrence'] } },
})

test('the x takes an assignment back, and leaves what was handed in alone', async () => {
  const kevin = await classroom().desk('kevin')
  const formgrader = await kevin.openFormgrader()
  await release(kevin, { formgrader, name: 'taken-back' })
  const lawrence = await classroom().desk('lawrence')
  const list = await lawrence.openAssignmentList()
  await list.fetch('taken-back')
  expect(await list.submit('taken-back')).toBeNull()

  const picture = (name: string) => (page: typeof kevin.page) => keepPicture(page, `jupyterlab-${name}`)
  expect(await formgrader.press('taken-back', 'release', picture('taken-back'))).toMatchObject({
    title: 'Success',
  })
  await expect.poll(() => formgrader.statusOf('taken-back')).toBe('draft')
  expect(await list.submit('taken-back', picture('submit-taken-back'))).toMatch(/taken-back/)
  await list.refresh()
  expect(await list.released()).not.toContain('taken-back')
  expect(await list.submissionsOf('taken-back')).toHaveLength(1)
  await keepPicture(lawrence.page, 'jupyterlab-list-taken-back')

  expect(await formgrader.press('taken-back', 'release')).toMatchObject({ title: 'Success' })
  expect(await submittersOf(classroom(), 'taken-back')).toEqual(['lawrence'])
  expect(await formgrader.press('taken-back', 'collect')).toMatchObject({ title: 'Success' })
  expect(await formgrader.submissionsOf('taken-back')).toBe(1)
})

test('a corrected version is what is fetched from then on, and what was handed in stays', async () => {
  const kevin = await classroom().desk('kevin')
  const formgrader = await kevin.openFormgrader()
  await release(kevin, { formgrader, name: 'corrected' })
  const lawrence = await classroom().desk('lawrence')
  const list = await lawrence.openAssignmentList()
  await list.fetch('corrected')
  expect(await list.submit('corrected')).toBeNull()

  writeSource(kevin, 'corrected', { 'hint.txt': Buffer.from('use **') })
  expect(await formgrader.press('corrected', 'assign')).toMatchObject({ title: 'Success' })
  expect(await formgrader.press('corrected', 'release')).toMatchObject({ title: 'Success' })
  await expect.poll(() => formgrader.statusOf('corrected')).toBe('draft')
  expect(await formgrader.press('corrected', 'release')).toMatchObject({ title: 'Success' })
  await expect.poll(() => formgrader.statusOf('corrected')).toBe('released')

  expect(await submittersOf(classroom(), 'corrected')).toEqual(['lawrence'])
  await list.refresh()
  expect(await list.fetched()).toContain('corrected')
  const folder = join(lawrence.home, 'course1', 'corrected')
  expect(existsSync(join(folder, 'hint.txt'))).toBe(false)

  renameSync(folder, `${folder} old`)
  await list.refresh()
  await list.fetch('corrected')
  expect(existsSync(join(folder, 'hint.txt'))).toBe(true)
  expect(await list.submissionsOf('corrected')).toHaveLength(1)
})
