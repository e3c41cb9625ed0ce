/** A whole school on one exchange, of any size: who is in which course, and every file that they send, told by rules. */
import { noise } from '../support/trees.ts'

export interface SchoolSize {
  readonly courses: number
  /** Of each course. */
  readonly students: number
  /** Of each course. */
  readonly assignments: number
}

export interface SchoolCourse {
  readonly course: string
  readonly instructor: string
  readonly students: readonly string[]
  readonly assignments: readonly SchoolAssignment[]
}

export interface SchoolAssignment {
  readonly assignment: string
  readonly release: Files
  /** Every attempt; a student's own in the order in which they are sent. */
  readonly attempts: readonly Attempt[]
}

export interface Attempt {
  readonly student: string
  readonly files: Files
  readonly feedback: Files | null
}

export type Files = Readonly<Record<string, Buffer>>

/** Of so many people the students of all courses are. */
const people = 3000

export function* schoolCourses(size: SchoolSize): Generator<SchoolCourse> {
  for (let number = 1; number <= size.courses; number++) yield schoolCourse(size, number)
}

function schoolCourse({ students, assignments }: SchoolSize, number: number): SchoolCourse {
  const course = `course ${number}`
  const roster = Array.from({ length: students }, (_, at) => `student-${(number * 37 + at * 7) % people}`)
  return {
    course,
    instructor: `teacher-${number}`,
    students: roster,
    assignments: Array.from({ length: assignments }, (_, at) =>
      schoolAssignment({ course, number: at + 1 }, roster),
    ),
  }
}

/** Every 20th student submits once more; every 10th attempt gets feedback. */
function schoolAssignment(
  { course, number }: { course: string; number: number },
  roster: readonly string[],
): SchoolAssignment {
  const data = noise(3000, `data ${number}`) // the same in all courses
  const task = `${course}, task ${number}`
  const attempts = roster.flatMap((student, at) =>
    ['first', ...(at % 20 === 7 ? ['second'] : [])].map((attempt, index) => {
      const answer = `${task}, ${attempt} of ${student}`
      return {
        student,
        files: {
          'task.ipynb': notebook(answer, 1500 + (((at + number) * 389) % 2500)),
          'data/table.csv': data,
          ...(at % 5 === 0 ? { 'notes/größe.txt': Buffer.from(`notes on ${answer}\r\n`) } : {}),
        },
        feedback: (at + index) % 10 === 3 ? { 'task.html': Buffer.from(`<p>${answer}: good</p>`) } : null,
      }
    }),
  )
  return {
    assignment: `assignment ${number}`,
    release: { 'task.ipynb': notebook(task, 4000), 'data/table.csv': data },
    attempts,
  }
}

function notebook(about: string, sourceBytes: number): Buffer {
  const source = `# ${about}\n${noise(sourceBytes / 2, about).toString('hex')}`
  const cell = { cell_type: 'code', execution_count: null, metadata: {}, outputs: [], source }
  return Buffer.from(JSON.stringify({ cells: [cell], metadata: {}, nbformat: 4, nbformat_minor: 4 }, null, 1))
}
