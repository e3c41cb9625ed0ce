// The requests that are timed: each kind the same on every server, spread over all of its courses.

import { formatTimestamp } from '../../src/domain/timestamp.ts'
import type { RequestPlan } from '../load/job.ts'
import { assignmentName, course, courseName, instructorName, receivedAt, studentName } from './past.ts'

export type Kind = { title: string; requests: RequestPlan[] }

const perKind = 60
/** No multiple of the number of courses, so that neighbours in time are none on the disk. */
const stride = 7919

type Place = { number: number; course: string; assignment: string; teacher: string; student: string }

export function kindsFor(courses: number): Kind[] {
  const places = Array.from({ length: perKind }, (_, i) => placeOf(i, courses))
  const get = (title: string, path: (place: Place) => string, user: 'teacher' | 'student'): Kind => ({
    title,
    requests: places.map(place => ({ method: 'GET', path: path(place), user: place[user] })),
  })
  const assignment = ({ course, assignment }: Place) => `${course}/${assignment}`
  const ofStudent = (place: Place) => `${assignment(place)}/${place.student}`
  const withMoment = (place: Place) => `${ofStudent(place)}?timestamp=${encodeURIComponent(momentOf(place))}`
  return [
    get('GET healthz', () => 'healthz', 'student'),
    get('GET readyz', () => 'readyz', 'student'),
    get('list one’s courses', () => 'courses', 'student'),
    get('list assignments', place => `assignments/${place.course}`, 'student'),
    get('fetch an assignment of 23 KB', place => `assignment/${assignment(place)}`, 'student'),
    {
      title: 'submit 20 KB, under quotas',
      requests: places.map(place => ({
        ...{ method: 'POST', path: `submission/${assignment(place)}`, user: place.student },
        body: { kind: 'file', file: { name: 'notebook.ipynb', sizeBytes: 20_000 } },
      })),
    },
    get('list one’s submissions', place => `submissions/${ofStudent(place)}`, 'student'),
    get('list all submissions of an assignment', place => `submissions/${assignment(place)}`, 'teacher'),
    get('collect the newest submission', place => `submission/${ofStudent(place)}`, 'teacher'),
    get('collect a submission', place => `submission/${withMoment(place)}`, 'teacher'),
    get('get a receipt', place => `receipt/${withMoment(place)}`, 'student'),
    {
      title: 'release feedback of 3 KB',
      requests: places.map(place => ({
        ...{ method: 'POST', path: `feedback/${ofStudent(place)}`, user: place.teacher },
        body: { kind: 'form', fields: { timestamp: momentOf(place), files: feedback } },
      })),
    },
    get('fetch feedback', place => `feedback/${withMoment(place)}`, 'student'),
    get('list students', place => `students/${place.course}`, 'teacher'),
    get('list one’s events', () => 'events', 'student'),
    get('list a course’s events', place => `events/${place.course}`, 'teacher'),
    get(
      'ask for limits and what is used',
      place => `limits?course=${place.course}&assignment=${place.assignment}`,
      'student',
    ),
  ]
}

const feedback = JSON.stringify([
  { path: 'feedback.html', content: Buffer.alloc(3000, 'x').toString('base64') },
])

function placeOf(index: number, courses: number): Place {
  const number = (index * stride) % courses
  return {
    number,
    course: courseName(number),
    assignment: assignmentName(index % course.assignments),
    teacher: instructorName(number),
    student: studentName(number, studentOf(index)),
  }
}

/** Those of even number have feedback. */
function studentOf(index: number): number {
  return (2 * index) % course.students
}

function momentOf({ number, assignment, student }: Place): string {
  const at = receivedAt({
    course: number,
    assignment: Number(assignment.slice('ps'.length)),
    student: Number(student.split('-')[1]),
    attempt: 1,
  })
  return formatTimestamp(at)
}
