/** An assignment on its way from the instructor to students and back, with the buttons of nbgrader's pages. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { keepPicture } from '../hubs/hub/chromium.ts'
import { aClassroom } from './classroom/classroom.ts'
import type { Desk } from './classroom/desk.ts'
import { goodAnswer, notebook, poorAnswer, writeAnswer, writeSource } from './classroom/homework.ts'

const classroom = aClassroom({
  courses: { course1: { instructors: ['kevin'], students: ['lawrence', 'mary'] } },
})

test('an assignment is created, released, fetched, handed in, collected, graded and returned', async () => {
  const kevin = await classroom().desk('kevin')
  const formgrader = await kevin.openFormgrader()
  await formgrader.addAssignment('ps1')
  writeSource(kevin, 'ps1')
  expect(await formgrader.press('ps1', 'assign')).toMatchObject({ title: 'Success' })
  expect(
    await formgrader.press('ps1', 'release', page => keepPicture(page, 'jupyterlab-released')),
  ).toMatchObject({
    title: 'Success',
  })
  await expect.poll(() => formgrader.statusOf('ps1')).toBe('released')

  const lawrence = await classroom().desk('lawrence')
  const list = await lawrence.openAssignmentList()
  expect(await list.released()).toEqual(['ps1'])
  await keepPicture(lawrence.page, 'jupyterlab-list-released')
  await list.fetch('ps1')
  expect(await list.fetched()).toEqual(['ps1'])
  await keepPicture(lawrence.page, 'jupyterlab-fetched')
  writeAnswer(lawrence, 'ps1', goodAnswer)
  expect(await list.validate('ps1', notebook)).toContain('Success!')
  expect(await list.submit('ps1')).toBeNull()
  expect(await list.submissionsOf('ps1')).toHaveLength(1)
  await keepPicture(lawrence.page, 'jupyterlab-submitted')

  expect(receiptsOf(lawrence)).toMatchObject([{ course: 'course1', assignment: 'ps1', student: 'lawrence' }])

  const mary = await classroom().desk('mary')
  const marysList = await mary.openAssignmentList()
  await marysList.fetch('ps1')
  writeAnswer(mary, 'ps1', poorAnswer)
  expect(await marysList.submit('ps1')).toBeNull()

  await formgrader.manageAssignments()
  expect(
    await formgrader.press('ps1', 'collect', page => keepPicture(page, 'jupyterlab-collected')),
  ).toMatchObject({
    title: 'Success',
  })
  expect(await formgrader.submissionsOf('ps1')).toBe(2)
  expect(await formgrader.autograde('ps1', 'lawrence')).toMatchObject({ title: 'Success' })
  expect(await formgrader.autograde('ps1', 'mary')).toMatchObject({ title: 'Success' })
  expect(await formgrader.press('ps1', 'generate-feedback')).toMatchObject({ title: 'Success' })
  expect(
    await formgrader.press('ps1', 'release-feedback', page =>
      keepPicture(page, 'jupyterlab-feedback-released'),
    ),
  ).toMatchObject({ title: 'Success' })

  await list.refresh()
  expect((await list.submissionsOf('ps1'))[0]).toContain('(feedback available to fetch)')
  await list.fetchFeedback('ps1')
  expect((await list.submissionsOf('ps1'))[0]).toContain('(view feedback)')
  await keepPicture(lawrence.page, 'jupyterlab-feedback-fetched')
  expect(await list.viewFeedback('ps1')).toEqual([`${notebook}.html`])
})

/** What the plugin keeps beside each copy of what was handed in. */
function receiptsOf(student: Desk): unknown[] {
  const cache = join(student.home, '.local', 'share', 'jupyter', 'nbgrader_cache', 'course1')
  return readdirSync(cache).map(name => JSON.parse(readFileSync(join(cache, name, 'receipt.json'), 'utf8')))
}
