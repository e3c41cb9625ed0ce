/** Who may do what: the checks that the rules make before anything else, in the order the contract gives. */
import type { Reader, Writer } from '../db/database.ts'
import type { Role } from '../db/schema.ts'
import { Refusal } from '../domain/errors.ts'
import { checkNewName } from '../domain/names.ts'
import type { AssignmentRef, Caller } from './exchange.ts'

/** @throws Refusal `not-admin` */
export function requireAdmin(caller: Caller): void {
  if (!caller.isAdmin) throw new Refusal('not-admin')
}

/** The id of a living course. @throws Refusal `course-not-found` */
export async function getCourseId(db: Reader, course: string): Promise<number> {
  const row = await db
    .selectFrom('courses')
    .select('id')
    .where('name', '=', course)
    .where('hidden_at', 'is', null)
    .executeTakeFirst()
  if (row === undefined) throw new Refusal('course-not-found')
  return row.id
}

/** The id of an assignment that is not hidden. @throws Refusal `assignment-not-found` */
export async function getAssignmentId(db: Reader, courseId: number, assignment: string): Promise<number> {
  const row = await db
    .selectFrom('assignments')
    .select('id')
    .where('course_id', '=', courseId)
    .where('name', '=', assignment)
    .where('hidden_at', 'is', null)
    .executeTakeFirst()
  if (row === undefined) throw new Refusal('assignment-not-found')
  return row.id
}

export async function findRole(db: Reader, courseId: number, user: string): Promise<Role | null> {
  const row = await db
    .selectFrom('members')
    .innerJoin('users', 'users.id', 'members.user_id')
    .select('members.role')
    .where('members.course_id', '=', courseId)
    .where('users.name', '=', user)
    .executeTakeFirst()
  return row?.role ?? null
}

/** Instructors and admins pass. @throws Refusal `not-instructor` */
export async function requireInstructor(db: Reader, courseId: number, caller: Caller): Promise<void> {
  if (caller.isAdmin) return
  if ((await findRole(db, courseId, caller.name)) !== 'instructor') throw new Refusal('not-instructor')
}

/** Instructors, students and admins pass. @throws Refusal `not-related` */
export async function requireMember(db: Reader, courseId: number, caller: Caller): Promise<void> {
  if (caller.isAdmin) return
  if ((await findRole(db, courseId, caller.name)) === null) throw new Refusal('not-related')
}

/** The user whom something is about passes, and instructors and admins. @throws Refusal `not-instructor` */
export async function requireSelfOrInstructor(
  db: Reader,
  courseId: number,
  caller: Caller,
  user: string,
): Promise<void> {
  if (caller.name !== user) await requireInstructor(db, courseId, caller)
}

/** The course and assignment, for an instructor or admin. */
export async function getTaughtAssignmentId(db: Reader, caller: Caller, ref: AssignmentRef): Promise<number> {
  const courseId = await getCourseId(db, ref.course)
  await requireInstructor(db, courseId, caller)
  return getAssignmentId(db, courseId, ref.assignment)
}

/**
 * The user whose submissions are asked for: a member of the course, or one who was (or is an admin) and owns a
 * submission of the assignment. @throws Refusal `student-not-found`
 */
export async function getSubmitterId(
  db: Reader,
  input: { courseId: number; assignmentId: number; user: string },
): Promise<number> {
  const user = await db.selectFrom('users').select('id').where('name', '=', input.user).executeTakeFirst()
  if (user === undefined) throw new Refusal('student-not-found')
  const member = await db
    .selectFrom('members')
    .select('id')
    .where('course_id', '=', input.courseId)
    .where('user_id', '=', user.id)
    .executeTakeFirst()
  if (member !== undefined) return user.id
  const submission = await db
    .selectFrom('submissions')
    .select('id')
    .where('assignment_id', '=', input.assignmentId)
    .where('user_id', '=', user.id)
    .limit(1)
    .executeTakeFirst()
  if (submission === undefined) throw new Refusal('student-not-found')
  return user.id
}

/** The id of a user, who comes into being where needed. @throws Refusal `illegal-name` */
export async function ensureUser(trx: Writer, name: string, at: number): Promise<number> {
  const known = await trx.selectFrom('users').select('id').where('name', '=', name).executeTakeFirst()
  if (known !== undefined) return known.id
  checkNewName(name)
  const created = await trx
    .insertInto('users')
    .values({ name, created_at: at })
    .returning('id')
    .executeTakeFirstOrThrow()
  return created.id
}
