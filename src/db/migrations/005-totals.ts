/**
 * Running totals for quotas, and the indexes that keep rare work from looking at everything: deleting a tree asks each
 * table that may point at it, the moment of the last renaming is asked with every listing, and whether a course was deleted
 * with every new member by a group.
 */
import type { Kysely } from 'kysely'
import { runAll, type Words } from './engine.ts'

export function up(db: Kysely<unknown>): Promise<void> {
  return runAll(db, statements)
}

const statements = (words: Words) => [
  'create index submissions_tree on submissions (tree_id)',
  'create index releases_tree on releases (tree_id)',
  'create index feedback_tree on feedback (tree_id)',
  'create index former_names_until on former_names (until)',
  'create index courses_hidden_name on courses (name) where hidden_at is not null',

  `create table student_totals (
    course_id ${words.number} not null references courses (id) on delete cascade,
    user_id ${words.number} not null references users (id) on delete cascade,
    submitted_bytes ${words.number} not null,
    feedback_bytes ${words.number} not null,
    primary key (course_id, user_id)
  )${words.strictByKey}`,
  'create index student_totals_user on student_totals (user_id)',
  countAll,
  ...words.trigger(submissionsCounted),
  ...words.trigger(feedbackCounted),
]

const countAll = `
  insert into student_totals (course_id, user_id, submitted_bytes, feedback_bytes)
  select course_id, user_id, sum(submitted), sum(returned) from (
    select assignments.course_id, submissions.user_id, trees.size_bytes as submitted, 0 as returned
    from submissions
    join assignments on assignments.id = submissions.assignment_id
    join trees on trees.id = submissions.tree_id
    union all
    select assignments.course_id, submissions.user_id, 0, trees.size_bytes
    from feedback
    join submissions on submissions.id = feedback.submission_id
    join assignments on assignments.id = submissions.assignment_id
    join trees on trees.id = feedback.tree_id
  ) as amounts
  group by course_id, user_id`

/** A submission may get another student, and takes its feedback along. */
const feedbackOf = (row: string) => `(
  select coalesce(sum(trees.size_bytes), 0)
  from feedback join trees on trees.id = feedback.tree_id
  where feedback.submission_id = ${row}.id
)`

const submissionsCounted = {
  name: 'submissions_counted',
  table: 'submissions',
  columns: ['assignment_id', 'user_id', 'tree_id'],
  added: `
    insert into student_totals (course_id, user_id, submitted_bytes, feedback_bytes)
    select assignments.course_id, new.user_id, trees.size_bytes, ${feedbackOf('new')}
    from assignments, trees
    where assignments.id = new.assignment_id and trees.id = new.tree_id
    on conflict (course_id, user_id) do update set
      submitted_bytes = student_totals.submitted_bytes + excluded.submitted_bytes,
      feedback_bytes = student_totals.feedback_bytes + excluded.feedback_bytes`,
  removed: `
    update student_totals set
      submitted_bytes = submitted_bytes - (select size_bytes from trees where id = old.tree_id),
      feedback_bytes = feedback_bytes - ${feedbackOf('old')}
    where course_id = (select course_id from assignments where id = old.assignment_id)
    and user_id = old.user_id`,
}

const feedbackCounted = {
  name: 'feedback_counted',
  table: 'feedback',
  columns: ['submission_id', 'tree_id'],
  added: changeFeedback('+', 'new'),
  removed: changeFeedback('-', 'old'),
}

/** Whoever has feedback has submitted, and so has a row. */
function changeFeedback(sign: '+' | '-', row: string): string {
  return `
    update student_totals
    set feedback_bytes = feedback_bytes ${sign} (select size_bytes from trees where id = ${row}.tree_id)
    where user_id = (select user_id from submissions where id = ${row}.submission_id)
    and course_id = (
      select assignments.course_id
      from submissions join assignments on assignments.id = submissions.assignment_id
      where submissions.id = ${row}.submission_id
    )`
}
