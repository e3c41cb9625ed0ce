/** Who may do what: the checks that the rules make before anything else, in the order the contract gives. */
import type { Reader, Writer } from '../db/database.ts'
import { prepared } from '../db/prepared.ts'
import { Refusal } from '../domain/errors.ts'
import type { Role } from '../domain/membership.ts'
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

/** An assignment that is not hidden, and its course, for someone who may ask. */
export interface Assignment {
  readonly id: number
  readonly courseId: number
  /** Null: the caller is no user yet. */
  readonly callerId: number | null
}

/** For members and admins. @throws Refusal `course-not-found`, `not-related`, `assignment-not-found` */
export async function getMembersAssignment(
  db: Reader,
  caller: Caller,
  ref: AssignmentRef,
): Promise<Assignment> {
  return getAssignment(db, ref, caller, role => {
    if (role === null && !caller.isAdmin) throw new Refusal('not-related')
  })
}

/** For instructors and admins. @throws Refusal `course-not-found`, `not-instructor`, `assignment-not-found` */
export async function getTaughtAssignment(
  db: Reader,
  caller: Caller,
  ref: AssignmentRef,
): Promise<Assignment> {
  return getAssignment(db, ref, caller, role => requireTeaching(role, caller))
}

function requireTeaching(role: Role | null, caller: Caller): void {
  if (role !== 'instructor' && !caller.isAdmin) throw new Refusal('not-instructor')
}

/** For the user whom something is about, instructors and admins. @throws Refusal as `getTaughtAssignment` */
export async function getUsersAssignment(
  db: Reader,
  caller: Caller,
  ref: AssignmentRef,
  user: string,
): Promise<Assignment> {
  return usersAssignmentOf(await findAssignment(db, ref.course, ref.assignment, caller.name), caller, user)
}

/** As `getUsersAssignment`, for who has found it already, together with other things. */
export function usersAssignmentOf(
  found: readonly FoundAssignment[],
  caller: Caller,
  user: string,
): Assignment {
  return assignmentOf(found, role => {
    if (caller.name !== user) requireTeaching(role, caller)
  })
}

async function getAssignment(
  db: Reader,
  ref: AssignmentRef,
  caller: Caller,
  checkRole: (role: Role | null) => void,
): Promise<Assignment> {
  return assignmentOf(await findAssignment(db, ref.course, ref.assignment, caller.name), checkRole)
}

/** What `assignmentFor` selects. */
interface FoundAssignment {
  readonly courseId: number
  readonly assignmentId: number | null
  readonly role: Role | null
  readonly callerId: number | null
}

/** The order of the checks is the contract's. */
function assignmentOf(
  [found]: readonly FoundAssignment[],
  checkRole: (role: Role | null) => void,
): Assignment {
  if (found === undefined) throw new Refusal('course-not-found')
  checkRole(found.role)
  if (found.assignmentId === null) throw new Refusal('assignment-not-found')
  return { id: found.assignmentId, courseId: found.courseId, callerId: found.callerId }
}

const findAssignment = prepared(assignmentFor)

/** One query, as every fetch and submission begins with it: a row where there is the course. */
export function assignmentFor(db: Reader, course: string, assignment: string, caller: string) {
  return db
    .selectFrom('courses')
    .leftJoin('assignments', join =>
      join
        .onRef('assignments.course_id', '=', 'courses.id')
        .on('assignments.name', '=', assignment)
        .on('assignments.hidden_at', 'is', null),
    )
    .leftJoin('users as callers', join => join.on('callers.name', '=', caller))
    .leftJoin('members', join =>
      join.onRef('members.course_id', '=', 'courses.id').onRef('members.user_id', '=', 'callers.id'),
    )
    .select(['courses.id as courseId', 'assignments.id as assignmentId'])
    .select(['members.role', 'callers.id as callerId'])
    .where('courses.name', '=', course)
    .where('courses.hidden_at', 'is', null)
}

/**
 * The user whose submissions are asked for: a member of the course, or one who was (or is an admin) and owns a
 * submission of the assignment. @throws Refusal `student-not-found`
 */
export async function getSubmitterId(db: Reader, assignment: Assignment, user: string): Promise<number> {
  const [found] = await findSubmitter(db, user, assignment.courseId, assignment.id)
  if (found === undefined) throw new Refusal('student-not-found')
  return found.id
}

const findSubmitter = prepared((db: Reader, user: string, courseId: number, assignmentId: number) =>
  db
    .selectFrom('users')
    .select('users.id')
    .where('users.name', '=', user)
    .where(eb =>
      eb.or([
        eb.exists(
          eb
            .selectFrom('members')
            .select('members.id')
            .where('members.course_id', '=', courseId)
            .whereRef('members.user_id', '=', 'users.id'),
        ),
        eb.exists(
          eb
            .selectFrom('submissions')
            .select('submissions.id')
            .where('submissions.assignment_id', '=', assignmentId)
            .whereRef('submissions.user_id', '=', 'users.id'),
        ),
      ]),
    ),
)

/** The id of a user, who comes into being where needed. @throws Refusal `illegal-name` */
export async function ensureUser(trx: Writer, name: string, at: number): Promise<number> {
  const [known] = await findUser(trx, name)
  if (known !== undefined) return known.id
  checkNewName(name)
  const created = await trx
    .insertInto('users')
    .values({ name, created_at: at })
    .returning('id')
    .executeTakeFirstOrThrow()
  return created.id
}

const findUser = prepared((db: Reader, name: string) =>
  db.selectFrom('users').select('id').where('name', '=', name),
)
