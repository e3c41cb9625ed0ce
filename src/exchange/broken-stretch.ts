/** What can be said of a stretch of events that does not fit the link over it. */
import { digestSeal } from './event-digests.ts'

export interface Stretch {
  /** The link before it; empty for the first. */
  readonly previous: string
  readonly sealedAt: number
  /** How many events there were. */
  readonly eventCount: number
  readonly hash: string
  /** Ids of all events that may be in it: later than this one, up to that one. */
  readonly after: number
  readonly upTo: number
  readonly events: readonly DigestedEvent[]
}

interface DigestedEvent {
  readonly id: number
  readonly digest: string
}

export type StretchFault =
  /** All events with these ids; they are as many as there should be more. */
  | { readonly kind: 'removed'; readonly eventId: number; readonly lastEventId: number }
  /** All that have these ids: without them the stretch fits its link. */
  | { readonly kind: 'added'; readonly eventId: number; readonly lastEventId: number }
  /** Each has the place of the other: the other way round the stretch fits its link. */
  | { readonly kind: 'swapped'; readonly eventId: number; readonly otherEventId: number }

/** How many events may still be hashed in search of what happened. */
export interface Effort {
  left: number
}

/** Whether it is as it was when it got its link. */
export function fitsLink({ previous, sealedAt, eventCount, hash, events }: Stretch): boolean {
  return digestSeal({ previous, sealedAt, eventCount }, events) === hash
}

/** What was done to it, where that can be told for certain; nothing where it cannot. */
export function explainStretch(stretch: Stretch, effort: Effort): StretchFault[] {
  const lacking = stretch.eventCount - stretch.events.length
  if (lacking > 0) return removedFrom(stretch, lacking)
  return lacking < 0 ? addedTo(stretch, -lacking, effort) : swappedIn(stretch, effort)
}

function removedFrom({ after, upTo, events }: Stretch, count: number): StretchFault[] {
  const runs: { kind: 'removed'; eventId: number; lastEventId: number }[] = []
  let next = after + 1
  for (const id of [...events.map(event => event.id), upTo + 1]) {
    if (id > next) runs.push({ kind: 'removed', eventId: next, lastEventId: id - 1 })
    next = id + 1
  }
  const gone = runs.reduce((sum, { eventId, lastEventId }) => sum + lastEventId - eventId + 1, 0)
  return gone === count ? runs : [] // an engine may leave out ids by itself
}

/** One after the other, as whoever adds them would. */
function addedTo(stretch: Stretch, count: number, effort: Effort): StretchFault[] {
  const { events } = stretch
  for (let from = 0; from + count <= events.length && spend(effort, events.length); from++) {
    if (!fitsLink({ ...stretch, events: events.toSpliced(from, count) })) continue
    const eventId = events[from]?.id ?? 0
    return [{ kind: 'added', eventId, lastEventId: events[from + count - 1]?.id ?? eventId }]
  }
  return []
}

function swappedIn(stretch: Stretch, effort: Effort): StretchFault[] {
  const { events } = stretch
  if ((events.length ** 2 / 2) * events.length > effort.left) return []
  for (const [at, one] of events.entries()) {
    for (const [further, other] of events.slice(at + 1).entries()) {
      spend(effort, events.length)
      const right = events
        .with(at, { id: one.id, digest: other.digest })
        .with(at + 1 + further, { id: other.id, digest: one.digest })
      if (fitsLink({ ...stretch, events: right })) {
        return [{ kind: 'swapped', eventId: one.id, otherEventId: other.id }]
      }
    }
  }
  return []
}

/** False when there is nothing left. */
function spend(effort: Effort, events: number): boolean {
  effort.left -= events
  return effort.left >= 0
}
