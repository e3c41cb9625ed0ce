/** Reads the record of events back, and says what in it is not as it was written. */
import type { Reader } from '../db/database.ts'
import { type Effort, explainStretch, fitsLink, type StretchFault } from './broken-stretch.ts'
import { digestActor, digestEvent, digestSubject } from './event-digests.ts'
import { lastMadeSealId, sealBatch } from './history.ts'

export type HistoryFault =
  /** The event is not as it was written. `name-changed`: nor are its names. */
  | { readonly kind: 'changed' | 'name-changed'; readonly eventId: number }
  | StretchFault
  /**
   * Events from the first to this one, which are under one link, were added, removed, or changed together with their
   * digests; or the link was.
   */
  | { readonly kind: 'chain-broken'; readonly eventId: number; readonly firstEventId: number }
  /** No link is the one that was kept elsewhere: the chain was made anew, or is an older copy. */
  | { readonly kind: 'head-not-found'; readonly eventId: null }

export interface HistoryCheck {
  readonly events: number
  readonly seals: number
  /** The latest link: kept elsewhere, it shows later whether the chain up to it was made anew. */
  readonly head: string | null
  readonly faults: readonly HistoryFault[]
}

/** Some ten seconds of hashing. */
const effortAtMost = 20_000_000

interface Options {
  /** A link that was kept elsewhere. */
  readonly head?: string
  progress?(events: number): void
}

/** A stretch at a time. */
export async function verifyHistory(db: Reader, { head, progress }: Options = {}): Promise<HistoryCheck> {
  const faults: HistoryFault[] = []
  const effort: Effort = { left: effortAtMost }
  let events = 0
  let seals = 0
  let mayExplain = true
  let isHeadFound = head === undefined
  let previous = { id: 0, last_event_id: 0, hash: '' }
  const lastMade = await lastMadeSealId(db)
  for (;;) {
    const seal = await nextSeal(db, previous.id)
    if (seal === undefined) break
    const rows = await selectStretch(db, previous.last_event_id, seal.last_event_id)
    events += rows.length
    for (const event of rows) faults.push(...faultsOf(event))
    progress?.(events)
    seals++
    isHeadFound ||= seal.hash === head
    const stretch = {
      ...{ previous: previous.hash, sealedAt: seal.sealed_at, eventCount: seal.event_count, hash: seal.hash },
      ...{ after: previous.last_event_id, upTo: seal.last_event_id, events: rows },
    }
    const isNext = seal.id === previous.id + 1
    if (!isNext || !fitsLink(stretch)) {
      const explained: StretchFault[] = isNext && mayExplain ? explainStretch(stretch, effort) : []
      const [eventId, firstEventId] = [seal.last_event_id, previous.last_event_id + 1]
      if (explained.length === 0) faults.push({ kind: 'chain-broken', eventId, firstEventId })
      else faults.push(...explained)
      mayExplain = explained.length > 0 // otherwise it may be the end of this link that is wrong
    } else {
      mayExplain = true
    }
    previous = seal
  }
  // Links that a running server adds from here on are over events that are looked at here.
  let lastId = previous.last_event_id
  for (;;) {
    const rows = await selectStretch(db, lastId)
    events += rows.length
    for (const event of rows) faults.push(...faultsOf(event))
    lastId = rows.at(-1)?.id ?? lastId
    if (rows.length < sealBatch) break
  }
  if (previous.id < lastMade) {
    faults.push({ kind: 'chain-broken', eventId: lastId, firstEventId: previous.last_event_id + 1 })
  }
  if (!isHeadFound) faults.push({ kind: 'head-not-found', eventId: null })
  return { events, seals, head: previous.hash === '' ? null : previous.hash, faults }
}

function nextSeal(db: Reader, after: number) {
  return db
    .selectFrom('event_seals')
    .selectAll()
    .where('id', '>', after)
    .orderBy('id')
    .limit(1)
    .executeTakeFirst()
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
