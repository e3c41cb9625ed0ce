/** Courses: listing, creating, hiding. */
import type { Reader, Writer } from '../db/database.ts'
import { prepared } from '../db/prepared.ts'
import { Refusal } from '../domain/errors.ts'
import { checkNewName } from '../domain/names.ts'
import { ensureUser, getCourseId, requireAdmin } from './access.ts'
import { recordEvent } from './events.ts'
import type { Caller, CourseRef, Exchange } from './exchange.ts'

/** Names of the courses that the caller teaches or takes, for admins all, sorted by code point. */
export async function listCourses(exchange: Exchange, caller: Caller): Promise<string[]> {
  const db = exchange.db.read
  const rows = await (caller.isAdmin ? selectAllCourses(db) : selectCoursesOf(db, caller.name))
  return rows.map(row => row.name)
}

const selectAllCourses = prepared((db: Reader) => livingCourses(db))

const selectCoursesOf = prepared((db: Reader, user: string) =>
  livingCourses(db)
    .innerJoin('members', 'members.course_id', 'courses.id')
    .innerJoin('users', 'users.id', 'members.user_id')
    .where('users.name', '=', user),
)

/** SQLite compares text by its UTF-8 bytes, which is code point order. */
function livingCourses(db: Reader) {
  return db
    .selectFrom('courses')
    .select('courses.name')
    .where('courses.hidden_at', 'is', null)
    .orderBy('courses.name')
}

/** Refuses what `createCourse` would refuse before it looks at the instructors. */
export async function mayCreateCourse(
  exchange: Exchange,
  input: { caller: Caller } & CourseRef,
): Promise<void> {
  await checkCourseIsNew(exchange.db.read, input)
}

/** Admins only. @throws Refusal `not-admin`, `course-exists`, `illegal-name` */
export async function createCourse(
  exchange: Exchange,
  input: { caller: Caller; instructors: string[] } & CourseRef,
): Promise<void> {
  const at = exchange.clock()
  await exchange.db.write(async trx => {
    await checkCourseIsNew(trx, input)
    const id = await insertCourse(trx, input.course, at)
    for (const instructor of new Set(input.instructors)) {
      await trx
        .insertInto('members')
        .values({
          course_id: id,
          user_id: await ensureUser(trx, instructor, at),
          role: 'instructor',
          first_name: null,
          last_name: null,
          email: null,
          roster_role: 'instructor',
          group_role: null,
        })
        .execute()
      await recordEvent(trx, {
        at,
        caller: input.caller,
        action: 'set-instructor',
        course: input.course,
        subject: instructor,
      })
    }
    await recordEvent(trx, { at, caller: input.caller, action: 'create-course', course: input.course })
  })
}

/** @throws Refusal `illegal-name` */
export async function insertCourse(trx: Writer, name: string, at: number): Promise<number> {
  checkNewName(name)
  const { id } = await trx
    .insertInto('courses')
    .values({ name, created_at: at, hidden_at: null })
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

/**
 * Admins only: takes a course out of sight with all that is in it. Its name is free again; its content stays for
 * the retention period. @throws Refusal `not-admin`, `course-not-found`
 */
export async function hideCourse(exchange: Exchange, input: { caller: Caller } & CourseRef): Promise<void> {
  const at = exchange.clock()
  await exchange.db.write(async trx => {
    requireAdmin(input.caller)
    const courseId = await getCourseId(trx, input.course)
    await trx.updateTable('courses').set({ hidden_at: at }).where('id', '=', courseId).execute()
    await recordEvent(trx, { at, caller: input.caller, action: 'hide-course', course: input.course })
  })
}

async function checkCourseIsNew(
  db: Exchange['db']['read'],
  input: { caller: Caller } & CourseRef,
): Promise<void> {
  requireAdmin(input.caller)
  const living = await db
    .selectFrom('courses')
    .select('id')
    .where('name', '=', input.course)
    .where('hidden_at', 'is', null)
    .executeTakeFirst()
  if (living !== undefined) throw new Refusal('course-exists')
}
