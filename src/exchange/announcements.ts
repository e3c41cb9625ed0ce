/**
 * Submissions whose list of files has come, and whose files have not: the moment of the list becomes the submission's,
 * so that a slow line makes nobody late. The digest of the list holds its sender to every byte of the files.
 */
import type { Writer } from '../db/database.ts'
import type { Micros } from '../domain/timestamp.ts'

/** A submission as its list of files tells it. */
export interface Announcement {
  /** Who submits. */
  readonly callerId: number
  /** Whose submission it is. */
  readonly userId: number
  readonly assignmentId: number
  /** What the caller's client calls it. */
  readonly key: string
  /** Of the tree. */
  readonly digest: string
}

/** How long the files may be on their way. */
export const announcementLifeMs = 3_600_000

/** Of one caller; older ones are forgotten. */
const kept = 100

const lifeMicros = announcementLifeMs * 1000

/** Remembers when it came first, and returns that. With another tree or assignment, or too late, a key begins anew. */
export async function announce(trx: Writer, announced: Announcement & { at: Micros }): Promise<Micros> {
  const { callerId, userId, assignmentId, key, digest, at } = announced
  await trx
    .insertInto('announcements')
    .values({
      ...{ caller_id: callerId, user_id: userId, client_key: key },
      ...{ assignment_id: assignmentId, digest, announced_at: at },
    })
    .onConflict(conflict =>
      conflict
        .columns(['user_id', 'caller_id', 'client_key'])
        .doUpdateSet({ assignment_id: assignmentId, digest, announced_at: at })
        .where(eb =>
          eb.or([
            eb('announcements.assignment_id', '<>', assignmentId),
            eb('announcements.digest', '<>', digest),
            eb('announcements.announced_at', '<', at - lifeMicros),
          ]),
        ),
    )
    .execute()
  await trx
    .deleteFrom('announcements')
    .where('caller_id', '=', callerId)
    .where('announced_at', '<', eb =>
      eb
        .selectFrom('announcements as newer')
        .select('newer.announced_at')
        .where('newer.caller_id', '=', callerId)
        .orderBy('newer.announced_at', 'desc')
        .limit(1)
        .offset(kept - 1),
    )
    .execute()
  return (await find(trx, announced)) ?? at
}

/** When it was announced, once: what is complete is no longer announced. Null: it was not, or too long ago. */
export async function takeAnnouncement(
  trx: Writer,
  wanted: Announcement & { at: Micros },
): Promise<Micros | null> {
  const announcedAt = await find(trx, wanted)
  if (announcedAt === null) return null
  await trx
    .deleteFrom('announcements')
    .where('caller_id', '=', wanted.callerId)
    .where('user_id', '=', wanted.userId)
    .where('client_key', '=', wanted.key)
    .execute()
  return announcedAt
}

async function find(
  trx: Writer,
  { callerId, userId, assignmentId, key, digest, at }: Announcement & { at: Micros },
): Promise<Micros | null> {
  const row = await trx
    .selectFrom('announcements')
    .select('announced_at')
    .where('caller_id', '=', callerId)
    .where('user_id', '=', userId)
    .where('client_key', '=', key)
    .where('assignment_id', '=', assignmentId)
    .where('digest', '=', digest)
    .where('announced_at', '>=', at - lifeMicros)
    .where('announced_at', '<=', at)
    .executeTakeFirst()
  return row?.announced_at ?? null
}

/** Forgets those whose files never came. `before`: in microseconds. */
export async function dropAnnouncements(trx: Writer, before: Micros): Promise<void> {
  await trx.deleteFrom('announcements').where('announced_at', '<', before).execute()
}
