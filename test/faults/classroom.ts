/** A course with an assignment that students can submit. */
import { type Answer, Client } from './client.ts'
import { aNotebook, formOf, summaryOf, type Work, workIn } from './student-work.ts'
import type { Server } from './world.ts'

export const teacher = 'teacher'

/** A submission as the lists name it. */
export interface Listed {
  readonly student_id: string
  readonly timestamp: string
}

/** The course on one server; several servers of the same data may each have one. */
export class Classroom {
  readonly client: Client

  constructor(server: Pick<Server, 'home'>) {
    this.client = new Client(server)
  }

  /** Submits as that student; what comes back may be a refusal. */
  submit(student: string, work: Work): Promise<Answer> {
    return this.client.post('submission/course/homework', student, formOf(work))
  }

  /** Submits, and returns the moment that the submission carries. */
  async submitted(student: string, work: Work): Promise<string> {
    return (await accepted(this.submit(student, work))).timestamp as string
  }

  async list(): Promise<Listed[]> {
    const { submissions } = await accepted(this.client.get('submissions/course/homework', teacher))
    return submissions as Listed[]
  }

  async collect({ student_id, timestamp }: Listed): Promise<Work> {
    const path = `submission/course/homework/${student_id}?timestamp=${encodeURIComponent(timestamp)}`
    return workIn(await accepted(this.client.get(path, teacher)))
  }

  /** What `summaryOf` says of the submission. */
  async summary(submission: Listed): Promise<string> {
    return summaryOf(await this.collect(submission))
  }
}

/** Makes the course, its students and its assignment. */
export async function openClassroom(
  server: Pick<Server, 'home'>,
  options: { students: readonly string[] },
): Promise<Classroom> {
  const classroom = new Classroom(server)
  const { client } = classroom
  const roster = options.students.map(username => ({ username, first_name: '', last_name: '', email: '' }))
  await accepted(client.post('course/course', 'root', { instructors: JSON.stringify([teacher]) }))
  await accepted(client.post('students/course', teacher, { students: JSON.stringify(roster) }))
  await accepted(client.post('assignment/course/homework', teacher, formOf(aNotebook('the task', 2000))))
  return classroom
}

/** The fields of an answer that must be a good one. */
export async function accepted(answer: Promise<Answer>): Promise<Answer['fields']> {
  const { status, fields } = await answer
  if (status !== 200) throw new Error(`refused with ${status}: ${JSON.stringify(fields)}`)
  return fields
}
