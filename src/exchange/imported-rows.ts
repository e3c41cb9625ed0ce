/** Writes a course that comes over, in one transaction. */
import type { Reader, Writer } from '../db/database.ts'
import { prepared } from '../db/prepared.ts'
import type { Role } from '../domain/membership.ts'
import type { Micros } from '../domain/timestamp.ts'
import { writeWithTrees } from './directory-trees.ts'
import { recordEvent } from './events.ts'
import type { Caller, Exchange } from './exchange.ts'
import { findImportedUser } from './imported-here.ts'
import { type Plan, stagedTree } from './imported-plan.ts'

/** Others may have written meanwhile: what they brought stays. */
export async function writeCourse(exchange: Exchange, plan: Plan, caller: Caller): Promise<void> {
  const at = exchange.clock()
  const trees = plan.assignments.flatMap(({ releases, submissions }) => [
    ...releases.map(stagedTree),
    ...submissions.flatMap(({ tree, feedback }) =>
      [tree, feedback].filter(tree => tree !== null).map(stagedTree),
    ),
  ])
  await writeWithTrees(exchange, trees, async (trx, insertTree) => {
    const users = new Map<string, number>()
    const userId = async (name: string) => {
      const id = users.get(name) ?? (await ensureImportedUser(trx, name, at))
      users.set(name, id)
      return id
    }
    const courseId = await ensureCourse(trx, plan.course, at)
    for (const member of plan.members) await addMember(trx, courseId, await userId(member.username), member)
    for (const { assignment, releases, submissions } of plan.assignments) {
      const assignmentId = await ensureAssignment(trx, { courseId, name: assignment, at })
      if (!(await hasRelease(trx, assignmentId))) {
        // An assignment without files can still be fetched.
        const versions = releases.length > 0 ? releases.map(stagedTree) : [[]]
        for (const [index, tree] of versions.entries()) {
          const release = { assignmentId, version: index + 1, treeId: await insertTree(tree), at }
          await insertRelease(trx, { ...release, by: await userId(nobody) })
        }
      }
      for (const submission of submissions) {
        const { receivedAt, tree, completes, feedback } = submission
        const student = await userId(submission.student)
        if (tree !== null && completes !== null) {
          await replaceTree(trx, completes, () => insertTree(stagedTree(tree)))
        } else if (tree !== null && (await findSubmission(trx, assignmentId, student, receivedAt)) === null) {
          await insertSubmission(trx, assignmentId, student, receivedAt, await insertTree(stagedTree(tree)))
        }
        if (feedback === null || stagedTree(feedback).length === 0) continue
        const id = await findSubmission(trx, assignmentId, student, receivedAt)
        if (id === null || (await hasFeedback(trx, id))) continue
        await insertFeedback(trx, id, await insertTree(stagedTree(feedback)), await userId(nobody), at)
      }
    }
    await recordEvent(trx, { at, caller, action: 'import-course', course: plan.course })
  })
}

/** Who released something is not known elsewhere; users whose names were erased are of this name, too. */
const nobody = ''
async function ensureImportedUser(trx: Writer, name: string, at: Micros): Promise<number> {
  const known = await findImportedUser(trx, name)
  if (known !== null) return known
  const [created] = await insertUser(trx, name, at)
  return (created as { id: number }).id
}

export const insertUser = prepared((trx: Writer, name: string, created_at: number) =>
  trx.insertInto('users').values({ name, created_at }).returning('id'),
)

/** Names are as they were elsewhere: who could not be created here today can still be found. */
async function ensureCourse(trx: Writer, name: string, at: Micros): Promise<number> {
  const known = await trx
    .selectFrom('courses')
    .select('id')
    .where('name', '=', name)
    .where('hidden_at', 'is', null)
    .executeTakeFirst()
  if (known !== undefined) return known.id
  const { id } = await trx
    .insertInto('courses')
    .values({ name, created_at: at, hidden_at: null })
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

async function addMember(
  trx: Writer,
  courseId: number,
  userId: number,
  member: Plan['members'][number],
): Promise<void> {
  const { role, firstName, lastName, email } = member
  await insertMember(trx, courseId, userId, role, firstName, lastName, email)
}

const insertMember = prepared(
  (
    trx: Writer,
    course_id: number,
    user_id: number,
    role: Role,
    first_name: string | null,
    last_name: string | null,
    email: string | null,
  ) =>
    trx
      .insertInto('members')
      .values({
        ...{ course_id, user_id, role, first_name, last_name, email },
        ...{ roster_role: role, group_role: null },
      })
      .onConflict(conflict => conflict.columns(['course_id', 'user_id']).doNothing()),
)

async function ensureAssignment(
  trx: Writer,
  row: { courseId: number; name: string; at: Micros },
): Promise<number> {
  const known = await trx
    .selectFrom('assignments')
    .select('id')
    .where('course_id', '=', row.courseId)
    .where('name', '=', row.name)
    .executeTakeFirst()
  if (known !== undefined) return known.id
  const { id } = await trx
    .insertInto('assignments')
    .values({ course_id: row.courseId, name: row.name, listed_at: row.at, hidden_at: null })
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

async function hasRelease(trx: Writer, assignmentId: number): Promise<boolean> {
  const release = await trx
    .selectFrom('releases')
    .select('id')
    .where('assignment_id', '=', assignmentId)
    .limit(1)
    .executeTakeFirst()
  return release !== undefined
}

async function insertRelease(
  trx: Writer,
  row: { assignmentId: number; version: number; treeId: number; by: number; at: Micros },
): Promise<void> {
  await trx
    .insertInto('releases')
    .values({
      assignment_id: row.assignmentId,
      version: row.version,
      tree_id: row.treeId,
      released_by: row.by,
      released_at: row.at,
    })
    .execute()
}

async function findSubmission(
  db: Reader,
  assignmentId: number,
  userId: number,
  receivedAt: Micros,
): Promise<number | null> {
  const [submission] = await selectSubmission(db, assignmentId, userId, receivedAt)
  return submission?.id ?? null
}

const selectSubmission = prepared((db: Reader, assignmentId: number, userId: number, receivedAt: number) =>
  db
    .selectFrom('submissions')
    .select('id')
    .where('assignment_id', '=', assignmentId)
    .where('user_id', '=', userId)
    .where('received_at', '=', receivedAt),
)

const insertSubmission = prepared(
  (trx: Writer, assignment_id: number, user_id: number, received_at: number, tree_id: number) =>
    trx.insertInto('submissions').values({ assignment_id, user_id, received_at, tree_id }),
)

async function hasFeedback(trx: Writer, submissionId: number): Promise<boolean> {
  return (await selectFeedback(trx, submissionId)).length > 0
}

const selectFeedback = prepared((db: Reader, submissionId: number) =>
  db.selectFrom('feedback').select('id').where('submission_id', '=', submissionId).limit(1),
)

const insertFeedback = prepared(
  (trx: Writer, submission_id: number, tree_id: number, released_by: number, released_at: number) =>
    trx
      .insertInto('feedback')
      .values({ submission_id, tree_id, released_by, released_at, replaced_at: null }),
)

/** All files of the tree that goes are in the one that comes. */
async function replaceTree(
  trx: Writer,
  submission: { id: number; treeId: number },
  insertTree: () => Promise<number>,
): Promise<void> {
  const { numUpdatedRows } = await trx
    .updateTable('submissions')
    .set({ tree_id: await insertTree() })
    .where('id', '=', submission.id)
    .where('tree_id', '=', submission.treeId)
    .executeTakeFirst()
  if (numUpdatedRows === 0n) return
  await trx.deleteFrom('tree_files').where('tree_id', '=', submission.treeId).execute()
  await trx.deleteFrom('trees').where('id', '=', submission.treeId).execute()
}
