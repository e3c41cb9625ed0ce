/** The record of events: a course's for its instructors, one's own for everyone. */
import { Type } from 'typebox'
import { parseTimestamp } from '../../domain/timestamp.ts'
import {
  type HistoryEvent,
  type HistoryFilter,
  listCourseEvents,
  listOwnEvents,
} from '../../exchange/history.ts'
import type { V2App, V2Context } from './api.ts'
import { callerOf } from './callers.ts'
import { readCursor, writeCursor } from './cursors.ts'
import { InvalidRequest } from './problems.ts'
import { answers, ofUsers } from './routes.ts'
import { Event, formatMoment, Name, PageQuery, pageOf } from './schemas.ts'

const moment = Type.Optional(Type.String({ maxLength: 40, description: 'RFC 3339' }))

export function registerEvents(app: V2App, { exchange }: V2Context): void {
  app.get(
    '/events',
    {
      ...ofUsers,
      schema: {
        operationId: 'listEvents',
        summary:
          'With `course` what happened in a course that you teach; without, what you did and was done to you',
        tags: ['events'],
        querystring: Type.Object(
          {
            course: Type.Optional(Name),
            assignment: Type.Optional(Name),
            student: Type.Optional(
              Type.String({ ...Name, description: 'With `course`: of this person alone' }),
            ),
            action: Type.Optional(Type.String({ maxLength: 100 })),
            since: moment,
            until: moment,
            ...PageQuery,
          },
          { additionalProperties: false },
        ),
        response: answers({ 200: pageOf(Event) }),
      },
    },
    async request => {
      const { limit = 100, cursor, course, student, since, until, ...texts } = request.query
      const caller = callerOf(request)
      const filter: HistoryFilter = given({
        ...texts,
        user: student,
        since: momentOf(since, 'since'),
        until: momentOf(until, 'until'),
        afterId: readCursor(cursor, 'number'),
      })
      const events =
        course === undefined
          ? await listOwnEvents(exchange, { caller, filter, limit })
          : await listCourseEvents(exchange, { caller, course, filter, limit })
      const next = events.length < limit ? null : (events.at(-1)?.id ?? null)
      return { items: events.map(told), next: writeCursor(next) }
    },
  )
}

function momentOf(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined
  const at = parseTimestamp(text)
  if (at === null) throw new InvalidRequest(`${name} is no moment`)
  return at
}

function given(filter: Record<string, string | number | undefined>): HistoryFilter {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined))
}

function told({ at, ...event }: HistoryEvent) {
  return { ...event, at: formatMoment(at) }
}
