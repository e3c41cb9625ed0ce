/** The test data of the contract (two courses, four people), and the clean slate before it. */
import { stageBytes } from '../content/staging.ts'
import type { Schema } from '../db/schema.ts'
import { Refusal, type RefusalCode } from '../domain/errors.ts'
import { parseTimestamp } from '../domain/timestamp.ts'
import { ensureUser } from './access.ts'
import { releaseAssignment } from './assignments.ts'
import { createCourse } from './courses.ts'
import type { StagedTree } from './directory-trees.ts'
import type { AssignmentRef, Caller, Exchange } from './exchange.ts'
import { releaseFeedback } from './feedback.ts'
import { setStudent } from './rosters.ts'
import { listSubmissionsOf, submitAssignment } from './submissions.ts'

const challenge: AssignmentRef = { course: 'course1', assignment: 'challenge' }
const noDetails = { firstName: null, lastName: null, email: null }

/** Adds what is missing of the test data. Safe to repeat. */
export async function addTestData(exchange: Exchange, input: { caller: Caller }): Promise<void> {
  await exchange.db.write(async trx => ensureUser(trx, input.caller.name, exchange.clock()))
  const admin = person('admin', { isAdmin: true })
  for (const [course, instructor] of [
    ['course1', 'kevin'],
    ['course2', 'abigail'],
  ] as const) {
    await unless(
      'course-exists',
      createCourse(exchange, { caller: admin, course, instructors: [instructor] }),
    )
  }
  await setStudent(exchange, { caller: admin, course: 'course1', username: 'lawrence', ...noDetails })
  await setStudent(exchange, { caller: admin, course: 'course2', username: 'eric', ...noDetails })
  const abigail = person('abigail')
  await release(exchange, abigail, { course: 'course2', assignment: 'assignment2a' }, 'file0', '00000')
  await release(exchange, abigail, { course: 'course2', assignment: 'assignment2b' }, 'file1', '11111')
  await release(exchange, person('kevin'), challenge, 'file2', '22222')
  await addSubmissions(exchange)
}

/** Deletes everything: rows, files, hidden work too. For debug mode alone. */
export async function clearEverything(exchange: Exchange): Promise<void> {
  await exchange.db.write(async trx => {
    for (const table of tablesFromTheLeaves) await trx.deleteFrom(table).execute()
  })
  for await (const location of exchange.content.placedBefore(Number.POSITIVE_INFINITY)) {
    await exchange.content.remove(location)
  }
}

export async function isEmpty(exchange: Exchange): Promise<boolean> {
  const user = await exchange.db.read.selectFrom('users').select('id').limit(1).executeTakeFirst()
  return user === undefined
}

const tablesFromTheLeaves: readonly (keyof Schema)[] = [
  'announcements',
  'uploads',
  'event_seals',
  'events',
  'former_names',
  'feedback',
  'submissions',
  'releases',
  'assignments',
  'members',
  'courses',
  'tree_files',
  'trees',
  'blobs',
  'users',
]

async function addSubmissions(exchange: Exchange): Promise<void> {
  const [kevin, lawrence] = [person('kevin'), person('lawrence')]
  const mine = { caller: lawrence, student: lawrence.name, ...challenge }
  if ((await listSubmissionsOf(exchange, mine)).length > 0) return
  const first = parseTimestamp('2020-01-01 00:00:00.000000') ?? 0
  const submit = async (receivedAt: number, path: string, text: string) =>
    submitAssignment(exchange, {
      caller: lawrence,
      ...challenge,
      receivedAt,
      tree: await oneFile(exchange, path, text),
    })
  await submit(first, 'file3', '33333')
  await submit(exchange.clock(), 'file4', '44444')
  await releaseFeedback(exchange, {
    caller: kevin,
    student: lawrence.name,
    ...challenge,
    receivedAt: first,
    tree: await oneFile(exchange, 'file5', '55555'),
  })
}

async function release(exchange: Exchange, caller: Caller, ref: AssignmentRef, path: string, text: string) {
  const tree = await oneFile(exchange, path, text)
  await unless('assignment-exists', releaseAssignment(exchange, { caller, ...ref, overwrite: false, tree }))
}

async function oneFile(exchange: Exchange, path: string, text: string): Promise<StagedTree> {
  return [{ path, isExecutable: false, blob: await stageBytes(exchange.content, Buffer.from(text)) }]
}

function person(name: string, { isAdmin = false } = {}): Caller {
  return { name, kind: 'user', isAdmin, address: null }
}

async function unless(code: RefusalCode, act: Promise<unknown>): Promise<void> {
  try {
    await act
  } catch (error) {
    if (!(error instanceof Refusal && error.code === code)) throw error
  }
}
