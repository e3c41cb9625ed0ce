/** The record of events: who may read it, the chain that shows tampering, and forgetting names. */
import type { Reader, Writer } from '../db/database.ts'
import type { Micros } from '../domain/timestamp.ts'
import { getCourseId, requireInstructor } from './access.ts'
import { digestActor, digestEvent, digestSeal, digestSubject } from './event-digests.ts'
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
  let query = db
    .selectFrom('events')
    .select(['id', 'at', 'actor', 'actor_kind as actorKind', 'address', 'action', 'result'])
    .select(['course', 'assignment', 'subject'])
    .where('id', '>', filter.afterId ?? 0)
  for (const column of ['course', 'assignment', 'action', 'result'] as const) {
    const value = filter[column]
    if (value !== undefined) query = query.where(column, '=', value)
  }
  const { user, since, until } = filter
  if (user !== undefined) query = query.where(eb => eb.or([eb('actor', '=', user), eb('subject', '=', user)]))
  if (since !== undefined) query = query.where('at', '>=', since)
  if (until !== undefined) query = query.where('at', '<', until)
  return query.orderBy('id').limit(Math.min(limit, maxPage)).execute()
}

/** A course's, for its instructors and admins. @throws Refusal `course-not-found`, `not-instructor` */
export async function listCourseEvents(
  exchange: Exchange,
  input: { caller: Caller; course: string; filter: Omit<HistoryFilter, 'course'>; limit?: number },
): Promise<HistoryEvent[]> {
  const db = exchange.db.read
  await requireInstructor(db, await getCourseId(db, input.course), input.caller)
  return selectEvents(db, { ...input.filter, course: input.course }, input.limit)
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

const sealBatch = 2000

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
async function lastMadeSealId(db: Reader): Promise<number> {
  const chain = await db.selectFrom('event_chain').select('last_seal_id').executeTakeFirst()
  return chain?.last_seal_id ?? 0
}

export interface HistoryFault {
  /** The event, or the last one of the stretch. */
  readonly eventId: number
  /**
   * `changed`: the event is not as it was written. `name-changed`: nor are its names. `chain-broken`: events up to
   * this one, since the link before, were added, removed, or changed together with their digests.
   */
  readonly kind: 'changed' | 'name-changed' | 'chain-broken'
}

export interface HistoryCheck {
  readonly events: number
  readonly seals: number
  /** The latest link: kept elsewhere, it shows later whether the chain up to it was made anew. */
  readonly head: string | null
  readonly faults: readonly HistoryFault[]
}

/** Reads the whole record, a stretch at a time, and says what in it is not as it was written. */
export async function verifyHistory(db: Reader): Promise<HistoryCheck> {
  const faults: HistoryFault[] = []
  let events = 0
  let seals = 0
  let previous = { id: 0, last_event_id: 0, hash: '' }
  const lastMade = await lastMadeSealId(db)
  for (;;) {
    const seal = await db
      .selectFrom('event_seals')
      .selectAll()
      .where('id', '>', previous.id)
      .orderBy('id')
      .limit(1)
      .executeTakeFirst()
    if (seal === undefined) break
    const stretch = await selectStretch(db, previous.last_event_id, seal.last_event_id)
    events += stretch.length
    for (const event of stretch) faults.push(...faultsOf(event))
    seals++
    const { hash, sealed_at: sealedAt, event_count: eventCount } = seal
    const isWhole = digestSeal({ previous: previous.hash, sealedAt, eventCount }, stretch) === hash
    if (!isWhole || seal.id !== previous.id + 1) {
      faults.push({ eventId: seal.last_event_id, kind: 'chain-broken' })
    }
    previous = seal
  }
  // Links that a running server adds from here on are over events that are looked at here.
  let lastId = previous.last_event_id
  for (;;) {
    const stretch = await selectStretch(db, lastId)
    events += stretch.length
    for (const event of stretch) faults.push(...faultsOf(event))
    lastId = stretch.at(-1)?.id ?? lastId
    if (stretch.length < sealBatch) break
  }
  if (previous.id < lastMade) faults.push({ eventId: lastId, kind: 'chain-broken' })
  return { events, seals, head: previous.hash === '' ? null : previous.hash, faults }
}

/** Without an end: what is not sealed yet. */
async function selectStretch(db: Reader, after: number, upTo?: number) {
  const query = db.selectFrom('events').selectAll().where('id', '>', after).orderBy('id')
  return upTo === undefined ? query.limit(sealBatch).execute() : query.where('id', '<=', upTo).execute()
}

type EventRow = Awaited<ReturnType<typeof selectStretch>>[number]

function faultsOf(event: EventRow): HistoryFault[] {
  const faults: HistoryFault[] = []
  if (digestEvent(event) !== event.digest) faults.push({ eventId: event.id, kind: 'changed' })
  const { actor, actor_salt, address, subject, subject_salt } = event
  const isActorWrong =
    actor === null || actor_salt === null
      ? actor !== actor_salt || address !== null
      : digestActor(actor_salt, actor, address) !== event.actor_digest
  const isSubjectWrong =
    subject === null || subject_salt === null
      ? subject !== subject_salt
      : digestSubject(subject_salt, subject) !== event.subject_digest
  if (isActorWrong || isSubjectWrong) faults.push({ eventId: event.id, kind: 'name-changed' })
  return faults
}

/** Remembers what someone was called, so that erasing them later forgets that name, too. */
export async function rememberFormerName(
  trx: Writer,
  input: { userId: number; name: string; at: Micros },
): Promise<void> {
  await trx
    .insertInto('former_names')
    .values({ user_id: input.userId, name: input.name, until: input.at })
    .onConflict(conflict => conflict.columns(['user_id', 'name']).doUpdateSet({ until: input.at }))
    .execute()
}

/**
 * Takes someone's names, present and former, and their addresses out of the record. That the events happened stays, and
 * can still be checked.
 */
export async function forgetIdentities(trx: Writer, userId: number, names: readonly string[]): Promise<void> {
  const former = await trx.selectFrom('former_names').select('name').where('user_id', '=', userId).execute()
  const all = [...new Set([...names, ...former.map(row => row.name)])]
  await trx
    .updateTable('events')
    .set({ actor: null, address: null, actor_salt: null })
    .where('actor', 'in', all)
    .where('actor_kind', '=', 'user')
    .execute()
  await trx
    .updateTable('events')
    .set({ subject: null, subject_salt: null })
    .where('subject', 'in', all)
    .execute()
  await trx.deleteFrom('former_names').where('user_id', '=', userId).execute()
}
