/** What students hand in, in the assignment list, is what the formgrader collects. */
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { keepPicture } from '../hubs/hub/chromium.ts'
import { filesIn } from '../installation/exchange.ts'
import { noise } from '../support/trees.ts'
import { release, submittersOf } from './classroom/assignments.ts'
import { aClassroom } from './classroom/classroom.ts'
import type { Desk } from './classroom/desk.ts'
import { goodAnswer, poorAnswer, writeAnswer } from './classroom/homework.ts'

const classroom = aClassroom({
  courses: { course1: { instructors: ['kevin'], students: ['lawrence'] } },
})

test('who hands in again has both times in the list, and the last one is collected', async () => {
  const { kevin, formgrader, lawrence, list } = await aClassWith('again')
  writeAnswer(lawrence, 'again', poorAnswer)
  expect(await list.submit('again')).toBeNull()
  writeAnswer(lawrence, 'again', goodAnswer)
  expect(await list.submit('again')).toBeNull()
  expect(await list.submissionsOf('again')).toHaveLength(2)
  expect(await submittersOf(classroom(), 'again')).toEqual(['lawrence', 'lawrence'])
  expect(await formgrader.press('again', 'collect')).toMatchObject({ title: 'Success' })
  expect(collectedFrom(kevin, 'again')).toEqual(filesIn(homeworkOf(lawrence, 'again')))
})

test('what comes after it was collected is collected the next time', async () => {
  const { kevin, formgrader, lawrence, list } = await aClassWith('update')
  writeAnswer(lawrence, 'update', poorAnswer)
  expect(await list.submit('update')).toBeNull()
  expect(await formgrader.press('update', 'collect')).toMatchObject({ title: 'Success' })
  const first = collectedFrom(kevin, 'update')
  writeAnswer(lawrence, 'update', goodAnswer)
  expect(await list.submit('update')).toBeNull()
  expect(await formgrader.press('update', 'collect')).toMatchObject({ title: 'Success' })
  expect(collectedFrom(kevin, 'update')).not.toEqual(first)
  expect(collectedFrom(kevin, 'update')).toEqual(filesIn(homeworkOf(lawrence, 'update')))
})

test('what comes after the due date is collected, and is late by so much in the gradebook', async () => {
  const { kevin, formgrader, list } = await aClassWith('late', { dueDate: '2026-01-01T12:00' })
  expect(await list.submit('late')).toBeNull()
  expect(await formgrader.press('late', 'collect')).toMatchObject({ title: 'Success' })
  expect(await formgrader.autograde('late', 'lawrence')).toMatchObject({ title: 'Success' })
  const submittedAt = Date.parse(`${(await list.submissionsOf('late'))[0]?.slice(0, 19)}Z`)
  expect(secondsLate(kevin, 'late')).toBeCloseTo((submittedAt - Date.parse('2026-01-01T12:00Z')) / 1000, -1)
})

test('folders in folders, empty files and strange names arrive byte for byte', async () => {
  const { kevin, formgrader, lawrence, list } = await aClassWith('nested')
  const mine = 'course1/nested/my work'
  lawrence.write(`${mine}/a/b/c/Größe ∑.txt`, 'naïve\r\n')
  lawrence.write(`${mine}/nested/nested.ipynb.txt`, 'a folder of the same name')
  lawrence.write(`${mine}/empty.txt`, '')
  lawrence.write(`${mine}/all bytes.bin`, Buffer.from([...Array(256).keys()]))
  expect(await list.submit('nested')).toBeNull()
  expect(await formgrader.press('nested', 'collect')).toMatchObject({ title: 'Success' })
  const collected = collectedFrom(kevin, 'nested')
  expect(Object.keys(collected)).toContain('my work/a/b/c/Größe ∑.txt')
  expect(collected).toEqual(filesIn(homeworkOf(lawrence, 'nested')))
})

test('a folder without the notebook is handed in as it is', async () => {
  const { kevin, formgrader, lawrence, list } = await aClassWith('empty')
  rmSync(homeworkOf(lawrence, 'empty'), { recursive: true })
  mkdirSync(homeworkOf(lawrence, 'empty'))
  expect(await list.submit('empty')).toBeNull()
  expect(await list.submissionsOf('empty')).toHaveLength(1)
  expect(await formgrader.press('empty', 'collect')).toMatchObject({ title: 'Success' })
  expect(existsSync(join(kevin.home, 'course1', 'submitted', 'lawrence', 'empty'))).toBe(true)
  expect(collectedFrom(kevin, 'empty')).toEqual({})
})

test('an assignment with 50 MB of data is fetched, handed in and collected', async () => {
  const { kevin, formgrader, lawrence, list } = await aClassWith('data', {
    files: { 'data/measured.bin': noise(50_000_000) },
  })
  expect(await list.submit('data')).toBeNull()
  await keepPicture(lawrence.page, 'jupyterlab-50-mb')
  expect(await formgrader.press('data', 'collect')).toMatchObject({ title: 'Success' })
  expect(collectedFrom(kevin, 'data')).toEqual(filesIn(homeworkOf(lawrence, 'data')))
})

/** kevin has released an assignment, and lawrence has fetched it. */
async function aClassWith(
  name: string,
  options: { dueDate?: string; files?: Readonly<Record<string, Buffer>> } = {},
) {
  const kevin = await classroom().desk('kevin')
  const formgrader = await kevin.openFormgrader()
  await release(kevin, { formgrader, name, ...options })
  const lawrence = await classroom().desk('lawrence')
  const list = await lawrence.openAssignmentList()
  await list.fetch(name)
  expect(await list.fetched()).toContain(name)
  return { kevin, formgrader, lawrence, list }
}

function homeworkOf(student: Desk, assignment: string): string {
  return join(student.home, 'course1', assignment)
}

function collectedFrom(instructor: Desk, assignment: string) {
  const folder = join(instructor.home, 'course1', 'submitted', 'lawrence', assignment)
  const { 'timestamp.txt': _, ...files } = filesIn(folder)
  return files
}

function secondsLate(instructor: Desk, assignment: string): number {
  const gradebook = new Database(join(instructor.home, 'course1', 'gradebook.db'), { readonly: true })
  const late = gradebook
    .prepare(
      `SELECT unixepoch(submitted_assignment.timestamp) - unixepoch(assignment.duedate)
       FROM submitted_assignment JOIN assignment ON assignment.id = submitted_assignment.assignment_id
       WHERE assignment.name = ?`,
    )
    .pluck()
    .get(assignment)
  gradebook.close()
  return Number(late)
}
