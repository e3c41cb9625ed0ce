/** The list of who teaches and who takes a course. */
import type { Reader } from '../../db/database.ts'
import type { Role } from '../../domain/membership.ts'
import { getCourseId, requireMember } from '../access.ts'
import type { Caller, Exchange } from '../exchange.ts'
import { type Page, type PageInput, pageOf } from './pages.ts'

export interface MemberEntry {
  readonly user: string
  readonly role: Role
  readonly firstName: string | null
  readonly lastName: string | null
  readonly email: string | null
  /** Whether the roster says so; otherwise a group of the hub does. */
  readonly isInRoster: boolean
}

/**
 * In the order in which they joined. Students see those who teach, and themselves.
 * @throws Refusal `course-not-found`, `not-related`
 */
export async function listMemberEntries(
  exchange: Exchange,
  input: { caller: Caller; course: string; role?: Role; user?: string } & PageInput<number>,
): Promise<Page<MemberEntry, number>> {
  const db = exchange.db.read
  const { caller, after, limit, role, user } = input
  const courseId = await getCourseId(db, input.course)
  await requireMember(db, courseId, caller)
  const teaches = await isInstructor(db, courseId, caller)
  let query = db
    .selectFrom('members')
    .innerJoin('users', 'users.id', 'members.user_id')
    .select(['members.id', 'users.name as user', 'members.role', 'members.roster_role as rosterRole'])
    .select(['members.first_name as firstName', 'members.last_name as lastName', 'members.email'])
    .where('members.course_id', '=', courseId)
    .where('members.id', '>', after ?? 0)
    .orderBy('members.id')
    .limit(limit + 1)
  if (role !== undefined) query = query.where('members.role', '=', role)
  if (user !== undefined) query = query.where('users.name', '=', user)
  if (!teaches) {
    query = query.where(eb =>
      eb.or([eb('members.role', '=', 'instructor'), eb('users.name', '=', caller.name)]),
    )
  }
  const { items, next } = pageOf(await query.execute(), limit, row => row.id)
  return {
    items: items.map(({ id: _, rosterRole, ...entry }) => ({ ...entry, isInRoster: rosterRole !== null })),
    next,
  }
}

async function isInstructor(db: Reader, courseId: number, caller: Caller): Promise<boolean> {
  if (caller.isAdmin) return true
  const role = await db
    .selectFrom('members')
    .innerJoin('users', 'users.id', 'members.user_id')
    .select('members.role')
    .where('members.course_id', '=', courseId)
    .where('users.name', '=', caller.name)
    .executeTakeFirst()
  return role?.role === 'instructor'
}
