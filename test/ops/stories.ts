/** A class with work of all sizes, and what its files are called when something is wrong with them. */
import { createHash } from 'node:crypto'
import type { Service } from '../support/service.ts'
import { file, noise } from '../support/trees.ts'

export const students = ['marie', 'lise', 'emmy'] as const
export type Student = (typeof students)[number]

/** What everybody hands in again: stored once. */
export const shared = noise(150_000, 'data that was handed out')

/** Large enough for the folder. */
export function plot(student: string): Buffer {
  return noise(300_000, `plot of ${student}`)
}

/** Small enough for the database. */
export function notebook(student: string): Buffer {
  return noise(5000, `notebook of ${student}`)
}

/** Makes the course `math` with the assignment `ex1`, which all have submitted; returns the timestamps. */
export async function aClass(service: Service): Promise<Record<Student, string>> {
  await service.aCourse('math', {
    instructors: ['kevin'],
    students,
    assignments: { ex1: [file('task.ipynb', 'the task'), file('data.csv', shared)] },
  })
  const submit = (student: string) =>
    service.submission(student, 'math/ex1', [
      file('notebook.ipynb', notebook(student)),
      file('plot.png', plot(student)),
      file('data.csv', shared),
    ])
  return { marie: await submit('marie'), lise: await submit('lise'), emmy: await submit('emmy') }
}

/** As `verify --json` names a file of a submission. */
export function submissionFile(student: string, timestamp: string, path: string) {
  return { course: 'math', assignment: 'ex1', kind: 'submission', version: null, student, timestamp, path }
}

export function releaseFile(path: string) {
  return {
    ...{ course: 'math', assignment: 'ex1', kind: 'release', version: 1, student: null, timestamp: null },
    path,
  }
}

export function sha256Of(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
