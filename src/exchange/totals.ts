/**
 * Running totals of what students submitted and got back, course by course: read for quotas, checked and set right here.
 * Triggers keep them (`db/migrations/005-totals.ts`), whatever is submitted, purged, merged, imported, and by whichever
 * version of this program.
 */
import type { Reader, Writer } from '../db/database.ts'
import type { Exchange } from './exchange.ts'

/** What is kept differs from what is there. In bytes: how much more is there than was counted. */
export interface WrongTotal {
  readonly courseId: number
  readonly course: string
  readonly userId: number
  readonly student: string
  readonly submittedBytes: number
  readonly feedbackBytes: number
}

/** One course after the other, each as of one moment: others may go on submitting. */
export async function* findWrongTotals(db: Reader): AsyncGenerator<WrongTotal> {
  for (let courseId = 0; ; ) {
    const course = await nextCourse(db, courseId)
    if (course === undefined) return
    courseId = course.id
    for (const { user_id: userId, student, submittedBytes, feedbackBytes } of await compare(db, courseId))
      yield { courseId, course: course.name, userId, student, submittedBytes, feedbackBytes }
  }
}

/** Counts again what one student has in one course. */
export async function setTotal(
  exchange: Exchange,
  { courseId, userId }: Pick<WrongTotal, 'courseId' | 'userId'>,
): Promise<void> {
  await exchange.db.write(async trx => {
    await trx
      .deleteFrom('student_totals')
      .where('course_id', '=', courseId)
      .where('user_id', '=', userId)
      .execute()
    const row = await trx
      .selectFrom(counted(trx, courseId).as('counted'))
      .select(eb => [
        eb.fn.sum<number | null>('submitted').as('submitted_bytes'),
        eb.fn.sum<number | null>('returned').as('feedback_bytes'),
      ])
      .where('user_id', '=', userId)
      .executeTakeFirstOrThrow()
    const { submitted_bytes, feedback_bytes } = row
    if (submitted_bytes === null || feedback_bytes === null) return // nothing is left there
    await insertTotal(trx, { course_id: courseId, user_id: userId, submitted_bytes, feedback_bytes })
  })
}

function insertTotal(
  trx: Writer,
  row: { course_id: number; user_id: number; submitted_bytes: number; feedback_bytes: number },
) {
  return trx.insertInto('student_totals').values(row).execute()
}

function nextCourse(db: Reader, after: number) {
  return db
    .selectFrom('courses')
    .select(['id', 'name'])
    .where('id', '>', after)
    .orderBy('id')
    .limit(1)
    .executeTakeFirst()
}

/** The students for whom it does not come out even. */
function compare(db: Reader, courseId: number) {
  const kept = db
    .selectFrom('student_totals')
    .select('user_id')
    .select(eb => [eb.neg('submitted_bytes').as('submitted'), eb.neg('feedback_bytes').as('returned')])
    .where('course_id', '=', courseId)
  return db
    .selectFrom(counted(db, courseId).unionAll(kept).as('amounts'))
    .innerJoin('users', 'users.id', 'amounts.user_id')
    .select(['amounts.user_id', 'users.name as student'])
    .select(eb => [
      eb.fn.sum<number>('submitted').as('submittedBytes'),
      eb.fn.sum<number>('returned').as('feedbackBytes'),
    ])
    .groupBy(['amounts.user_id', 'users.name'])
    .having(eb => eb.or([eb(eb.fn.sum('submitted'), '<>', 0), eb(eb.fn.sum('returned'), '<>', 0)]))
    .orderBy('users.name')
    .execute()
}

/** A row for each submission to the course, and each set of feedback. */
function counted(db: Reader, courseId: number) {
  const submitted = db
    .selectFrom('assignments')
    .innerJoin('submissions', 'submissions.assignment_id', 'assignments.id')
    .innerJoin('trees', 'trees.id', 'submissions.tree_id')
    .select(eb => ['submissions.user_id', 'trees.size_bytes as submitted', eb.lit<number>(0).as('returned')])
    .where('assignments.course_id', '=', courseId)
  const returned = db
    .selectFrom('assignments')
    .innerJoin('submissions', 'submissions.assignment_id', 'assignments.id')
    .innerJoin('feedback', 'feedback.submission_id', 'submissions.id')
    .innerJoin('trees', 'trees.id', 'feedback.tree_id')
    .select(eb => ['submissions.user_id', eb.lit<number>(0).as('submitted'), 'trees.size_bytes as returned'])
    .where('assignments.course_id', '=', courseId)
  return submitted.unionAll(returned)
}
