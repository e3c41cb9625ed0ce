/** What was deleted and is still there: listed, brought back, or gone for good. */
import type { Reader, Writer } from '../db/database.ts'
import { Refusal } from '../domain/errors.ts'
import { checkNewName } from '../domain/names.ts'
import type { Micros } from '../domain/timestamp.ts'
import { recordEvent } from './events.ts'
import type { Caller, Exchange } from './exchange.ts'
import { purgeAssignment } from './housekeeping.ts'
import { ownedTrees } from './usage.ts'

/** A course, or one assignment. `key` tells apart what has the same name: deleted courses may. */
export interface Hidden {
  readonly key: string
  readonly kind: 'course' | 'assignment'
  readonly id: number
  readonly course: string
  /** Null for a course. */
  readonly assignment: string | null
  readonly hiddenAt: Micros
  /** Of an assignment: whether its course is deleted, too. */
  readonly isInHiddenCourse: boolean
  readonly submissions: number
  /** Of releases, submissions and feedback, as if nothing were shared. */
  readonly sizeBytes: number
}

/** Purged in one transaction, so that nobody waits long for it. */
const purgeBatch = 5

/** By name; an assignment follows its course. */
export async function listHidden(db: Reader): Promise<Hidden[]> {
  const courses = await db
    .selectFrom('courses')
    .select(['id', 'name as course', 'hidden_at'])
    .where('hidden_at', 'is not', null)
    .execute()
  const assignments = await db
    .selectFrom('assignments')
    .innerJoin('courses', 'courses.id', 'assignments.course_id')
    .select(['assignments.id', 'assignments.name as assignment', 'assignments.hidden_at'])
    .select(['assignments.course_id', 'courses.name as course', 'courses.hidden_at as courseHiddenAt'])
    .where(eb =>
      eb.or([eb('assignments.hidden_at', 'is not', null), eb('courses.hidden_at', 'is not', null)]),
    )
    .execute()
  const amounts = await hiddenAmounts(db)
  const hidden: Hidden[] = courses.map(({ id, course, hidden_at }) => {
    const inside = assignments.filter(assignment => assignment.course_id === id)
    const sum = (figure: keyof Amounts) =>
      inside.reduce((total, assignment) => total + (amounts.get(assignment.id)?.[figure] ?? 0), 0)
    return {
      ...{ key: `course-${id}`, kind: 'course', id, course, assignment: null, hiddenAt: hidden_at ?? 0 },
      ...{ isInHiddenCourse: false, submissions: sum('submissions'), sizeBytes: sum('sizeBytes') },
    }
  })
  for (const { id, course, assignment, hidden_at, courseHiddenAt } of assignments) {
    if (hidden_at === null) continue
    const isInHiddenCourse = courseHiddenAt !== null
    const { submissions = 0, sizeBytes = 0 } = amounts.get(id) ?? {}
    hidden.push({
      ...{ key: `assignment-${id}`, kind: 'assignment', id, course, assignment, hiddenAt: hidden_at },
      ...{ isInHiddenCourse, submissions, sizeBytes },
    })
  }
  const order = ({ course, assignment, hiddenAt }: Hidden) =>
    [course, assignment ?? '', `${hiddenAt}`].join('\0')
  return hidden.sort((one, other) => (order(one) < order(other) ? -1 : 1))
}

/** What people call it: `course`, or `course/assignment`. */
export function nameOf({ course, assignment }: Pick<Hidden, 'course' | 'assignment'>): string {
  return assignment === null ? course : `${course}/${assignment}`
}

interface Amounts {
  submissions: number
  sizeBytes: number
}

/** Of all assignments that are hidden, or in a hidden course. */
async function hiddenAmounts(db: Reader): Promise<ReadonlyMap<number, Amounts>> {
  const rows = await db
    .selectFrom(ownedTrees(db).as('owned'))
    .innerJoin('trees', 'trees.id', 'owned.tree_id')
    .innerJoin('assignments', 'assignments.id', 'owned.assignment_id')
    .innerJoin('courses', 'courses.id', 'owned.course_id')
    .select(['owned.assignment_id', 'owned.kind'])
    .select(eb => [
      eb.fn.countAll<number>().as('count'),
      eb.fn.sum<number>('trees.size_bytes').as('sizeBytes'),
    ])
    .where(eb =>
      eb.or([eb('assignments.hidden_at', 'is not', null), eb('courses.hidden_at', 'is not', null)]),
    )
    .groupBy(['owned.assignment_id', 'owned.kind'])
    .execute()
  const amounts = new Map<number, Amounts>()
  for (const { assignment_id, kind, count, sizeBytes } of rows) {
    const known = amounts.get(assignment_id) ?? { submissions: 0, sizeBytes: 0 }
    amounts.set(assignment_id, {
      submissions: known.submissions + (kind === 'submission' ? count : 0),
      sizeBytes: known.sizeBytes + sizeBytes,
    })
  }
  return amounts
}

/**
 * Brings it back with all that is in it. A course may get another name, as there may be a living one of its own.
 * @throws Refusal `course-exists`, `illegal-name`; `course-not-found`, `assignment-not-found`: it is not hidden any
 * more, or in a course that is
 */
export async function restoreHidden(
  exchange: Exchange,
  input: { caller: Caller; hidden: Hidden; as: string | null },
): Promise<void> {
  const { caller, hidden } = input
  const { id, course, assignment } = hidden
  const at = exchange.clock()
  await exchange.db.write(async trx => {
    await checkHidden(trx, hidden)
    if (assignment !== null) {
      await trx.updateTable('assignments').set({ hidden_at: null }).where('id', '=', id).execute()
      await recordEvent(trx, { at, caller, action: 'restore-assignment', course, assignment })
      return
    }
    const name = input.as ?? course
    if (input.as !== null) checkNewName(input.as)
    const living = await trx
      .selectFrom('courses')
      .select('id')
      .where('name', '=', name)
      .where('hidden_at', 'is', null)
      .executeTakeFirst()
    if (living !== undefined) throw new Refusal('course-exists')
    await trx.updateTable('courses').set({ hidden_at: null, name }).where('id', '=', id).execute()
    await recordEvent(trx, { at, caller, action: 'restore-course', course })
    if (name !== course) await recordEvent(trx, { at, caller, action: 'restore-course-as', course: name })
  })
}

/**
 * Deletes it for good, with all releases, submissions and feedback.
 * @throws Refusal `course-not-found`, `assignment-not-found`: it is not hidden any more
 */
export async function purgeOne(exchange: Exchange, input: { caller: Caller; hidden: Hidden }): Promise<void> {
  for (;;) {
    const { isDone, locations } = await exchange.db.write(trx => purgeSome(trx, exchange, input))
    for (const location of locations) await exchange.content.remove(location)
    if (isDone) return
  }
}

async function purgeSome(
  trx: Writer,
  exchange: Exchange,
  { caller, hidden }: { caller: Caller; hidden: Hidden },
): Promise<{ isDone: boolean; locations: string[] }> {
  await checkHidden(trx, hidden)
  const { id, course, assignment } = hidden
  const at = exchange.clock()
  if (assignment !== null) {
    const locations = await purgeAssignment(trx, id)
    await recordEvent(trx, { at, caller, action: 'purge-assignment', course, assignment })
    return { isDone: true, locations }
  }
  const inside = await trx
    .selectFrom('assignments')
    .select(['id', 'name'])
    .where('course_id', '=', id)
    .limit(purgeBatch)
    .execute()
  const locations: string[] = []
  for (const { id, name } of inside) {
    locations.push(...(await purgeAssignment(trx, id)))
    await recordEvent(trx, { at, caller, action: 'purge-assignment', course, assignment: name })
  }
  if (inside.length === purgeBatch) return { isDone: false, locations }
  await trx.deleteFrom('members').where('course_id', '=', id).execute()
  await trx.deleteFrom('courses').where('id', '=', id).execute()
  await recordEvent(trx, { at, caller, action: 'purge-course', course })
  return { isDone: true, locations }
}

/** Another may have brought it back, or purged it, since it was listed. */
async function checkHidden(trx: Writer, { kind, id }: Hidden): Promise<void> {
  if (kind === 'course') {
    const row = await trx.selectFrom('courses').select('hidden_at').where('id', '=', id).executeTakeFirst()
    if ((row?.hidden_at ?? null) === null) throw new Refusal('course-not-found')
    return
  }
  const row = await trx.selectFrom('assignments').select('hidden_at').where('id', '=', id).executeTakeFirst()
  if ((row?.hidden_at ?? null) === null) throw new Refusal('assignment-not-found')
}
