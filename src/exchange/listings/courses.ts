/** The list of courses. */
import type { Role } from '../../domain/membership.ts'
import type { Micros } from '../../domain/timestamp.ts'
import type { Caller, Exchange } from '../exchange.ts'
import { type Page, type PageInput, pageOf } from './pages.ts'
import { visibleCourses } from './visible-courses.ts'

export interface CourseEntry {
  readonly course: string
  /** Null for admins who neither teach nor take it. */
  readonly role: Role | null
  readonly createdAt: Micros
}

/** The courses that the caller teaches or takes, for admins all, by name. */
export async function listCourseEntries(
  exchange: Exchange,
  { caller, after, limit, course }: { caller: Caller; course?: string } & PageInput<string>,
): Promise<Page<CourseEntry, string>> {
  let query = visibleCourses(exchange.db.read, caller)
    .select(['courses.name as course', 'own.role', 'courses.created_at as createdAt'])
    .orderBy('courses.name')
    .limit(limit + 1)
  if (after !== undefined) query = query.where('courses.name', '>', after)
  if (course !== undefined) query = query.where('courses.name', '=', course)
  return pageOf(await query.execute(), limit, entry => entry.course)
}
