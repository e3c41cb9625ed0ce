/** Feedback: what an instructor returns for exactly one submission. The newest is served, older sets are kept. */
import type { Micros } from '../domain/timestamp.ts'
import { ensureUser, getSubmitterId, getTaughtAssignment, getUsersAssignment } from './access.ts'
import { type FetchedTree, readTree, type StagedTree, writeWithTree } from './directory-trees.ts'
import { recordEvent } from './events.ts'
import type { AssignmentRef, Caller, Exchange } from './exchange.ts'
import { requireRoom } from './quotas.ts'
import { getSubmission, getSubmitter } from './submissions.ts'

interface FeedbackInput extends AssignmentRef {
  readonly caller: Caller
  readonly student: string
}

/** Refuses what `releaseFeedback` would refuse before it asks which submission is meant. */
export async function mayReleaseFeedback(exchange: Exchange, input: FeedbackInput): Promise<void> {
  const db = exchange.db.read
  await getSubmitterId(db, await getTaughtAssignment(db, input.caller, input), input.student)
}

/** Refuses what `releaseFeedback` would refuse before it looks at the files. */
export async function mayReleaseFeedbackFor(
  exchange: Exchange,
  input: FeedbackInput & { receivedAt: Micros },
): Promise<void> {
  const db = exchange.db.read
  await getSubmission(db, await getTaughtAssignment(db, input.caller, input), input)
}

/**
 * Replaces the feedback of one submission.
 * @throws Refusal `course-not-found`, `not-instructor`, `assignment-not-found`, `student-not-found`,
 * `submission-not-found`
 */
export async function releaseFeedback(
  exchange: Exchange,
  input: FeedbackInput & { receivedAt: Micros; tree: StagedTree },
): Promise<void> {
  const at = exchange.clock()
  const { caller, course, assignment, student } = input
  await writeWithTree(exchange, input.tree, async (trx, insertTree) => {
    const target = await getTaughtAssignment(trx, caller, input)
    const submission = await getSubmission(trx, target, input)
    const { id: assignmentId, courseId } = target
    await requireRoom(trx, exchange, { assignmentId, courseId, userId: null, tree: input.tree })
    await trx
      .updateTable('feedback')
      .set({ replaced_at: at })
      .where('submission_id', '=', submission.id)
      .where('replaced_at', 'is', null)
      .execute()
    await trx
      .insertInto('feedback')
      .values({
        submission_id: submission.id,
        tree_id: await insertTree(),
        released_by: await ensureUser(trx, caller.name, at),
        released_at: at,
        replaced_at: null,
      })
      .execute()
    await recordEvent(trx, { at, caller, action: 'release-feedback', course, assignment, subject: student })
  })
}

/** Refuses what `fetchFeedback` would refuse before it asks which submission is meant. */
export async function mayFetchFeedback(exchange: Exchange, input: FeedbackInput): Promise<void> {
  await getSubmitter(exchange.db.read, input)
}

/**
 * The feedback of one submission; null while there is none. For instructors and the student.
 * @throws Refusal as `releaseFeedback`
 */
export async function fetchFeedback(
  exchange: Exchange,
  input: FeedbackInput & { receivedAt: Micros },
): Promise<FetchedTree | null> {
  const db = exchange.db.read
  const { caller, course, assignment, student } = input
  const submission = await getSubmission(db, await getUsersAssignment(db, caller, input, student), input)
  const feedback = await db
    .selectFrom('feedback')
    .select('tree_id')
    .where('submission_id', '=', submission.id)
    .where('replaced_at', 'is', null)
    .executeTakeFirst()
  if (feedback === undefined) return null
  const at = exchange.clock()
  const event = { at, caller, action: 'fetch-feedback', course, assignment, subject: student } as const
  return { ...(await readTree(db, feedback.tree_id)), delivered: () => exchange.later?.(event) }
}
