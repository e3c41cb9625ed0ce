// Fills a database with what a service of some years has: courses, people, trees, submissions, feedback, events, seals.

import { createHash } from 'node:crypto'
import { manifestDigest } from '../../src/domain/receipt.ts'
import { digestActor, digestEvent, digestSeal, digestSubject } from '../../src/exchange/event-digests.ts'
import type { Rows, Table } from './rows.ts'

/** Every course is alike, however many there are: the same request finds the same amount of its own. */
export const course = { students: 50, assignments: 10, attempts: 2 } as const
export const submissionsPerCourse = course.students * course.assignments * course.attempts

const eventsPerSeal = 1000
const start = Date.UTC(2020, 0, 1) * 1000
const second = 1_000_000

export const courseName = (course: number) => `course${course}`
export const assignmentName = (assignment: number) => `ps${assignment}`
export const instructorName = (course: number) => `teacher${course}`
export const studentName = (course: number, student: number) => `student${course}-${student}`

/** When that attempt of that student was received; the second attempts come a week later. */
export function receivedAt(place: { course: number; assignment: number; student: number; attempt: number }) {
  const { assignment, student, attempt } = place
  const inCourse = (assignment * course.attempts + attempt) * course.students + student
  return start + (place.course * submissionsPerCourse + inCourse) * second
}

/** Rows of `courses` courses, in batches that the caller writes in this order. */
export async function writePast(courses: number, write: (rows: Rows) => Promise<void>): Promise<void> {
  const past = new Past(write)
  for (let number = 0; number < courses; number++) await past.addCourse(number)
  await past.finish()
}

class Past {
  readonly #write: (rows: Rows) => Promise<void>
  readonly #last = new Map<Table, number>()
  #rows: Rows = {}
  #held = 0
  #unsealed: { id: number; digest: string }[] = []
  #hash = ''

  constructor(write: (rows: Rows) => Promise<void>) {
    this.#write = write
  }

  async addCourse(number: number): Promise<void> {
    const name = courseName(number)
    const courseId = this.#add('courses', { name, created_at: start, hidden_at: null })
    const teacher = instructorName(number)
    const teacherId = this.#addMember(courseId, teacher, 'instructor')
    const students = Array.from({ length: course.students }, (_, student) => {
      const name = studentName(number, student)
      return { name, id: this.#addMember(courseId, name, 'student') }
    })
    for (let assignment = 0; assignment < course.assignments; assignment++) {
      const place = { course: number, assignment }
      const assignmentId = this.#add('assignments', {
        ...{ course_id: courseId, name: assignmentName(assignment), listed_at: start, hidden_at: null },
      })
      const data = this.#addBlob(`data of ${name} ${assignment}`, 20_000)
      const page = this.#addBlob(`feedback of ${name} ${assignment}`, 3000)
      const release = this.#addTree([data, this.#addBlob(`release of ${name} ${assignment}`, 3000)])
      const at = start + number * second
      this.#add('releases', {
        ...{ assignment_id: assignmentId, version: 1, tree_id: release },
        ...{ released_by: teacherId, released_at: at },
      })
      const where = { course: name, assignment: assignmentName(assignment) }
      this.#addEvent({ at, actor: teacher, action: 'release-assignment', ...where, subject: null })
      // Who submits the same notebook twice has changed nothing: its bytes are there once.
      const notebooks = students.map(({ name }) => this.#addBlob(`${name} ${assignment}`, 600))
      for (let attempt = 0; attempt < course.attempts; attempt++) {
        for (const [student, { id, name: actor }] of students.entries()) {
          const at = receivedAt({ ...place, student, attempt })
          const tree = this.#addTree([notebooks[student] as Blob, data])
          const submission = this.#add('submissions', {
            ...{ assignment_id: assignmentId, user_id: id, received_at: at, tree_id: tree },
          })
          if (attempt === 0)
            this.#addEvent({ at, actor, action: 'fetch-assignment', ...where, subject: null })
          this.#addEvent({ at, actor, action: 'submit-assignment', ...where, subject: null })
          if (attempt !== 1 || student % 2 === 1) continue
          this.#addEvent({ at, actor: teacher, action: 'collect-submission', ...where, subject: actor })
          this.#addEvent({ at, actor: teacher, action: 'release-feedback', ...where, subject: actor })
          this.#add('feedback', {
            ...{ submission_id: submission, tree_id: this.#addTree([page]), released_by: teacherId },
            ...{ released_at: at, replaced_at: null },
          })
        }
      }
      if (this.#held > 20_000) await this.#flush()
    }
  }

  async finish(): Promise<void> {
    if (this.#unsealed.length > 0) this.#seal()
    await this.#flush()
  }

  async #flush(): Promise<void> {
    await this.#write(this.#rows)
    this.#rows = {}
    this.#held = 0
  }

  /** Returns the id of the row. */
  #add(table: Table, row: Record<string, unknown>): number {
    const id = (this.#last.get(table) ?? 0) + 1
    this.#last.set(table, id)
    this.#push(table, { id, ...row })
    return id
  }

  #push(table: Table, row: Record<string, unknown>): void {
    this.#rows[table] ??= []
    this.#rows[table].push(row)
    this.#held++
  }

  #addMember(courseId: number, name: string, role: 'instructor' | 'student'): number {
    const userId = this.#add('users', { name, created_at: start })
    this.#add('members', {
      ...{ course_id: courseId, user_id: userId, role, first_name: null, last_name: null, email: null },
      ...{ roster_role: role, group_role: null },
    })
    return userId
  }

  #addBlob(seed: string, sizeBytes: number): Blob {
    const bytes = Buffer.alloc(sizeBytes, `${seed} `)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const md5 = createHash('md5').update(bytes).digest('hex')
    const row = { sha256, md5, size_bytes: sizeBytes, stored_at: start, location: null, bytes }
    return { id: this.#add('blobs', row), sha256, sizeBytes }
  }

  #addTree(blobs: readonly Blob[]): number {
    const files = blobs.map((blob, position) => ({ path: `file${position}`, blob }))
    const digest = manifestDigest(
      files.map(({ path, blob }) => ({ path, isExecutable: false, sha256: blob.sha256 })),
    )
    const size_bytes = blobs.reduce((sum, blob) => sum + blob.sizeBytes, 0)
    const id = this.#add('trees', { digest, file_count: blobs.length, size_bytes })
    for (const [position, { path, blob }] of files.entries())
      this.#push('tree_files', { tree_id: id, position, path, is_executable: 0, blob_id: blob.id })
    return id
  }

  #addEvent(event: {
    at: number
    actor: string
    action: string
    course: string
    assignment: string
    subject: string | null
  }): void {
    const { actor, subject, ...facts } = event
    const address = '10.0.0.1'
    const actorSalt = `salt of ${this.#last.get('events') ?? 0}`.padEnd(32, '0')
    const subjectSalt = subject === null ? null : actorSalt
    const sealed = {
      ...facts,
      result: 'done',
      actor_kind: 'user',
      actor_digest: digestActor(actorSalt, actor, address),
      subject_digest: subject === null ? null : digestSubject(actorSalt, subject),
    }
    const digest = digestEvent(sealed)
    const salts = { actor_salt: actorSalt, subject_salt: subjectSalt }
    const id = this.#add('events', { ...sealed, actor, address, subject, ...salts, digest })
    this.#unsealed.push({ id, digest })
    if (this.#unsealed.length === eventsPerSeal) this.#seal()
  }

  #seal(): void {
    const events = this.#unsealed
    this.#unsealed = []
    const seal = { previous: this.#hash, sealedAt: start, eventCount: events.length }
    this.#hash = digestSeal(seal, events)
    this.#add('event_seals', {
      ...{ last_event_id: events.at(-1)?.id, event_count: events.length },
      ...{ hash: this.#hash, sealed_at: start },
    })
  }
}

interface Blob {
  readonly id: number
  readonly sha256: string
  readonly sizeBytes: number
}
