/** The list of assignments, each with its newest release. */
import { getCourseId, requireMember } from '../access.ts'
import type { Caller, Exchange } from '../exchange.ts'
import { type Page, type PageInput, pageOf } from './pages.ts'
import type { ReleaseEntry } from './releases.ts'
import { noTree, summarize, treeColumns } from './tree-summaries.ts'
import { visibleCourses } from './visible-courses.ts'

export interface AssignmentEntry {
  readonly course: string
  readonly assignment: string
  /** The newest release, which is what students fetch. */
  readonly release: ReleaseEntry
}

/**
 * The assignments that are out, in all courses of the caller or in one, in the order in which they came to be.
 * @throws Refusal `course-not-found`, `not-related`, of the course that is named
 */
export async function listAssignmentEntries(
  exchange: Exchange,
  input: { caller: Caller; course?: string; assignment?: string } & PageInput<number>,
): Promise<Page<AssignmentEntry, number>> {
  const db = exchange.db.read
  const { caller, course, assignment, after, limit } = input
  if (course !== undefined) await requireMember(db, await getCourseId(db, course), caller)
  let query = visibleCourses(db, caller)
    .innerJoin('assignments', 'assignments.course_id', 'courses.id')
    .innerJoin('releases', 'releases.assignment_id', 'assignments.id')
    .innerJoin('users as releaser', 'releaser.id', 'releases.released_by')
    .innerJoin('trees', 'trees.id', 'releases.tree_id')
    .select(['assignments.id', 'courses.name as course', 'assignments.name as assignment'])
    .select(['releases.version', 'releases.released_at as releasedAt', 'releaser.name as releasedBy'])
    .select(treeColumns)
    .where('assignments.hidden_at', 'is', null)
    .where(eb => eb(eb('assignments.id', '+', 0), '>', after ?? 0)) // to be found by their course
    .where('releases.version', '=', eb =>
      eb
        .selectFrom('releases as newer')
        .select(newer => newer.fn.max('newer.version').as('version'))
        .whereRef('newer.assignment_id', '=', 'assignments.id'),
    )
    .orderBy(eb => eb('assignments.id', '+', 0))
    .limit(limit + 1)
  if (course !== undefined) query = query.where('courses.name', '=', course)
  if (assignment !== undefined) query = query.where('assignments.name', '=', assignment)
  const { items, next } = pageOf(await query.execute(), limit, row => row.id)
  const trees = await summarize(db, items)
  return { items: items.map((row, i) => ({ ...row, release: { ...row, tree: trees[i] ?? noTree } })), next }
}
