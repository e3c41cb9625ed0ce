/**
 * What shows that an event was tampered with. Names are apart from the facts, each salted: they can be forgotten, and
 * the rest still be checked.
 */
import { hash, randomUUID } from 'node:crypto'

export interface EventFacts {
  readonly at: number
  readonly action: string
  readonly result: string
  readonly course: string | null
  readonly assignment: string | null
  readonly actor_kind: string
  readonly actor_digest: string
  readonly subject_digest: string | null
}

/** 122 bits that nobody can guess, which Node has at hand many at a time. */
export function newSalt(): string {
  return randomUUID().replaceAll('-', '')
}

export function digestActor(salt: string, name: string, address: string | null): string {
  return sha256([salt, name, address])
}

export function digestSubject(salt: string, name: string): string {
  return sha256([salt, name])
}

export function digestEvent(facts: EventFacts): string {
  const { at, action, result, course, assignment, actor_kind, actor_digest, subject_digest } = facts
  return sha256([at, action, result, course, assignment, actor_kind, actor_digest, subject_digest])
}

/** One link of the chain: over the one before it, its moment, and the events since, how many and each with its id. */
export function digestSeal(
  { previous, sealedAt, eventCount }: { previous: string; sealedAt: number; eventCount: number },
  events: readonly { id: number; digest: string }[],
): string {
  return sha256([previous, sealedAt, eventCount, ...events.flatMap(({ id, digest }) => [id, digest])])
}

function sha256(parts: readonly (string | number | null)[]): string {
  return hash('sha256', JSON.stringify(parts), 'hex')
}
