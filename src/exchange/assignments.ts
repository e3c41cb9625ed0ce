/** Assignments: releasing, replacing, fetching, hiding. A release is a version and never changes. */
import type { Writer } from '../db/database.ts'
import { Refusal } from '../domain/errors.ts'
import { checkNewName } from '../domain/names.ts'
import {
  ensureUser,
  getCourseId,
  getMembersAssignment,
  getTaughtAssignment,
  requireInstructor,
  requireMember,
} from './access.ts'
import { type FetchedTree, readTree, type StagedTree, writeWithTree } from './directory-trees.ts'
import { recordEvent } from './events.ts'
import type { AssignmentRef, Caller, CourseRef, Exchange } from './exchange.ts'
import { requireRoom } from './quotas.ts'

/** Names in the order of release. @throws Refusal `course-not-found`, `not-related` */
export async function listAssignments(
  exchange: Exchange,
  input: { caller: Caller } & CourseRef,
): Promise<string[]> {
  const db = exchange.db.read
  const courseId = await getCourseId(db, input.course)
  await requireMember(db, courseId, input.caller)
  const rows = await db
    .selectFrom('assignments')
    .select('name')
    .where('course_id', '=', courseId)
    .where('hidden_at', 'is', null)
    .orderBy('listed_at')
    .orderBy('id')
    .execute()
  return rows.map(row => row.name)
}

/** A release: that version, or the newest. @throws Refusal `course-not-found`, `not-related`, `assignment-not-found`, `release-not-found` */
export async function fetchAssignment(
  exchange: Exchange,
  input: { caller: Caller; version?: number } & AssignmentRef,
): Promise<FetchedTree> {
  const db = exchange.db.read
  const { caller, course, assignment: name, version } = input
  const { id } = await getMembersAssignment(db, caller, input)
  const releases = db.selectFrom('releases').select('tree_id').where('assignment_id', '=', id)
  const release = await (version === undefined
    ? releases.orderBy('version', 'desc').limit(1)
    : releases.where('version', '=', version)
  ).executeTakeFirst()
  if (release === undefined) throw new Refusal('release-not-found')
  const at = exchange.clock()
  const event = { at, caller, action: 'fetch-assignment', course, assignment: name } as const
  return { ...(await readTree(db, release.tree_id)), delivered: () => exchange.later?.(event) }
}

interface ReleaseInput extends AssignmentRef {
  readonly caller: Caller
  /** Release a new version of an assignment that is out already, instead of refusing. */
  readonly overwrite: boolean
}

/** Refuses what `releaseAssignment` would refuse before it looks at the files. */
export async function mayReleaseAssignment(exchange: Exchange, input: ReleaseInput): Promise<void> {
  const db = exchange.db.read
  const courseId = await getCourseId(db, input.course)
  await requireInstructor(db, courseId, input.caller)
  const assignment = await findAssignment(db, courseId, input.assignment)
  if (assignment?.hidden_at === null && !input.overwrite) throw new Refusal('assignment-exists')
}

/**
 * Publishes the files. Under the name of a hidden assignment it continues that one: its submissions and feedback
 * are there again. Returns the version. @throws Refusal `course-not-found`, `not-instructor`, `assignment-exists`, `illegal-name`, `quota-exceeded`
 */
export async function releaseAssignment(
  exchange: Exchange,
  input: ReleaseInput & { tree: StagedTree },
): Promise<{ version: number }> {
  const at = exchange.clock()
  const { caller, course, assignment } = input
  return writeWithTree(exchange, input.tree, async (trx, insertTree) => {
    const courseId = await getCourseId(trx, course)
    await requireInstructor(trx, courseId, caller)
    const assignmentId = await listAssignment(trx, { ...input, courseId, at })
    await requireRoom(trx, exchange, { assignmentId, courseId, userId: null, tree: input.tree })
    const { newest } = await trx
      .selectFrom('releases')
      .select(eb => eb.fn.coalesce(eb.fn.max('version'), eb.lit(0)).as('newest'))
      .where('assignment_id', '=', assignmentId)
      .executeTakeFirstOrThrow()
    const version = newest + 1
    await trx
      .insertInto('releases')
      .values({
        assignment_id: assignmentId,
        version,
        tree_id: await insertTree(),
        released_by: await ensureUser(trx, caller.name, at),
        released_at: at,
      })
      .execute()
    await recordEvent(trx, { at, caller, action: 'release-assignment', course, assignment })
    return { version }
  })
}

/**
 * Takes an assignment out of sight; releases, submissions and feedback stay for the retention period.
 * @throws Refusal `course-not-found`, `not-instructor`, `assignment-not-found`
 */
export async function hideAssignment(
  exchange: Exchange,
  input: { caller: Caller } & AssignmentRef,
): Promise<void> {
  const at = exchange.clock()
  const { caller, course, assignment } = input
  await exchange.db.write(async trx => {
    const { id } = await getTaughtAssignment(trx, caller, input)
    await trx.updateTable('assignments').set({ hidden_at: at }).where('id', '=', id).execute()
    await recordEvent(trx, { at, caller, action: 'hide-assignment', course, assignment })
  })
}

/** Makes sure that the assignment is there and visible. */
async function listAssignment(
  trx: Writer,
  input: { courseId: number; assignment: string; overwrite: boolean; at: number },
): Promise<number> {
  const known = await findAssignment(trx, input.courseId, input.assignment)
  if (known === undefined) {
    checkNewName(input.assignment)
    const { id } = await trx
      .insertInto('assignments')
      .values({ course_id: input.courseId, name: input.assignment, listed_at: input.at, hidden_at: null })
      .returning('id')
      .executeTakeFirstOrThrow()
    return id
  }
  if (known.hidden_at === null) {
    if (!input.overwrite) throw new Refusal('assignment-exists')
    return known.id
  }
  await trx
    .updateTable('assignments')
    .set({ hidden_at: null, listed_at: input.at })
    .where('id', '=', known.id)
    .execute()
  return known.id
}

function findAssignment(db: Exchange['db']['read'], courseId: number, assignment: string) {
  return db
    .selectFrom('assignments')
    .select(['id', 'hidden_at'])
    .where('course_id', '=', courseId)
    .where('name', '=', assignment)
    .executeTakeFirst()
}
