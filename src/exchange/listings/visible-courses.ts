/** The courses that somebody may know of. */
import type { Reader } from '../../db/database.ts'
import type { Caller } from '../exchange.ts'

/**
 * The living courses, with the caller's row of the roster where there is one; without, admins alone see them. What
 * others see is found by way of their own rows.
 */
export function visibleCourses(db: Reader, caller: Caller) {
  const all = db
    .selectFrom('courses')
    .leftJoin('users as me', join => join.on('me.name', '=', caller.name))
    .leftJoin('members as own', join =>
      join.onRef('own.course_id', '=', 'courses.id').onRef('own.user_id', '=', 'me.id'),
    )
    .where('courses.hidden_at', 'is', null)
  if (caller.isAdmin) return all
  const own = db
    .selectFrom('courses')
    .innerJoin('members as own', 'own.course_id', 'courses.id')
    .innerJoin('users as me', 'me.id', 'own.user_id')
    .where('me.name', '=', caller.name)
    .where('courses.hidden_at', 'is', null)
  return own as unknown as typeof all
}
