/** Files of the content store that no row points at: left behind by uploads that a crash cut off. */
import type { ContentStore } from '../content/content-store.ts'
import { sha256Of } from '../content/locations.ts'
import type { Reader } from '../db/database.ts'
import { recordEvent } from './events.ts'
import { type Caller, type Exchange, housekeeper } from './exchange.ts'

/** Removes those that are older than that moment, in milliseconds. Returns how many. */
export async function sweepContent(
  exchange: Exchange,
  options: { olderThan: number; caller?: Caller; signal?: AbortSignal },
): Promise<number> {
  const { caller = housekeeper } = options
  const removed = await removeLeftovers(exchange.content, { rows: [exchange.db.read], ...options })
  if (removed > 0) await recordSweep(exchange, caller)
  return removed
}

/** How many placed files `sweepContent` would remove. */
export async function countLeftovers(
  { db, content }: Exchange,
  { olderThan }: { olderThan: number },
): Promise<number> {
  let count = 0
  for await (const _ of leftovers(content, { rows: [db.read], olderThan })) count++
  return count
}

/** That leftovers were removed; how many says who removed them. */
export async function recordSweep(exchange: Exchange, caller: Caller): Promise<void> {
  await exchange.db.write(trx => recordEvent(trx, { at: exchange.clock(), caller, action: 'sweep' }))
}

/** As `sweepContent`, for a store that several databases share. */
export async function removeLeftovers(
  content: ContentStore,
  options: { rows: readonly Reader[]; olderThan: number; signal?: AbortSignal },
): Promise<number> {
  let removed = await content.removeUnplacedBefore(options.olderThan)
  for await (const location of leftovers(content, options)) {
    options.signal?.throwIfAborted()
    await content.remove(location)
    removed++
  }
  return removed
}

/** Whether a row of any of the databases has precisely this location. */
export async function isReferenced(databases: readonly Reader[], location: string): Promise<boolean> {
  return (await referencedOf(databases, [location])).has(location)
}

const lookedUpAtOnce = 200

/** Placed files. A location is given once, so nobody can come to need one of them later. */
async function* leftovers(
  content: ContentStore,
  { rows, olderThan, signal }: { rows: readonly Reader[]; olderThan: number; signal?: AbortSignal },
): AsyncGenerator<string> {
  let batch: string[] = []
  async function* unreferenced(): AsyncGenerator<string> {
    const referenced = await referencedOf(rows, batch)
    for (const location of batch) if (!referenced.has(location)) yield location
    batch = []
  }
  for await (const location of content.placedBefore(olderThan)) {
    signal?.throwIfAborted()
    batch.push(location)
    if (batch.length === lookedUpAtOnce) yield* unreferenced()
  }
  if (batch.length > 0) yield* unreferenced()
}

/** Those of these locations that a row of any of the databases has. */
async function referencedOf(
  databases: readonly Reader[],
  locations: readonly string[],
): Promise<Set<string | null>> {
  const referenced = new Set<string | null>()
  const sha256s = locations.map(sha256Of)
  for (const db of databases) {
    const rows = await db.selectFrom('blobs').select('location').where('sha256', 'in', sha256s).execute()
    for (const row of rows) referenced.add(row.location)
  }
  return referenced
}
