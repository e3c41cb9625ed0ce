/**
 * Roles that people have by groups elsewhere, such as a hub's: brought into the rosters, so that all rules see one role
 * per person and course. Courses appear with their first member; submissions stay when people leave.
 */
import type { Reader, Writer } from '../db/database.ts'
import { prepared } from '../db/prepared.ts'
import type { Membership, Role } from '../domain/membership.ts'
import { isNewName } from '../domain/names.ts'
import { ensureUser } from './access.ts'
import { insertCourse } from './courses.ts'
import { recordEvent } from './events.ts'
import type { Caller, Exchange } from './exchange.ts'

/** By course. */
type Roles = ReadonlyMap<string, Role>

/** So many people in one transaction, so that nobody waits long for it. */
const batchSize = 100

/** Called before anything that the caller asks for: what the rosters then say of their groups is true. */
export async function bringMemberships(
  exchange: Exchange,
  input: { caller: Caller; memberships: readonly Membership[] },
): Promise<void> {
  const { caller, memberships } = input
  const wanted = rolesOf(memberships)
  const known = rolesOf(await findGroupRoles(exchange.db.read, caller.name))
  if (areSame(wanted, known)) return
  if (areSame(await possible(exchange.db.read, wanted, caller.name), known)) return
  await exchange.db.write(trx =>
    setGroupRoles(trx, { ...input, user: caller.name, wanted, at: exchange.clock() }),
  )
}

/** The same for everyone at once: who is not among them is in no group. `caller`: who says so, for the record. */
export async function bringAllMemberships(
  exchange: Exchange,
  input: { caller: Caller; memberships: ReadonlyMap<string, readonly Membership[]> },
): Promise<void> {
  const { caller, memberships } = input
  const known = new Map<string, Map<string, Role>>()
  for (const { user, course, role } of await selectAllGroupRoles(exchange.db.read)) {
    known.set(user, (known.get(user) ?? new Map<string, Role>()).set(course, role as Role))
  }
  const changes = [...new Set([...memberships.keys(), ...known.keys()])]
    .map(user => ({ user, wanted: rolesOf(memberships.get(user) ?? []) }))
    .filter(({ user, wanted }) => !areSame(wanted, known.get(user) ?? new Map()))
  for (let start = 0; start < changes.length; start += batchSize) {
    await exchange.db.write(async trx => {
      for (const change of changes.slice(start, start + batchSize)) {
        await setGroupRoles(trx, { caller, ...change, at: exchange.clock() })
      }
    })
  }
}

/** In living courses. */
const findGroupRoles = prepared((db: Reader, user: string) => groupRoles(db).where('users.name', '=', user))

function selectAllGroupRoles(db: Reader) {
  return groupRoles(db).execute()
}

function groupRoles(db: Reader) {
  return db
    .selectFrom('members')
    .innerJoin('users', 'users.id', 'members.user_id')
    .innerJoin('courses', 'courses.id', 'members.course_id')
    .select(['users.name as user', 'courses.name as course', 'members.group_role as role'])
    .where('members.group_role', 'is not', null)
    .where('courses.hidden_at', 'is', null)
}

/** Only what can come true: names that may be created, and no courses that an admin has deleted. */
async function possible(db: Reader, wanted: Roles, user: string): Promise<Roles> {
  const found = new Map<string, Role>()
  if (!isNewName(user)) return found
  for (const [course, role] of wanted) {
    if (isNewName(course) && (await findCourse(db, course)) !== 'deleted') found.set(course, role)
  }
  return found
}

async function setGroupRoles(
  trx: Writer,
  input: { caller: Caller; user: string; wanted: Roles; at: number },
): Promise<void> {
  const { caller, user, at } = input
  const known = rolesOf(await findGroupRoles(trx, user))
  const wanted = await possible(trx, input.wanted, user)
  for (const [course, role] of wanted) {
    if (known.get(course) === role) continue
    await setGroupRole(trx, { courseId: await ensureCourse(trx, course, input), user, role, at })
    await recordEvent(trx, { at, caller, action: 'join-by-group', course, subject: user })
  }
  for (const course of known.keys()) {
    if (wanted.has(course)) continue
    await clearGroupRole(trx, { course, user })
    await recordEvent(trx, { at, caller, action: 'leave-by-group', course, subject: user })
  }
}

async function ensureCourse(
  trx: Writer,
  course: string,
  { caller, at }: { caller: Caller; at: number },
): Promise<number> {
  const found = await findCourse(trx, course)
  if (found !== null && found !== 'deleted') return found
  const id = await insertCourse(trx, course, at)
  await recordEvent(trx, { at, caller, action: 'create-course', course })
  return id
}

/** The id of the living course of that name; `deleted` where there was one, null where there never was. */
async function findCourse(db: Reader, course: string): Promise<number | 'deleted' | null> {
  // In two, as there are two indexes: names are unique among the living alone.
  const named = db.selectFrom('courses').select('id').where('name', '=', course)
  const living = await named.where('hidden_at', 'is', null).executeTakeFirst()
  if (living !== undefined) return living.id
  const deleted = await named.where('hidden_at', 'is not', null).limit(1).executeTakeFirst()
  return deleted === undefined ? null : 'deleted'
}

async function setGroupRole(
  trx: Writer,
  input: { courseId: number; user: string; role: Role; at: number },
): Promise<void> {
  const { courseId, role } = input
  const userId = await ensureUser(trx, input.user, input.at)
  const known = await trx
    .selectFrom('members')
    .select(['id', 'roster_role'])
    .where('course_id', '=', courseId)
    .where('user_id', '=', userId)
    .executeTakeFirst()
  if (known === undefined) {
    const details = { first_name: null, last_name: null, email: null }
    await trx
      .insertInto('members')
      .values({ course_id: courseId, user_id: userId, role, roster_role: null, group_role: role, ...details })
      .execute()
    return
  }
  const stronger = known.roster_role === 'instructor' ? 'instructor' : role
  await trx
    .updateTable('members')
    .set({ group_role: role, role: stronger })
    .where('id', '=', known.id)
    .execute()
}

async function clearGroupRole(trx: Writer, input: { course: string; user: string }): Promise<void> {
  const known = await trx
    .selectFrom('members')
    .innerJoin('users', 'users.id', 'members.user_id')
    .innerJoin('courses', 'courses.id', 'members.course_id')
    .select(['members.id', 'members.roster_role'])
    .where('users.name', '=', input.user)
    .where('courses.name', '=', input.course)
    .where('courses.hidden_at', 'is', null)
    .executeTakeFirstOrThrow()
  if (known.roster_role === null) await trx.deleteFrom('members').where('id', '=', known.id).execute()
  else {
    await trx
      .updateTable('members')
      .set({ group_role: null, role: known.roster_role })
      .where('id', '=', known.id)
      .execute()
  }
}

function rolesOf(memberships: readonly { course: string; role: Role | null }[]): Map<string, Role> {
  return new Map(memberships.flatMap(({ course, role }) => (role === null ? [] : [[course, role]])))
}

function areSame(some: Roles, others: Roles): boolean {
  return some.size === others.size && [...some].every(([course, role]) => others.get(course) === role)
}
