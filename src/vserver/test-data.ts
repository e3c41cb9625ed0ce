/** The test data of §9.2: two courses, four people whose names begin with a capital. */
import { stageBytes } from '../content/staging.ts'
import { releaseAssignment } from '../exchange/assignments.ts'
import { createCourse } from '../exchange/courses.ts'
import type { StagedTree } from '../exchange/directory-trees.ts'
import type { Caller, Exchange } from '../exchange/exchange.ts'
import { releaseFeedback } from '../exchange/feedback.ts'
import { setStudent } from '../exchange/rosters.ts'
import { submitAssignment } from '../exchange/submissions.ts'
import { isEmpty } from '../exchange/test-data.ts'

const courses = [
  {
    course: 'course1',
    instructor: 'Kevin',
    student: 'Lawrence',
    releases: [['challenge', 'file2', '22222']],
  },
  {
    course: 'course2',
    instructor: 'Abigail',
    student: 'Eric',
    releases: [
      ['assignment2a', 'file0', '00000'],
      ['assignment2b', 'file1', '11111'],
    ],
  },
] as const

/** Where there is anything already, nothing is added. */
export async function addVserverTestData(exchange: Exchange): Promise<void> {
  if (!(await isEmpty(exchange))) return
  const noDetails = { firstName: null, lastName: null, email: null }
  for (const { course, instructor, student, releases } of courses) {
    const caller = { ...person(instructor), isAdmin: true }
    await createCourse(exchange, { caller, course, instructors: [instructor] })
    await setStudent(exchange, { caller, course, username: student, ...noDetails })
    for (const [assignment, path, text] of releases) {
      const tree = await oneFile(exchange, path, text)
      await releaseAssignment(exchange, { caller, course, assignment, overwrite: false, tree })
    }
  }
  await addSubmissions(exchange)
}

async function addSubmissions(exchange: Exchange): Promise<void> {
  const challenge = { course: 'course1', assignment: 'challenge' }
  const student = 'Lawrence'
  const first = new Date(2020, 0, 1).getTime() * 1000
  for (const [receivedAt, path, text] of [
    [first, 'file3', '33333'],
    [exchange.clock(), 'file4', '44444'],
  ] as const) {
    const tree = await oneFile(exchange, path, text)
    await submitAssignment(exchange, { caller: person(student), ...challenge, receivedAt, tree })
  }
  const tree = await oneFile(exchange, 'file5', '55555')
  await releaseFeedback(exchange, {
    caller: person('Kevin'),
    ...challenge,
    student,
    receivedAt: first,
    tree,
  })
}

async function oneFile(exchange: Exchange, path: string, text: string): Promise<StagedTree> {
  return [{ path, isExecutable: false, blob: await stageBytes(exchange.content, Buffer.from(text)) }]
}

function person(name: string): Caller {
  return { name, kind: 'user', isAdmin: false, address: null }
}
