/** Work that nobody waits for: what was deleted long ago goes for good, and what failed uploads left behind. */
import type { Reader, Writer } from '../db/database.ts'
import { announcementLifeMs, dropAnnouncements } from './announcements.ts'
import { type Duty, startDuty } from './duty.ts'
import { recordEvent } from './events.ts'
import { type Caller, type Exchange, housekeeper } from './exchange.ts'
import type { Leases } from './leases.ts'
import { sweepContent } from './leftovers.ts'
import { dropBlobs, dropUploads, uploadLifeMs } from './uploads.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** Far longer than an upload takes between its first byte and its row. */
const graceMs = dayMs
/** Purged in one transaction, so that nobody waits long for it. */
const purgeBatch = 20

/** Where the outcome is told. */
interface Log {
  debug(facts: object, message: string): void
  info(facts: object, message: string): void
  error(facts: object, message: string): void
}

/** Every hour; once a day, what looks at every file. `retentionDays` null: what was deleted is kept for good. */
export function startHousekeeping(
  exchange: Exchange,
  options: { leases: Leases; retentionDays: number | null; logger: Log },
): Duty {
  const { leases, retentionDays, logger } = options
  let sweptAt = Number.NEGATIVE_INFINITY
  return startDuty(exchange, {
    lease: leases.want('housekeeping'),
    everyMs: hourMs,
    async round(guarded, signal) {
      if (retentionDays !== null) {
        const hiddenBefore = Date.now() - retentionDays * dayMs
        const purged = await purgeHidden(guarded, { hiddenBefore, signal })
        if (purged > 0) logger.info({ purged }, 'purged assignments whose retention period is over')
      }
      await dropOldUploads(guarded)
      await dropOldAnnouncements(guarded)
      if (performance.now() - sweptAt >= dayMs) {
        const swept = await sweepContent(guarded, { olderThan: Date.now() - graceMs, signal })
        if (swept > 0) logger.info({ swept }, 'removed files that failed uploads had left behind')
        sweptAt = performance.now()
      }
      logger.debug({}, 'housekeeping has ended a round')
    },
    failed: error => logger.error({ err: error }, 'housekeeping failed; it is tried again in an hour'),
  })
}

/**
 * Deletes for good the assignments that were hidden (themselves, or with their course) before that moment, in
 * milliseconds, and courses that are empty then. Returns how many assignments went.
 */
export async function purgeHidden(
  exchange: Exchange,
  options: {
    hiddenBefore: number
    caller?: Caller
    signal?: AbortSignal
    progress?: (purged: number) => void
  },
): Promise<number> {
  const { caller = housekeeper } = options
  const before = options.hiddenBefore * 1000
  let purged = 0
  for (;;) {
    options.signal?.throwIfAborted()
    const { count, locations } = await exchange.db.write(async trx => {
      const assignments = await hiddenAssignments(trx, before)
        .select(['assignments.id', 'assignments.name as assignment', 'courses.name as course'])
        .limit(purgeBatch)
        .execute()
      const gone: string[] = []
      for (const { id, course, assignment } of assignments) {
        gone.push(...(await purgeAssignment(trx, id)))
        const at = exchange.clock()
        await recordEvent(trx, { at, caller, action: 'purge-assignment', course, assignment })
      }
      if (assignments.length < purgeBatch) {
        for (const course of await purgeEmptyCourses(trx, before)) {
          await recordEvent(trx, { at: exchange.clock(), caller, action: 'purge-course', course })
        }
      }
      return { count: assignments.length, locations: gone }
    })
    for (const location of locations) await exchange.content.remove(location)
    purged += count
    options.progress?.(purged)
    if (count < purgeBatch) return purged
  }
}

/** Files whose tree never came. */
async function dropOldUploads(exchange: Exchange): Promise<void> {
  const before = exchange.clock() - uploadLifeMs * 1000
  const locations = await exchange.db.write(trx => dropUploads(trx, before))
  for (const location of locations) await exchange.content.remove(location)
}

/** Submissions whose files never came. */
export async function dropOldAnnouncements(exchange: Exchange): Promise<void> {
  const before = exchange.clock() - announcementLifeMs * 1000
  await exchange.db.write(trx => dropAnnouncements(trx, before))
}

/** How many assignments `purgeHidden` would delete. */
export async function countHidden(exchange: Exchange, options: { hiddenBefore: number }): Promise<number> {
  const { count } = await hiddenAssignments(exchange.db.read, options.hiddenBefore * 1000)
    .select(eb => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return count
}

/** Hidden before that moment, in microseconds: themselves, or with their course. */
function hiddenAssignments(db: Reader, before: number) {
  return db
    .selectFrom('assignments')
    .innerJoin('courses', 'courses.id', 'assignments.course_id')
    .where(eb => eb.or([eb('assignments.hidden_at', '<', before), eb('courses.hidden_at', '<', before)]))
}

/** Returns the locations of blobs that nothing uses any more; their rows are gone. */
export async function purgeAssignment(trx: Writer, assignmentId: number): Promise<string[]> {
  const submissions = trx.selectFrom('submissions').select('id').where('assignment_id', '=', assignmentId)
  const trees = [
    ...(await trx
      .selectFrom('releases')
      .select('tree_id')
      .where('assignment_id', '=', assignmentId)
      .execute()),
    ...(await trx
      .selectFrom('submissions')
      .select('tree_id')
      .where('assignment_id', '=', assignmentId)
      .execute()),
    ...(await trx
      .selectFrom('feedback')
      .select('tree_id')
      .where('submission_id', 'in', submissions)
      .execute()),
  ]
  await trx.deleteFrom('feedback').where('submission_id', 'in', submissions).execute()
  await trx.deleteFrom('submissions').where('assignment_id', '=', assignmentId).execute()
  await trx.deleteFrom('releases').where('assignment_id', '=', assignmentId).execute()
  await trx.deleteFrom('assignments').where('id', '=', assignmentId).execute()
  const locations: string[] = []
  for (const { tree_id } of trees) locations.push(...(await purgeTree(trx, tree_id)))
  return locations
}

/** Returns the locations of blobs that nothing uses any more; their rows are gone. */
export async function purgeTree(trx: Writer, treeId: number): Promise<string[]> {
  const files = await trx.selectFrom('tree_files').select('blob_id').where('tree_id', '=', treeId).execute()
  await trx.deleteFrom('tree_files').where('tree_id', '=', treeId).execute()
  await trx.deleteFrom('trees').where('id', '=', treeId).execute()
  return dropBlobs(
    trx,
    files.map(file => file.blob_id),
  )
}

/** Returns their names. */
async function purgeEmptyCourses(trx: Writer, before: number): Promise<string[]> {
  const courses = trx
    .selectFrom('courses')
    .leftJoin('assignments', 'assignments.course_id', 'courses.id')
    .select(['courses.id', 'courses.name'])
    .where('courses.hidden_at', '<', before)
    .where('assignments.id', 'is', null)
  const empty = await courses.execute()
  const ids = empty.map(course => course.id)
  if (ids.length === 0) return []
  await trx.deleteFrom('members').where('course_id', 'in', ids).execute()
  await trx.deleteFrom('courses').where('id', 'in', ids).execute()
  return empty.map(course => course.name)
}
