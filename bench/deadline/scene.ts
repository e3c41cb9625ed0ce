// Where it happens: the server in its shape, a hub, the courses with their students, and the assignment that is due.

import { rmSync } from 'node:fs'
import { mkdtemp, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { ADMIN, type Ours, type OursOptions, startOurs } from '../peers/ours.ts'
import { fieldsOf } from './person.ts'
import {
  courseOf,
  coursesOf,
  type Plan,
  planStudent,
  studentName,
  TEACHERS_OF_A_COURSE,
  teacherName,
} from './plan.ts'
import type { Pool } from './pool.ts'
import { Line } from './wire.ts'
import { ASSIGNMENT, formOf, RELEASED } from './work.ts'

export type Scene = {
  folder: string
  ours: Ours
  /** Ends all processes and, unless `keep`, leaves nothing behind. */
  close(options: { keep: boolean }): Promise<void>
}

/** As long as a hub in good health takes. */
const HUB_DELAY_MS = 5
const ENROLLED_AT_ONCE = 500
/** Rows, the write-ahead log, the server's log, and what is handed in twice. */
const OVERHEAD = 1.5

export async function openScene(options: Omit<OursOptions, 'folder' | 'hubDelayMs'>, parent: string) {
  const folder = await mkdtemp(join(parent, 'ngshare-deadline-'))
  const removeFolder = () => rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
  process.once('exit', removeFolder) // also when somebody interrupts the run
  const ours = await startOurs({ ...options, folder, hubDelayMs: HUB_DELAY_MS })
  const scene: Scene = {
    ...{ folder, ours },
    async close({ keep }) {
      await ours.stop()
      if (keep) process.off('exit', removeFolder)
    },
  }
  return scene
}

/** What the class will hand in, in bytes. */
export function plannedBytes(plan: Plan): number {
  let bytes = 0
  for (let index = 0; index < plan.students; index++)
    for (const { sizeBytes } of planStudent(plan, index).submissions) bytes += sizeBytes
  return bytes
}

/** @throws when the disk would be full in the middle of it */
export async function mustHaveRoom(plan: Plan, folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  const needed = plannedBytes(plan) * OVERHEAD
  if (bavail * bsize < needed) {
    const gb = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`
    throw new Error(`${folder} has ${gb(bavail * bsize)} left, and this needs ${gb(needed)}: see --folder`)
  }
}

export async function openCourses({ ours }: Scene, plan: Plan, pool: Pool): Promise<void> {
  const port = ours.target.ports[0] ?? 0
  for (const course of coursesOf(plan)) {
    const teachers = Array.from({ length: TEACHERS_OF_A_COURSE }, (_, index) => teacherName(course, index))
    await post(port, ADMIN, `course/${course}`, formWith('instructors', teachers))
    const teacher = teachers[0] ?? ''
    const students = Array.from({ length: plan.students }, (_, index) => index)
      .filter(index => courseOf(index) === course)
      .map(index => ({ username: studentName(index), first_name: '', last_name: '', email: '' }))
    for (let from = 0; from < students.length; from += ENROLLED_AT_ONCE) {
      const some = students.slice(from, from + ENROLLED_AT_ONCE)
      await post(port, teacher, `students/${course}`, formWith('students', some))
    }
    await post(port, teacher, `assignment/${course}/${ASSIGNMENT}`, formOf(RELEASED, pool))
  }
}

async function post(port: number, token: string, path: string, form: readonly Buffer[]): Promise<void> {
  const line = new Line({ port, token, keepsConnection: false })
  const answer = await line.ask({ method: 'POST', path, form })
  if (answer.status !== 200)
    throw new Error(`${path} was refused with ${answer.status}: ${fieldsOf(answer).message}`)
}

function formWith(field: string, value: unknown): Buffer[] {
  return [Buffer.from(new URLSearchParams({ [field]: JSON.stringify(value) }).toString())]
}
