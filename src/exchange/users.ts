/** Users as a whole: given another name, two accounts made one, erased. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Reader, Writer } from '../db/database.ts'
import type { Role } from '../domain/membership.ts'
import { checkNewName } from '../domain/names.ts'
import type { Micros } from '../domain/timestamp.ts'
import { recordEvent } from './events.ts'
import type { Caller, Exchange } from './exchange.ts'
import { forgetNames, type NamePeriod, namePeriodsOf, rememberFormerName } from './former-names.ts'
import { purgeTree } from './housekeeping.ts'
import { dropUploadsOf, moveUploads } from './uploads.ts'

/** What belongs to a user, or was done by them. */
export interface Holdings {
  /** Of theirs, every attempt. */
  readonly submissions: number
  /** Given to them, also what was replaced since. */
  readonly feedback: number
  /** Rows of rosters. */
  readonly memberships: number
  /** Assignments and feedback that they released as an instructor. */
  readonly releases: number
}

export type UserProblemCode = 'user-not-found' | 'name-taken' | 'same-user'

/** Why a user cannot be renamed, merged or erased. Nothing has been changed. */
export class UserProblem extends Error {
  readonly code: UserProblemCode
  readonly user: string

  constructor(code: UserProblemCode, user: string) {
    super(`${code}: ${user}`)
    this.name = 'UserProblem'
    this.code = code
    this.user = user
  }
}

/**
 * Whoever had that name and is erased: what they released stays for the class, and this user of no name has released it.
 * Nobody can come by this name: it is none.
 */
const namelessUser = ''

/** How long a running server may take to write down what it remembers of acts that changed nothing. */
const laterMs = 1500

/** @throws UserProblem `user-not-found` */
export async function getHoldings(db: Reader, name: string): Promise<Holdings> {
  return holdingsOf(db, await getUserId(db, name))
}

/** What `renameUser` would refuse. @throws as `renameUser` */
export async function mayRenameUser(db: Reader, { from, to }: { from: string; to: string }): Promise<number> {
  const id = await getUserId(db, from)
  checkNewName(to)
  if ((await findUserId(db, to)) !== null) throw new UserProblem('name-taken', to)
  return id
}

/**
 * Gives a user another name. The record of events keeps the names that people had at the time.
 * @throws UserProblem `user-not-found`, `name-taken`; Refusal `illegal-name`
 */
export async function renameUser(
  exchange: Exchange,
  input: { caller: Caller; from: string; to: string },
): Promise<void> {
  const { caller, from, to } = input
  await exchange.db.write(async trx => {
    const userId = await mayRenameUser(trx, input)
    const at = await momentOfNames(trx, exchange.clock())
    await trx.updateTable('users').set({ name: to }).where('id', '=', userId).execute()
    await rememberFormerName(trx, { userId, name: from, at })
    await recordEvent(trx, { at, caller, action: 'rename-user', subject: from })
    await recordEvent(trx, { at, caller, action: 'rename-user-to', subject: to })
  })
}

/** What `mergeUsers` would refuse. @throws as `mergeUsers` */
export async function mayMergeUsers(
  db: Reader,
  { from, into }: { from: string; into: string },
): Promise<{ fromId: number; intoId: number }> {
  const ids = { fromId: await getUserId(db, from), intoId: await getUserId(db, into) }
  if (ids.fromId === ids.intoId) throw new UserProblem('same-user', into)
  return ids
}

/**
 * Makes two accounts of one person one: all of the first goes to the second, and the first is gone. In a course that
 * both are in the stronger role wins. Returns what has moved. @throws UserProblem `user-not-found`, `same-user`
 */
export async function mergeUsers(
  exchange: Exchange,
  input: { caller: Caller; from: string; into: string },
): Promise<Holdings> {
  const { caller, from, into } = input
  return exchange.db.write(async trx => {
    const ids = await mayMergeUsers(trx, input)
    const { fromId, intoId } = ids
    const moved = await holdingsOf(trx, fromId)
    const at = await momentOfNames(trx, exchange.clock())
    await moveSubmissions(trx, ids)
    await moveReleases(trx, ids)
    await moveMemberships(trx, ids)
    await moveUploads(trx, ids)
    const former = await trx.selectFrom('former_names').selectAll().where('user_id', '=', fromId).execute()
    for (const { name, until } of former) await rememberFormerName(trx, { userId: intoId, name, at: until })
    await rememberFormerName(trx, { userId: intoId, name: from, at })
    await trx.deleteFrom('former_names').where('user_id', '=', fromId).execute()
    await trx.deleteFrom('users').where('id', '=', fromId).execute()
    await recordEvent(trx, { at, caller, action: 'merge-user', subject: from })
    await recordEvent(trx, { at, caller, action: 'merge-user-into', subject: into })
    return moved
  })
}

export interface Erased extends Holdings {
  readonly name: string
  /** Files that nobody else's tree has: they are gone. */
  readonly files: number
}

/**
 * Deletes people's submissions, feedback to them, their rows of rosters and their names; what they released stays for
 * the class. Their bytes are gone from the tables and the content store then; `Database.compact` clears the files of the
 * database of them. @throws UserProblem `user-not-found`
 */
export async function eraseUsers(
  exchange: Exchange,
  input: { caller: Caller; names: readonly string[]; tell?: (done: number) => void },
): Promise<Erased[]> {
  const { caller, names, tell } = input
  const gone: { periods: NamePeriod[]; erased: Erased }[] = []
  for (const name of names) {
    const { locations, ...one } = await exchange.db.write(trx => eraseUser(trx, name))
    for (const location of locations) await exchange.content.remove(location)
    gone.push(one)
    tell?.(gone.length)
  }
  await sleep(laterMs)
  await exchange.db.write(async trx => {
    for (const { periods } of gone) await forgetNames(trx, periods)
  })
  return gone.map(({ erased }) => erased)

  async function eraseUser(trx: Writer, name: string) {
    const userId = await getUserId(trx, name)
    const periods = await namePeriodsOf(trx, userId)
    const holdings = await holdingsOf(trx, userId)
    const { locations, files } = await deleteSubmissions(trx, userId)
    await moveReleases(trx, { fromId: userId, intoId: await ensureNamelessUser(trx) })
    await trx.deleteFrom('members').where('user_id', '=', userId).execute()
    locations.push(...(await dropUploadsOf(trx, userId)))
    await forgetNames(trx, periods)
    await trx.deleteFrom('former_names').where('user_id', '=', userId).execute()
    await trx.deleteFrom('users').where('id', '=', userId).execute()
    await recordEvent(trx, { at: exchange.clock(), caller, action: 'erase-user' })
    return { periods, locations, erased: { name, ...holdings, files } }
  }
}

/**
 * When a user was last renamed or merged: what was made of names before may be wrong. Each time is later than the last,
 * in whatever process it was.
 */
export function lastRenaming(db: Reader) {
  return db.selectFrom('former_names').select(eb => eb.fn.max('until').as('at'))
}

async function momentOfNames(trx: Writer, now: Micros): Promise<Micros> {
  const last = await lastRenaming(trx).executeTakeFirst()
  return Math.max(now, (last?.at ?? 0) + 1)
}

async function findUserId(db: Reader, name: string): Promise<number | null> {
  const row = await db.selectFrom('users').select('id').where('name', '=', name).executeTakeFirst()
  return row?.id ?? null
}

async function getUserId(db: Reader, name: string): Promise<number> {
  const id = name === namelessUser ? null : await findUserId(db, name)
  if (id === null) throw new UserProblem('user-not-found', name)
  return id
}

async function ensureNamelessUser(trx: Writer): Promise<number> {
  const known = await findUserId(trx, namelessUser)
  if (known !== null) return known
  const { id } = await trx
    .insertInto('users')
    .values({ name: namelessUser, created_at: 0 })
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

async function holdingsOf(db: Reader, userId: number): Promise<Holdings> {
  const count = async (query: Promise<{ count: number }>) => (await query).count
  const submissions = db.selectFrom('submissions').where('user_id', '=', userId)
  const countOf = (table: 'releases' | 'feedback') =>
    db
      .selectFrom(table)
      .where('released_by', '=', userId)
      .select(eb => eb.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow()
  return {
    submissions: await count(
      submissions.select(eb => eb.fn.countAll<number>().as('count')).executeTakeFirstOrThrow(),
    ),
    feedback: await count(
      submissions
        .innerJoin('feedback', 'feedback.submission_id', 'submissions.id')
        .select(eb => eb.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow(),
    ),
    memberships: await count(
      db
        .selectFrom('members')
        .where('user_id', '=', userId)
        .select(eb => eb.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow(),
    ),
    releases: (await count(countOf('releases'))) + (await count(countOf('feedback'))),
  }
}

interface Move {
  readonly fromId: number
  readonly intoId: number
}

/** Two of the same moment cannot be told apart: one goes to the next free microsecond. */
async function moveSubmissions(trx: Writer, { fromId, intoId }: Move): Promise<void> {
  const submissions = await trx
    .selectFrom('submissions')
    .select(['id', 'assignment_id', 'received_at'])
    .where('user_id', '=', fromId)
    .orderBy('received_at')
    .execute()
  for (const { id, assignment_id, received_at } of submissions) {
    let at = received_at
    while (await isTaken(trx, { assignment_id, user_id: intoId, received_at: at })) at++
    await trx
      .updateTable('submissions')
      .set({ user_id: intoId, received_at: at, client_key: null })
      .where('id', '=', id)
      .execute()
  }
}

async function isTaken(
  trx: Writer,
  moment: { assignment_id: number; user_id: number; received_at: Micros },
): Promise<boolean> {
  const taken = await trx
    .selectFrom('submissions')
    .select('id')
    .where('assignment_id', '=', moment.assignment_id)
    .where('user_id', '=', moment.user_id)
    .where('received_at', '=', moment.received_at)
    .executeTakeFirst()
  return taken !== undefined
}

async function moveReleases(trx: Writer, { fromId, intoId }: Move): Promise<void> {
  for (const table of ['releases', 'feedback'] as const) {
    await trx.updateTable(table).set({ released_by: intoId }).where('released_by', '=', fromId).execute()
  }
}

async function moveMemberships(trx: Writer, { fromId, intoId }: Move): Promise<void> {
  const memberships = await trx.selectFrom('members').selectAll().where('user_id', '=', fromId).execute()
  for (const from of memberships) {
    const into = await trx
      .selectFrom('members')
      .selectAll()
      .where('user_id', '=', intoId)
      .where('course_id', '=', from.course_id)
      .executeTakeFirst()
    if (into === undefined) {
      await trx.updateTable('members').set({ user_id: intoId }).where('id', '=', from.id).execute()
      continue
    }
    await trx
      .updateTable('members')
      .set({
        role: stronger(from.role, into.role) ?? into.role,
        roster_role: stronger(from.roster_role, into.roster_role),
        group_role: stronger(from.group_role, into.group_role),
        first_name: into.first_name || from.first_name,
        last_name: into.last_name || from.last_name,
        email: into.email || from.email,
      })
      .where('id', '=', into.id)
      .execute()
    await trx.deleteFrom('members').where('id', '=', from.id).execute()
  }
}

function stronger(one: Role | null, other: Role | null): Role | null {
  return one === 'instructor' || other === 'instructor' ? 'instructor' : (one ?? other)
}

/** With the feedback to them, and all their trees. */
async function deleteSubmissions(
  trx: Writer,
  userId: number,
): Promise<{ locations: string[]; files: number }> {
  const submissions = trx.selectFrom('submissions').select('id').where('user_id', '=', userId)
  const trees = [
    ...(await trx
      .selectFrom('feedback')
      .select('tree_id')
      .where('submission_id', 'in', submissions)
      .execute()),
    ...(await trx.selectFrom('submissions').select('tree_id').where('user_id', '=', userId).execute()),
  ]
  const blobs = await blobsOf(
    trx,
    trees.map(tree => tree.tree_id),
  )
  await trx.deleteFrom('feedback').where('submission_id', 'in', submissions).execute()
  await trx.deleteFrom('submissions').where('user_id', '=', userId).execute()
  const locations: string[] = []
  for (const { tree_id } of trees) locations.push(...(await purgeTree(trx, tree_id)))
  return { locations, files: blobs.length - (await countBlobs(trx, blobs)) }
}

async function blobsOf(trx: Writer, trees: readonly number[]): Promise<number[]> {
  const blobs = new Set<number>()
  for (const tree of trees) {
    const files = await trx.selectFrom('tree_files').select('blob_id').where('tree_id', '=', tree).execute()
    for (const { blob_id } of files) blobs.add(blob_id)
  }
  return [...blobs]
}

/** Of these, those that there still are. */
async function countBlobs(trx: Writer, blobs: readonly number[]): Promise<number> {
  let found = 0
  for (const blob of blobs) {
    const row = await trx.selectFrom('blobs').select('id').where('id', '=', blob).executeTakeFirst()
    if (row !== undefined) found++
  }
  return found
}
