/** Rosters: who teaches and who takes a course. One role per person and course. */
import type { Reader, Writer } from '../db/database.ts'
import { Refusal } from '../domain/errors.ts'
import type { Role } from '../domain/membership.ts'
import {
  ensureUser,
  findRole,
  getCourseId,
  requireAdmin,
  requireInstructor,
  requireMember,
  requireSelfOrInstructor,
} from './access.ts'
import { recordEvent } from './events.ts'
import type { Caller, CourseRef, Exchange } from './exchange.ts'

/** What a course knows of a person; null where nothing was ever said. */
export interface MemberDetails {
  readonly firstName: string | null
  readonly lastName: string | null
  readonly email: string | null
}

export interface Member extends MemberDetails {
  readonly username: string
}

interface MemberInput extends CourseRef {
  readonly caller: Caller
  readonly username: string
}

/** In the order in which they joined. @throws Refusal `course-not-found`, `not-related` */
export async function listInstructors(
  exchange: Exchange,
  input: { caller: Caller } & CourseRef,
): Promise<Member[]> {
  const courseId = await getCourseId(exchange.db.read, input.course)
  await requireMember(exchange.db.read, courseId, input.caller)
  return membersOf(exchange.db.read, courseId, 'instructor').execute()
}

/** In the order in which they joined. @throws Refusal `course-not-found`, `not-instructor` */
export async function listStudents(
  exchange: Exchange,
  input: { caller: Caller } & CourseRef,
): Promise<Member[]> {
  const courseId = await getCourseId(exchange.db.read, input.course)
  await requireInstructor(exchange.db.read, courseId, input.caller)
  return membersOf(exchange.db.read, courseId, 'student').execute()
}

/** @throws Refusal `course-not-found`, `not-related`, `instructor-not-found` */
export async function getInstructor(exchange: Exchange, input: MemberInput): Promise<Member> {
  const courseId = await getCourseId(exchange.db.read, input.course)
  await requireMember(exchange.db.read, courseId, input.caller)
  const [member] = await membersOf(exchange.db.read, courseId, 'instructor', input.username).execute()
  if (member === undefined) throw new Refusal('instructor-not-found')
  return member
}

/** @throws Refusal `course-not-found`, `not-instructor`, `student-not-found` */
export async function getStudent(exchange: Exchange, input: MemberInput): Promise<Member> {
  const courseId = await getCourseId(exchange.db.read, input.course)
  await requireSelfOrInstructor(exchange.db.read, courseId, input.caller, input.username)
  const [member] = await membersOf(exchange.db.read, courseId, 'student', input.username).execute()
  if (member === undefined) throw new Refusal('student-not-found')
  return member
}

/** Refuses what changing this course's roster would refuse before it looks at the details. */
export async function mayChangeRoster(
  exchange: Exchange,
  input: { caller: Caller } & CourseRef,
): Promise<void> {
  await requireInstructor(exchange.db.read, await getCourseId(exchange.db.read, input.course), input.caller)
}

/**
 * Makes someone an instructor, or sets an instructor's details. Only admins appoint; instructors may set their
 * own details. An admin turns a student into an instructor, and what was known of the student is forgotten.
 * @throws Refusal `course-not-found`, `not-instructor`, `cannot-modify-instructors`, `cannot-modify-other-instructors`
 */
export async function setInstructor(exchange: Exchange, input: MemberInput & MemberDetails): Promise<void> {
  const at = exchange.clock()
  const { caller, course, username } = input
  await exchange.db.write(async trx => {
    const courseId = await getCourseId(trx, course)
    await requireInstructor(trx, courseId, caller)
    const role = await findRole(trx, courseId, username)
    if (!caller.isAdmin && role !== 'instructor') throw new Refusal('cannot-modify-instructors')
    if (!caller.isAdmin && username !== caller.name) throw new Refusal('cannot-modify-other-instructors')
    if (role === 'student') await removeMember(trx, courseId, username)
    await setMember(trx, { courseId, username, role: 'instructor', details: input, at })
    await recordEvent(trx, { at, caller, action: 'set-instructor', course, subject: username })
  })
}

/** Admins only. Submissions stay. @throws Refusal `not-admin`, `course-not-found`, `instructor-not-found` */
export async function removeInstructor(exchange: Exchange, input: MemberInput): Promise<void> {
  const at = exchange.clock()
  const { caller, course, username } = input
  await exchange.db.write(async trx => {
    requireAdmin(caller)
    const courseId = await getCourseId(trx, course)
    if ((await findRole(trx, courseId, username)) !== 'instructor') throw new Refusal('instructor-not-found')
    await removeMember(trx, courseId, username)
    await recordEvent(trx, { at, caller, action: 'remove-instructor', course, subject: username })
  })
}

/**
 * Adds a student, or sets a student's details. Safe to repeat.
 * @throws Refusal `course-not-found`, `not-instructor`, `instructor-is-no-student`, `illegal-name`
 */
export async function setStudent(exchange: Exchange, input: MemberInput & MemberDetails): Promise<void> {
  const at = exchange.clock()
  const { caller, course, username } = input
  await exchange.db.write(async trx => {
    const courseId = await getCourseId(trx, course)
    await requireInstructor(trx, courseId, caller)
    if (!(await trySetStudent(trx, { courseId, username, details: input, at }))) {
      throw new Refusal('instructor-is-no-student')
    }
    await recordEvent(trx, { at, caller, action: 'set-student', course, subject: username })
  })
}

/**
 * Adds or sets many students in one transaction. Returns, in the order given, whether each became a student:
 * instructors of the course do not. @throws Refusal `course-not-found`, `not-instructor`, `illegal-name`
 */
export async function setStudents(
  exchange: Exchange,
  input: { caller: Caller; students: readonly Member[] } & CourseRef,
): Promise<{ username: string; isStudent: boolean }[]> {
  const at = exchange.clock()
  const { caller, course, students } = input
  return exchange.db.write(async trx => {
    const courseId = await getCourseId(trx, course)
    await requireInstructor(trx, courseId, caller)
    const outcome: { username: string; isStudent: boolean }[] = []
    for (const student of students) {
      const { username } = student
      const isStudent = await trySetStudent(trx, { courseId, username, details: student, at })
      if (isStudent) await recordEvent(trx, { at, caller, action: 'set-student', course, subject: username })
      outcome.push({ username, isStudent })
    }
    return outcome
  })
}

/** Submissions stay. @throws Refusal `course-not-found`, `not-instructor`, `student-not-found` */
export async function removeStudent(exchange: Exchange, input: MemberInput): Promise<void> {
  const at = exchange.clock()
  const { caller, course, username } = input
  await exchange.db.write(async trx => {
    const courseId = await getCourseId(trx, course)
    await requireInstructor(trx, courseId, caller)
    if ((await findRole(trx, courseId, username)) !== 'student') throw new Refusal('student-not-found')
    await removeMember(trx, courseId, username)
    await recordEvent(trx, { at, caller, action: 'remove-student', course, subject: username })
  })
}

function membersOf(db: Reader, courseId: number, role: Role, username?: string) {
  const members = db
    .selectFrom('members')
    .innerJoin('users', 'users.id', 'members.user_id')
    .select([
      'users.name as username',
      'members.first_name as firstName',
      'members.last_name as lastName',
      'members.email as email',
    ])
    .where('members.course_id', '=', courseId)
    .where('members.role', '=', role)
    .orderBy('members.id')
  return username === undefined ? members : members.where('users.name', '=', username)
}

async function trySetStudent(
  trx: Writer,
  input: { courseId: number; username: string; details: MemberDetails; at: number },
): Promise<boolean> {
  if ((await findRole(trx, input.courseId, input.username)) === 'instructor') return false
  await setMember(trx, { ...input, role: 'student' })
  return true
}

/** Who is in the course by a group, has that very role there already. */
async function setMember(
  trx: Writer,
  input: { courseId: number; username: string; role: Role; details: MemberDetails; at: number },
): Promise<void> {
  const { role } = input
  const details = {
    first_name: input.details.firstName,
    last_name: input.details.lastName,
    email: input.details.email,
  }
  const userId = await ensureUser(trx, input.username, input.at)
  await trx
    .insertInto('members')
    .values({
      course_id: input.courseId,
      user_id: userId,
      role,
      roster_role: role,
      group_role: null,
      ...details,
    })
    .onConflict(conflict =>
      conflict.columns(['course_id', 'user_id']).doUpdateSet({ roster_role: role, ...details }),
    )
    .execute()
}

async function removeMember(trx: Writer, courseId: number, username: string): Promise<void> {
  await trx
    .deleteFrom('members')
    .where('course_id', '=', courseId)
    .where('user_id', 'in', trx.selectFrom('users').select('id').where('name', '=', username))
    .execute()
}
