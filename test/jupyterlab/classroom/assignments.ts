/** What tests do first, and what they look up afterwards. */
import { expect } from 'vitest'
import type { Classroom } from './classroom.ts'
import type { Desk } from './desk.ts'
import type { Formgrader } from './formgrader.ts'
import { writeSource } from './homework.ts'

interface NewAssignment {
  readonly formgrader: Formgrader
  readonly name: string
  /** As one types it into the field: `2026-11-22T18:00`. */
  readonly dueDate?: string
  /** Besides the notebook and its table. */
  readonly files?: Readonly<Record<string, Buffer>>
}

/** An instructor creates, generates and releases an assignment. */
export async function release(instructor: Desk, assignment: NewAssignment): Promise<void> {
  const { formgrader, name, dueDate, files = {} } = assignment
  await formgrader.addAssignment(name, dueDate)
  writeSource(instructor, name, files)
  expect(await formgrader.press(name, 'assign')).toMatchObject({ title: 'Success' })
  expect(await formgrader.press(name, 'release')).toMatchObject({ title: 'Success' })
  await expect.poll(() => formgrader.statusOf(name)).toBe('released')
}

/** Who has handed in, once for each time, as ngshare says. */
export async function submittersOf(classroom: Classroom, assignment: string): Promise<string[]> {
  const { json } = await classroom.ask('kevin', 'GET', `submissions/course1/${assignment}`)
  return (json.submissions as { student_id: string }[]).map(({ student_id }) => student_id)
}
