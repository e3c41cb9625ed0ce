/**
 * What comes over from another exchange: a course at a time, in one transaction. What is here already stays as it is, so
 * that an import can be repeated, and goes on where it was cut off.
 */
import type { Reader } from '../db/database.ts'
import { isNewName } from '../domain/names.ts'
import type { Micros } from '../domain/timestamp.ts'
import type { CourseToImport, ImportCounts, ImportedCourse, ImportOptions, Oddity } from './imported-facts.ts'
import { findImportedUser } from './imported-here.ts'
import { planCourse, stageTrees } from './imported-plan.ts'
import { insertUser, writeCourse } from './imported-rows.ts'

/** Whether there can be anything of this name; tells what is odd about it. */
export function checkImportedName(
  name: string | null,
  what: Omit<Oddity, 'kind' | 'detail' | 'imported'> & { detail: string },
  odd: ImportOptions['odd'],
): name is string {
  if (name === null || name === '') {
    odd({ ...what, kind: 'impossible-name', detail: `${what.detail} has no name`, imported: false })
    return false
  }
  if (!isNewName(name)) {
    const detail = `${what.detail} has a name that nobody could choose today: ${JSON.stringify(name)}`
    odd({ ...what, kind: 'odd-name', detail, imported: true })
  }
  return true
}

/** Users of no course, too. Returns how many are new. */
export async function importUsers(users: readonly string[], options: ImportOptions): Promise<number> {
  const { exchange, dryRun } = options
  if (exchange === null) return users.length
  const findNew = async (db: Reader) => {
    const missing: string[] = []
    for (const user of users) if ((await findImportedUser(db, user)) === null) missing.push(user)
    return missing
  }
  const missing = await findNew(exchange.db.read)
  if (dryRun || missing.length === 0) return missing.length
  const at = exchange.clock()
  return exchange.db.write(async trx => {
    const stillMissing = await findNew(trx)
    for (const user of stillMissing) await insertUser(trx, user, at)
    return stillMissing.length
  })
}

/** @throws Trouble; nothing of the course is new here then */
export async function importCourse(course: CourseToImport, options: ImportOptions): Promise<ImportedCourse> {
  const { exchange } = options
  const plan = await planCourse(course, options)
  await stageTrees(plan)
  if (!options.dryRun && exchange !== null && hasWork(plan.added)) {
    await writeCourse(exchange, plan, options.caller)
  }
  return { added: plan.added, present: plan.present }
}
function hasWork(added: ImportCounts): boolean {
  return Object.values(added).some(count => count > 0)
}

/** When the import that a start begins was done; null where it was not. */
export async function findFinishedImport(db: Reader): Promise<Micros | null> {
  const event = await db
    .selectFrom('events')
    .select('at')
    .where('action', '=', 'finish-import')
    .orderBy('id') // it is among the first
    .limit(1)
    .executeTakeFirst()
  return event?.at ?? null
}
