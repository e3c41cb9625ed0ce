/** Changing a roster entry by entry or as a whole, with a look at what would change first. */
import type { Reader, Writer } from '../db/database.ts'
import { Refusal, type RefusalCode } from '../domain/errors.ts'
import type { Role } from '../domain/membership.ts'
import { isNewName } from '../domain/names.ts'
import { ensureUser, getCourseId, requireInstructor } from './access.ts'
import { recordEvent } from './events.ts'
import type { Caller, CourseRef, Exchange } from './exchange.ts'

/** Details that are left out stay as they are. */
export interface MemberChange {
  readonly user: string
  readonly role: Role
  readonly firstName?: string | null | undefined
  readonly lastName?: string | null | undefined
  readonly email?: string | null | undefined
}

export interface MemberOutcome {
  readonly user: string
  readonly outcome: 'added' | 'changed' | 'unchanged' | 'refused'
  /** Where it is refused. */
  readonly reason?: RefusalCode
}

/**
 * Adds or changes members, in one transaction; what is refused of them keeps nothing else back. `dryRun`: only says what
 * would happen. Instructors add students and change their own details, admins do everything.
 * @throws Refusal `course-not-found`, `not-instructor`
 */
export async function changeMembers(
  exchange: Exchange,
  input: { caller: Caller; members: readonly MemberChange[]; dryRun: boolean } & CourseRef,
): Promise<MemberOutcome[]> {
  const { caller, course, members } = input
  const at = exchange.clock()
  const look = async (db: Reader, apply: (plan: Plan, courseId: number) => Promise<void>) => {
    const courseId = await getCourseId(db, course)
    await requireInstructor(db, courseId, caller)
    const outcomes: MemberOutcome[] = []
    for (const change of members) {
      const plan = await planOf(db, { courseId, caller, change })
      if (plan.row !== null) await apply(plan, courseId)
      outcomes.push(plan.told)
    }
    return outcomes
  }
  if (input.dryRun) return look(exchange.db.read, async () => undefined)
  return exchange.db.write(trx =>
    look(trx, async ({ row, told: { user } }, courseId) => {
      if (row === null) return
      await writeMember(trx, { courseId, user, row, at })
      const action = row.role === 'instructor' ? 'set-instructor' : 'set-student'
      await recordEvent(trx, { at, caller, action, course, subject: user })
    }),
  )
}

/**
 * Takes a person off the roster; submissions stay. Instructors are removed by admins only.
 * @throws Refusal `course-not-found`, `not-instructor`, `cannot-modify-instructors`, `student-not-found`
 */
export async function removeMember(
  exchange: Exchange,
  input: { caller: Caller; user: string } & CourseRef,
): Promise<void> {
  const { caller, course, user } = input
  const at = exchange.clock()
  await exchange.db.write(async trx => {
    const courseId = await getCourseId(trx, course)
    await requireInstructor(trx, courseId, caller)
    const known = await findMember(trx, courseId, user)
    if (known === undefined) throw new Refusal('student-not-found')
    if (known.role === 'instructor' && !caller.isAdmin) throw new Refusal('cannot-modify-instructors')
    await trx.deleteFrom('members').where('id', '=', known.id).execute()
    const action = known.role === 'instructor' ? 'remove-instructor' : 'remove-student'
    await recordEvent(trx, { at, caller, action, course, subject: user })
  })
}

interface MemberRow {
  readonly role: Role
  readonly roster_role: Role
  readonly first_name: string | null
  readonly last_name: string | null
  readonly email: string | null
}

/** `row`: what the member's row will say; null where nothing is to be written. */
interface Plan {
  readonly told: MemberOutcome
  readonly row: MemberRow | null
}

async function planOf(
  db: Reader,
  input: { courseId: number; caller: Caller; change: MemberChange },
): Promise<Plan> {
  const { courseId, caller, change } = input
  const { user } = change
  const known = await findMember(db, courseId, user)
  const reason = refusalOf(change, known, caller)
  if (reason !== null) return { told: { user, outcome: 'refused', reason }, row: null }
  const row = {
    role: known?.group_role === 'instructor' ? known.group_role : change.role,
    roster_role: change.role,
    first_name: change.firstName === undefined ? (known?.first_name ?? null) : change.firstName,
    last_name: change.lastName === undefined ? (known?.last_name ?? null) : change.lastName,
    email: change.email === undefined ? (known?.email ?? null) : change.email,
  }
  if (known === undefined) return { told: { user, outcome: 'added' }, row }
  const isSame = (Object.keys(row) as (keyof MemberRow)[]).every(column => row[column] === known[column])
  return isSame
    ? { told: { user, outcome: 'unchanged' }, row: null }
    : { told: { user, outcome: 'changed' }, row }
}

function refusalOf(
  { user, role }: MemberChange,
  known: { role: Role; group_role: Role | null } | undefined,
  caller: Caller,
): RefusalCode | null {
  if (known === undefined && !isNewName(user)) return 'illegal-name'
  if (known?.group_role === 'instructor' && role === 'student') return 'instructor-is-no-student'
  if (caller.isAdmin) return null
  if (known?.role === 'instructor' && role === 'student') return 'instructor-is-no-student'
  if (role === 'instructor' && known?.role !== 'instructor') return 'cannot-modify-instructors'
  if (role === 'instructor' && user !== caller.name) return 'cannot-modify-other-instructors'
  return null
}

function findMember(db: Reader, courseId: number, user: string) {
  return db
    .selectFrom('members')
    .innerJoin('users', 'users.id', 'members.user_id')
    .select(['members.id', 'role', 'roster_role', 'group_role', 'first_name', 'last_name', 'email'])
    .where('members.course_id', '=', courseId)
    .where('users.name', '=', user)
    .executeTakeFirst()
}

async function writeMember(
  trx: Writer,
  input: { courseId: number; user: string; row: MemberRow; at: number },
): Promise<void> {
  const { courseId, row } = input
  const userId = await ensureUser(trx, input.user, input.at)
  await trx
    .insertInto('members')
    .values({ course_id: courseId, user_id: userId, group_role: null, ...row })
    .onConflict(conflict => conflict.columns(['course_id', 'user_id']).doUpdateSet(row))
    .execute()
}
