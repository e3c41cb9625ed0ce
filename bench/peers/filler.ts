// Puts a class and its work into a server before the measurement, in whatever way that server takes it quickly.

import type { FileSpec } from '../load/content.ts'

export type WorkToAdd = {
  course: string
  assignment: string
  /** One entry for each submission; a file of null is the empty tree. */
  submissions: { student: string; file: FileSpec | null }[]
}

export interface Filler {
  /** The course must exist. `instructor` is one of it. */
  enrolStudents(course: string, instructor: string, students: string[]): Promise<void>
  /** The assignment must be released and the students enrolled. */
  addSubmissions(work: WorkToAdd): Promise<void>
}
