/** Several courses: each in a list of its own, and the instructor's formgrader in the list of courses. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { keepPicture } from '../hubs/hub/chromium.ts'
import { filesIn } from '../installation/exchange.ts'
import { file } from '../support/trees.ts'
import { aClassroom } from './classroom/classroom.ts'

const classroom = aClassroom({
  courses: {
    course1: { instructors: ['kevin'], students: ['lawrence'] },
    course2: { instructors: ['eve'], students: ['lawrence'] },
    course3: { instructors: ['eve'], students: ['mary'] },
  },
})

test('a student sees the assignments of each of their courses, and of no other', async () => {
  for (const course of ['course1', 'course2', 'course3']) await releaseByApi(course, `homework of ${course}`)
  const lawrence = await classroom().desk('lawrence')
  const list = await lawrence.openAssignmentList()
  expect(await list.courses()).toEqual(['course1', 'course2'])
  for (const course of ['course1', 'course2']) {
    await list.chooseCourse(course)
    expect(await list.released()).toEqual([`homework of ${course}`])
  }
  await keepPicture(lawrence.page, 'jupyterlab-two-courses')
})

test('assignments of the same name in two courses do not get into each other’s way', async () => {
  for (const course of ['course1', 'course2']) await releaseByApi(course, 'ps1')
  const lawrence = await classroom().desk('lawrence')
  const list = await lawrence.openAssignmentList()
  for (const course of ['course1', 'course2']) {
    await list.chooseCourse(course)
    await list.fetch('ps1')
    expect(await list.submit('ps1')).toBeNull()
    expect(filesIn(join(lawrence.home, course, 'ps1'))).toEqual({ 'name.txt': base64(course) })
    expect(await submitted(course)).toEqual([['name.txt', base64(course)]])
  }
})

test('the course list leads an instructor to the formgrader of the course', async () => {
  const kevin = await classroom().desk('kevin')
  const courses = await kevin.openCourseList()
  expect(await courses.error()).toBe('')
  expect(await courses.courses()).toEqual(['course1 local'])
  await keepPicture(kevin.page, 'jupyterlab-course-list')
  await courses.openFormgrader('course1')
  await kevin.page.frameLocator('#formgrader-iframe iframe').getByText('Manage Assignments').first().waitFor()
})

async function releaseByApi(course: string, assignment: string): Promise<void> {
  const path = `assignment/${course}/${encodeURIComponent(assignment)}`
  const { status } = await classroom().ask('root', 'POST', path, {
    fields: { files: [file('name.txt', course)] },
  })
  expect(status).toBe(200)
}

async function submitted(course: string): Promise<unknown> {
  const { json } = await classroom().ask('root', 'GET', `submission/${course}/ps1/lawrence`)
  return (json.files as { path: string; content: string }[]).map(({ path, content }) => [
    path,
    content.trim(),
  ])
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
