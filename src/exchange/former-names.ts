/** Who was called what, and when: names change hands, and the record of events knows people by their names alone. */
import type { Reader, Writer } from '../db/database.ts'
import type { Micros } from '../domain/timestamp.ts'

/** Events with this name in this time are about one person. */
export interface NamePeriod {
  readonly name: string
  /** Inclusive. */
  readonly from: Micros
  /** Exclusive; null: until now, and whatever comes. */
  readonly before: Micros | null
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

interface User {
  readonly id: number
  readonly name: string
  readonly created_at: Micros
}

/** All names of one person, those of accounts that were merged into theirs, too, each with its time. */
export async function namePeriodsOf(db: Reader, userId: number): Promise<NamePeriod[]> {
  const user = await db
    .selectFrom('users')
    .select(['id', 'name', 'created_at'])
    .where('id', '=', userId)
    .executeTakeFirstOrThrow()
  const periods = await trace(db, user, { name: user.name, left: null, createdAt: user.created_at })
  const former = await db.selectFrom('former_names').selectAll().where('user_id', '=', userId).execute()
  for (const { name, until } of former) {
    // Its events were forgotten, or never written.
    if (periods.some(period => period.name === name)) continue
    periods.push({ name, from: 0, before: await nextOwnerSince(db, user, { name, left: until }) })
  }
  return periods
}

/** From the time when they left that name (null: they have it) back to the day on which they came. */
async function trace(
  db: Reader,
  user: User,
  { name, left, createdAt }: { name: string; left: Micros | null; createdAt: Micros | null },
): Promise<NamePeriod[]> {
  const renamings = (await renamingsOf(db, name)).filter(({ at }) => left === null || at < left)
  const lastLeft = renamings.findLast(({ action }) => action === 'rename-user' || action === 'merge-user')
  const lastCame = renamings.findLast(({ action }) => action === 'rename-user-to')
  const came = lastCame !== undefined && lastCame.at > (lastLeft?.at ?? -1) ? lastCame : null
  const from = came?.at ?? (lastLeft === undefined ? 0 : Math.max(lastLeft.at + 1, createdAt ?? 0))
  const periods = [
    { name, from, before: left === null ? null : await nextOwnerSince(db, user, { name, left }) },
  ]
  for (const { at } of renamings.filter(({ action, at }) => action === 'merge-user-into' && at >= from)) {
    const merged = await subjectAt(db, { at, action: 'merge-user' })
    if (merged !== null) periods.push(...(await trace(db, user, { name: merged, left: at, createdAt: null })))
  }
  const before = came === null ? null : await subjectAt(db, { at: came.at, action: 'rename-user' })
  if (came !== null && before !== null) {
    periods.push(...(await trace(db, user, { name: before, left: came.at, createdAt })))
  }
  return periods
}

const renamingActions = ['rename-user', 'rename-user-to', 'merge-user', 'merge-user-into'] as const

/** In the order of time: no two people are renamed in the same moment. */
function renamingsOf(db: Reader, name: string) {
  return db
    .selectFrom('events')
    .select(['at', 'action'])
    .where('subject', '=', name)
    .where('action', 'in', renamingActions)
    .orderBy('at')
    .execute()
}

async function subjectAt(
  db: Reader,
  { at, action }: { at: Micros; action: 'rename-user' | 'merge-user' },
): Promise<string | null> {
  const event = await db
    .selectFrom('events')
    .select('subject')
    .where('at', '=', at)
    .where('action', '=', action)
    .executeTakeFirst()
  return event?.subject ?? null
}

/** Whoever went on under a name that was left is the one who left it, until somebody else has it; null: nobody had. */
async function nextOwnerSince(
  db: Reader,
  user: User,
  { name, left }: { name: string; left: Micros },
): Promise<Micros | null> {
  const renamed = (await renamingsOf(db, name)).find(
    ({ at, action }) => action === 'rename-user-to' && at > left,
  )
  const created = await db
    .selectFrom('users')
    .leftJoin('former_names', 'former_names.user_id', 'users.id')
    .select('users.created_at')
    .where(eb => eb.or([eb('users.name', '=', name), eb('former_names.name', '=', name)]))
    .where('users.id', '!=', user.id)
    .where('users.created_at', '>', left)
    .orderBy('users.created_at')
    .limit(1)
    .executeTakeFirst()
  const moments = [renamed?.at, created?.created_at].filter(moment => moment !== undefined)
  return moments.length === 0 ? null : Math.min(...moments)
}

/**
 * Takes these names, and the addresses that go with them, out of the record. That the events happened stays, and can
 * still be checked.
 */
export async function forgetNames(trx: Writer, periods: readonly NamePeriod[]): Promise<void> {
  for (const { name, from, before } of periods) {
    let actors = trx
      .updateTable('events')
      .set({ actor: null, address: null, actor_salt: null })
      .where('actor', '=', name)
      .where('actor_kind', '=', 'user')
      .where('at', '>=', from)
    let subjects = trx
      .updateTable('events')
      .set({ subject: null, subject_salt: null })
      .where('subject', '=', name)
      .where('at', '>=', from)
    if (before !== null) {
      actors = actors.where('at', '<', before)
      subjects = subjects.where('at', '<', before)
    }
    await actors.execute()
    await subjects.execute()
  }
}
