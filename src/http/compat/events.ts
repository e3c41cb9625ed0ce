/** Ours: `events` (one's own) and `events/<course>` (for its instructors). */
import { formatTimestamp, parseTimestamp } from '../../domain/timestamp.ts'
import type { Exchange } from '../../exchange/exchange.ts'
import {
  type HistoryEvent,
  type HistoryFilter,
  listCourseEvents,
  listOwnEvents,
} from '../../exchange/history.ts'
import type { Form } from '../form/form.ts'
import { InvalidArgument } from './invalid-argument.ts'
import type { Operation } from './operation.ts'

export function getOwnEvents(exchange: Exchange): Operation {
  return {
    access: 'user',
    async handle({ caller, form }) {
      return page(await listOwnEvents(exchange, { caller, ...askedFor(form) }))
    },
  }
}

export function getCourseEvents(exchange: Exchange): Operation {
  return {
    access: 'user',
    async handle({ caller, ids, form }) {
      return page(await listCourseEvents(exchange, { caller, course: ids.course, ...askedFor(form) }))
    },
  }
}

const defaultLimit = 100

/** Filters of the query: `assignment`, `student`, `action`, `since`, `until`, `after` (an event's id), `limit`. */
function askedFor(form: Form): { filter: HistoryFilter; limit: number } {
  const text = (name: string) => form.queryArgument(name) || undefined
  const moment = (name: string) => {
    const given = text(name)
    if (given === undefined) return undefined
    const at = parseTimestamp(given)
    if (at === null) throw new InvalidArgument('Time format incorrect')
    return at
  }
  const number = (name: string) => {
    const given = text(name)
    if (given !== undefined && !/^\d{1,15}$/.test(given))
      throw new InvalidArgument(`${name} should be a number`)
    return given === undefined ? undefined : Number(given)
  }
  const filter = {
    assignment: text('assignment'),
    user: text('student'),
    action: text('action'),
    since: moment('since'),
    until: moment('until'),
    afterId: number('after'),
  }
  const given = Object.entries(filter).filter(([, value]) => value !== undefined)
  return { filter: Object.fromEntries(given), limit: number('limit') ?? defaultLimit }
}

function page(events: readonly HistoryEvent[]) {
  return { events: events.map(event => ({ ...event, at: formatTimestamp(event.at) })) }
}
