/** The record of events: who may read it, and the chain that shows tampering. */
import type { Reader } from '../db/database.ts'
import type { Micros } from '../domain/timestamp.ts'
import { getCourseId, requireInstructor } from './access.ts'
import { digestSeal } from './event-digests.ts'
import type { Caller, Exchange } from './exchange.ts'

/** One event as it is told. Names are null once they were forgotten. */
export interface HistoryEvent {
  readonly id: number
  readonly at: Micros
  readonly actor: string | null
  readonly actorKind: 'user' | 'service'
  readonly address: string | null
  readonly action: string
  /** `done`, or the code of the refusal. */
  readonly result: string
  readonly course: string | null
  readonly assignment: string | null
  readonly subject: string | null
}

/** All are optional, and all that are given must hold. */
export interface HistoryFilter {
  readonly course?: string
  readonly assignment?: string
  /** Who did it, or whom it was done to. */
  readonly user?: string
  readonly action?: string
  readonly result?: string
  /** Moments; `since` inclusive, `until` exclusive. */
  readonly since?: Micros
  readonly until?: Micros
  /** Only later ones than this. */
  readonly afterId?: number
}

const maxPage = 1000

/** Oldest first. */
export async function selectEvents(
  db: Reader,
  filter: HistoryFilter,
  limit: number = maxPage,
): Promise<HistoryEvent[]> {
  const { user } = filter
  const count = Math.min(limit, maxPage)
  const matching = matchingEvents(db, filter).orderBy('id').limit(count)
  if (user === undefined) return matching.execute()
  // Each half in the order of an index: asked for both at once, the database would gather and sort all that anybody
  // ever did, for every page.
  const done = db.selectFrom(matching.where('actor', '=', user).as('done')).selectAll()
  const undergone = db.selectFrom(matching.where('subject', '=', user).as('undergone')).selectAll()
  return db.selectFrom(done.union(undergone).as('theirs')).selectAll().orderBy('id').limit(count).execute()
}

/** Whoever they are of. */
function matchingEvents(db: Reader, filter: HistoryFilter) {
  let query = db
    .selectFrom('events')
    .select(['id', 'at', 'actor', 'actor_kind as actorKind', 'address', 'action', 'result'])
    .select(['course', 'assignment', 'subject'])
    .where('id', '>', filter.afterId ?? 0)
  for (const column of ['course', 'assignment', 'action', 'result'] as const) {
    const value = filter[column]
    if (value !== undefined) query = query.where(column, '=', value)
  }
  const { since, until } = filter
  if (since !== undefined) query = query.where('at', '>=', since)
  if (until !== undefined) query = query.where('at', '<', until)
  return query
}

/**
 * A course's, for its instructors and admins. What happened to an older course of that name, which is gone, is for admins
 * alone. @throws Refusal `course-not-found`, `not-instructor`
 */
export async function listCourseEvents(
  exchange: Exchange,
  input: { caller: Caller; course: string; filter: Omit<HistoryFilter, 'course'>; limit?: number },
): Promise<HistoryEvent[]> {
  const db = exchange.db.read
  const { caller, course, filter, limit } = input
  const courseId = await getCourseId(db, course)
  await requireInstructor(db, courseId, caller)
  const since = Math.max(filter.since ?? 0, caller.isAdmin ? 0 : await createdAt(db, courseId))
  return selectEvents(db, { ...filter, course, since }, limit)
}

async function createdAt(db: Reader, courseId: number): Promise<Micros> {
  const { created_at } = await db
    .selectFrom('courses')
    .select('created_at')
    .where('id', '=', courseId)
    .executeTakeFirstOrThrow()
  return created_at
}

/** What one did, and what was done to one. Others' addresses are theirs. */
export async function listOwnEvents(
  exchange: Exchange,
  input: { caller: Caller; filter: Omit<HistoryFilter, 'user'>; limit?: number },
): Promise<HistoryEvent[]> {
  const { name } = input.caller
  const events = await selectEvents(exchange.db.read, { ...input.filter, user: name }, input.limit)
  return events.map(event => (event.actor === name ? event : { ...event, address: null }))
}

/** So many events are under one link at most. */
export const sealBatch = 2000

/** Adds a link to the chain over the events since the last one. Returns how many it sealed. */
export async function sealEvents(exchange: Exchange): Promise<number> {
  const { db } = exchange
  const upTo = await db.settledEventId()
  if ((await selectUnsealed(db.read, { upTo, limit: 1 })).length === 0) return 0
  return db.write(async trx => {
    const events = await selectUnsealed(trx, { upTo, limit: sealBatch })
    const last = events.at(-1)
    if (last === undefined) return 0
    const sealedAt = exchange.clock()
    const eventCount = events.length
    const previous = await lastSeal(trx)
    const id = Math.max(previous?.id ?? 0, await lastMadeSealId(trx)) + 1
    // Two that seal at once both change this row: one of them begins again.
    await trx.updateTable('event_chain').set({ last_seal_id: id }).execute()
    await trx
      .insertInto('event_seals')
      .values({
        id,
        last_event_id: last.id,
        event_count: eventCount,
        hash: digestSeal({ previous: previous?.hash ?? '', sealedAt, eventCount }, events),
        sealed_at: sealedAt,
      })
      .execute()
    return events.length
  })
}

async function selectUnsealed(
  db: Reader,
  { upTo, limit }: { upTo: number; limit: number },
): Promise<{ id: number; digest: string }[]> {
  const from = (await lastSeal(db))?.last_event_id ?? 0
  return db
    .selectFrom('events')
    .select(['id', 'digest'])
    .where('id', '>', from)
    .where('id', '<=', upTo)
    .orderBy('id')
    .limit(limit)
    .execute()
}

function lastSeal(db: Reader) {
  return db
    .selectFrom('event_seals')
    .select(['id', 'last_event_id', 'hash'])
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
}

/** The id of the newest link that was ever made, also if it is no longer there. */
export async function lastMadeSealId(db: Reader): Promise<number> {
  const chain = await db.selectFrom('event_chain').select('last_seal_id').executeTakeFirst()
  return chain?.last_seal_id ?? 0
}
