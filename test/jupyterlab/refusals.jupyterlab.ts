/** What goes wrong is said to whoever sits at the keyboard. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect, onTestFinished, test } from 'vitest'
import { keepPicture } from '../hubs/hub/chromium.ts'
import { release, submittersOf } from './classroom/assignments.ts'
import { aClassroom } from './classroom/classroom.ts'

const classroom = aClassroom({
  courses: { course1: { instructors: ['kevin'], students: ['lawrence', 'mary', 'susan'] } },
  options: ['--max-file-bytes', '1000000'],
})

test('a student whose work is too large is told how large it may be', async () => {
  const { lawrence, list } = await aClassWith('too-large')
  lawrence.write('course1/too-large/film.bin', Buffer.alloc(1_000_001))
  const said = await list.submit('too-large', picture('too-large'))
  expect(said).toContain('film.bin')
  expect(said).toMatch(/1,?000,?000|1 MB/)
  expect(await submittersOf(classroom(), 'too-large')).toEqual([])
  expect(await list.submissionsOf('too-large')).toEqual([])
})

test('a student who is not on the roster any more is told so', async () => {
  const { list } = await aClassWith('off-the-roster', 'mary')
  await classroom().ask('root', 'DELETE', 'student/course1/mary')
  expect(await list.submit('off-the-roster', picture('off-the-roster'))).toMatch(/course1/)
  expect(await submittersOf(classroom(), 'off-the-roster')).toEqual([])
})

test('who submits while ngshare is down is told that nothing was handed in, and can do it later', async () => {
  const { list } = await aClassWith('down')
  await ngshareIsDown()
  expect(await list.submit('down', picture('submit-down'))).toContain(classroom().url)
  await classroom().startNgshare()
  expect(await submittersOf(classroom(), 'down')).toEqual([])
  expect(await list.submit('down')).toBeNull()
  expect(await submittersOf(classroom(), 'down')).toEqual(['lawrence'])
})

test('an assignment list without ngshare says so instead of being empty', async () => {
  const { lawrence, list } = await aClassWith('no-list')
  await ngshareIsDown()
  await list.refresh()
  expect(await list.courseShown()).toBe('Error fetching courses!')
  expect(await list.error()).toContain('The exchange server cannot be reached')
  expect(await list.error()).toContain(classroom().url)
  await keepPicture(lawrence.page, 'jupyterlab-list-down')
  await classroom().startNgshare()
  await list.refresh()
  expect(await list.error()).toBe('')
  expect(await list.fetched()).toContain('no-list')
})

test('a student whose fetch fails is told why, and can do it again', async () => {
  const kevin = await classroom().desk('kevin')
  await release(kevin, { formgrader: await kevin.openFormgrader(), name: 'no-room' })
  const susan = await classroom().desk('susan')
  susan.write('course1', 'a file where the folder of the course should be')
  const list = await susan.openAssignmentList()
  await list.fetch('no-room')
  expect(await list.error()).toContain('The assignment no-room was not fetched.')
  expect(await list.error()).toContain("course1' is in the way")
  await keepPicture(susan.page, 'jupyterlab-fetch-failed')
  rmSync(join(susan.home, 'course1'))
  await list.refresh()
  expect(await list.error()).toBe('')
  await list.fetch('no-room')
  expect(await list.fetched()).toEqual(['no-room'])
})

test('a formgrader without ngshare says so, and has no buttons to release and collect', async () => {
  const { kevin, formgrader } = await aClassWith('no-drafts')
  await ngshareIsDown()
  await formgrader.manageAssignments()
  expect(await formgrader.warning()).toContain(classroom().url)
  expect(await formgrader.row('no-drafts').locator('td.release a').count()).toBe(0)
  expect(await formgrader.row('no-drafts').locator('td.collect a').count()).toBe(0)
  await keepPicture(kevin.page, 'jupyterlab-formgrader-down')
})

test('who collects while ngshare is down is told so', async () => {
  const { formgrader } = await aClassWith('no-collecting')
  await ngshareIsDown()
  const { title, text } = await formgrader.press('no-collecting', 'collect', picture('collect-down'))
  expect(title).toBe('Error')
  expect(text).toContain(classroom().url)
})

/** kevin has released an assignment, and a student has fetched it. */
async function aClassWith(name: string, student = 'lawrence') {
  const kevin = await classroom().desk('kevin')
  const formgrader = await kevin.openFormgrader()
  await release(kevin, { formgrader, name })
  const lawrence = await classroom().desk(student)
  const list = await lawrence.openAssignmentList()
  await list.fetch(name)
  expect(await list.fetched()).toContain(name)
  return { kevin, formgrader, lawrence, list }
}

/** Until it is started again, or the test ends. */
async function ngshareIsDown(): Promise<void> {
  await classroom().stopNgshare()
  onTestFinished(() => classroom().startNgshare())
}

function picture(name: string): (page: Page) => Promise<void> {
  return page => keepPicture(page, `jupyterlab-${name}`)
}
