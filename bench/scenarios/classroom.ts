// Sets up the course that the scenarios happen in.

import type { FileSpec } from '../load/content.ts'
import type { BodyPlan } from '../load/job.ts'
import { sendAll } from '../peers/http-filler.ts'
import { ADMIN } from '../peers/ours.ts'
import type { Bench } from './scenario.ts'

export const COURSE = 'bench'
export const INSTRUCTOR = 'teacher'

export function studentName(index: number): string {
  return `student${String(index).padStart(4, '0')}`
}

export async function openCourse(bench: Bench, { students }: { students: number }): Promise<void> {
  const fields = { instructors: JSON.stringify([INSTRUCTOR]) }
  await post(bench, { user: ADMIN, path: `course/${COURSE}`, body: { kind: 'form', fields } })
  await enrolStudents(bench, { from: 0, count: students })
}

/** Adds the students numbered `from` and up to the open course. */
export async function enrolStudents(bench: Bench, { from, count }: { from: number; count: number }) {
  const names = Array.from({ length: count }, (_, index) => studentName(from + index))
  await bench.peer.fillerThrough(bench.load).enrolStudents(COURSE, INSTRUCTOR, names)
}

/** Without a file the assignment has no files. */
export async function releaseAssignment(bench: Bench, assignment: string, file?: FileSpec): Promise<void> {
  const body: BodyPlan = file ? { kind: 'file', file } : { kind: 'form', fields: { files: '[]' } }
  await post(bench, { user: INSTRUCTOR, path: `assignment/${COURSE}/${assignment}`, body })
}

function post({ peer, load }: Bench, request: { user: string; path: string; body: BodyPlan }): Promise<void> {
  return sendAll(peer.target, load, [{ method: 'POST', ...request }])
}
