/** Courses. */
import { Type } from 'typebox'
import { Refusal } from '../../domain/errors.ts'
import { getCourseId } from '../../exchange/access.ts'
import { createCourse, hideCourse } from '../../exchange/courses.ts'
import type { Caller, Exchange } from '../../exchange/exchange.ts'
import { type CourseEntry, listCourseEntries } from '../../exchange/listings/courses.ts'
import type { V2App, V2Context } from './api.ts'
import { callerOf } from './callers.ts'
import { readCursor, writeCursor } from './cursors.ts'
import { answers, nothing, ofCourse, ofUsers } from './routes.ts'
import { Course, formatMoment, NewCourse, PageQuery, pageOf } from './schemas.ts'

const tags = ['courses']

export function registerCourses(app: V2App, { exchange }: V2Context): void {
  app.get(
    '/courses',
    {
      ...ofUsers,
      schema: {
        operationId: 'listCourses',
        summary: 'The courses that you teach or take; for admins all; by name',
        tags,
        querystring: Type.Object(PageQuery, { additionalProperties: false }),
        response: answers({ 200: pageOf(Course) }),
      },
    },
    async request => {
      const { limit = 100, cursor } = request.query
      const after = readCursor(cursor, 'string')
      const { items, next } = await listCourseEntries(exchange, { caller: callerOf(request), limit, after })
      return { items: items.map(told), next: writeCursor(next) }
    },
  )

  app.post(
    '/courses',
    {
      ...ofUsers,
      schema: {
        operationId: 'createCourse',
        summary: 'Create a course; for admins',
        tags,
        body: NewCourse,
        response: answers({ 201: Course }),
      },
    },
    async (request, reply) => {
      const { course, instructors = [] } = request.body
      const caller = callerOf(request)
      await createCourse(exchange, { caller, course, instructors })
      return reply.code(201).send(await getCourse(exchange, caller, course))
    },
  )

  app.get(
    '/courses/:course',
    {
      ...ofUsers,
      schema: {
        operationId: 'getCourse',
        summary: 'One course',
        tags,
        params: ofCourse,
        response: answers({ 200: Course }),
      },
    },
    request => getCourse(exchange, callerOf(request), request.params.course),
  )

  app.delete(
    '/courses/:course',
    {
      ...ofUsers,
      schema: {
        operationId: 'hideCourse',
        summary: 'Delete a course; for admins. It is kept for the retention period, and can be restored',
        tags,
        params: ofCourse,
        response: answers({ 204: nothing }),
      },
    },
    async (request, reply) => {
      await hideCourse(exchange, { caller: callerOf(request), course: request.params.course })
      return reply.code(204).send(null)
    },
  )
}

async function getCourse(exchange: Exchange, caller: Caller, course: string) {
  const { items } = await listCourseEntries(exchange, { caller, course, limit: 1 })
  const [entry] = items
  if (entry !== undefined) return told(entry)
  await getCourseId(exchange.db.read, course)
  throw new Refusal('not-related')
}

function told({ createdAt, ...entry }: CourseEntry) {
  return { ...entry, createdAt: formatMoment(createdAt) }
}
