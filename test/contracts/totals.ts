/** What students have stored is counted, whoever writes it: a program of an older version knows nothing of totals. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Database, Reader, Writer } from '../../src/db/database.ts'
import { openSqliteCopy } from '../../src/db/sqlite.ts'
import { findWrongTotals } from '../../src/exchange/totals.ts'

const [physics, maths] = [1, 2]
const [kevin, eric, ann] = [1, 2, 3]
/** Two of physics, one of maths. */
const [ps1, ps2, sums] = [1, 2, 3]

/** `open` gives a new, empty database for one test. */
export function describeTotals(name: string, open: () => Promise<Database>): void {
  describe(`totals (${name})`, () => {
    it('count submissions and feedback, each for its student and course', async () => {
      const db = await aSchool(open)
      await db.write(async trx => {
        for (const [assignment_id, bytes] of [
          [ps1, 1],
          [ps2, 20],
          [sums, 300],
        ] as const)
          await submit(trx, { assignment_id, user_id: eric, bytes })
        const id = await submit(trx, { assignment_id: ps1, user_id: ann, bytes: 4000 })
        await giveFeedback(trx, id, 50_000)
      })
      expect(await totals(db.read)).toEqual([
        [physics, eric, 21, 0],
        [physics, ann, 4000, 50_000],
        [maths, eric, 300, 0],
      ])
    })

    it('follow when files are replaced, and when a student becomes another one, with the feedback', async () => {
      const db = await aSchool(open)
      await db.write(async trx => {
        const id = await submit(trx, { assignment_id: ps1, user_id: eric, bytes: 1 })
        await giveFeedback(trx, id, 20)
        await giveFeedback(trx, id, 300)
        await submit(trx, { assignment_id: ps1, user_id: ann, bytes: 4000 })
        const tree_id = await aTree(trx, 7)
        await trx.updateTable('submissions').set({ tree_id }).where('id', '=', id).execute()
      })
      expect(await totals(db.read)).toEqual([
        [physics, eric, 7, 320],
        [physics, ann, 4000, 0],
      ])
      await db.write(async trx => {
        await trx.updateTable('submissions').set({ user_id: ann }).where('user_id', '=', eric).execute()
        await trx.deleteFrom('users').where('id', '=', eric).execute()
      })
      expect(await totals(db.read)).toEqual([[physics, ann, 4007, 320]])
    })

    it('go down by what is deleted, and go with their course', async () => {
      const db = await aSchool(open)
      const id = await db.write(async trx => {
        await submit(trx, { assignment_id: sums, user_id: ann, bytes: 5 })
        await submit(trx, { assignment_id: ps1, user_id: eric, bytes: 1 })
        const id = await submit(trx, { assignment_id: ps1, user_id: eric, bytes: 20 })
        await giveFeedback(trx, id, 300)
        return id
      })
      await db.write(trx => trx.deleteFrom('feedback').where('submission_id', '=', id).execute())
      expect(await totals(db.read)).toContainEqual([physics, eric, 21, 0])
      await db.write(trx => trx.deleteFrom('submissions').where('id', '=', id).execute())
      expect(await totals(db.read)).toContainEqual([physics, eric, 1, 0])
      await db.write(async trx => {
        await trx.deleteFrom('submissions').where('assignment_id', '=', ps1).execute()
        await trx.deleteFrom('assignments').where('course_id', '=', physics).execute()
        await trx.deleteFrom('courses').where('id', '=', physics).execute()
      })
      expect(await totals(db.read)).toEqual([[maths, ann, 5, 0]])
    })

    it('miss nothing of a class that submits all at once, nor of a student who does', async () => {
      const db = await aSchool(open)
      await db.write(async trx => {
        for (let id = 10; id < 40; id++)
          await trx
            .insertInto('users')
            .values({ id, name: `student${id}`, created_at: 1 })
            .execute()
      })
      const students = Array.from({ length: 30 }, (_, i) => 10 + i)
      await Promise.all(
        [...students, ...Array<number>(10).fill(ann)].map((user_id, i) =>
          db.write(trx => submit(trx, { assignment_id: ps1, user_id, bytes: 3, received_at: i + 1 })),
        ),
      )
      expect(await totals(db.read)).toEqual([
        [physics, ann, 30, 0],
        ...students.map(student => [physics, student, 3, 0]),
      ])
    })

    it('are the same in a copy', async () => {
      const db = await aSchool(open)
      await db.write(async trx => {
        const id = await submit(trx, { assignment_id: ps1, user_id: eric, bytes: 1 })
        await giveFeedback(trx, id, 20)
        await giveFeedback(trx, id, 300)
      })
      const folder = await mkdtemp(join(tmpdir(), 'ngshare-totals-'))
      onTestFinished(() => rm(folder, { recursive: true }))
      const path = join(folder, 'copy.db')
      await db.copyTo(path)
      const copy = await openSqliteCopy(path)
      onTestFinished(() => copy.close())
      expect(await totals(copy.read)).toEqual([[physics, eric, 1, 320]])
    })
  })
}

async function aSchool(open: () => Promise<Database>): Promise<Database> {
  const db = await open()
  await db.write(async trx => {
    for (const [id, name] of [
      [kevin, 'kevin'],
      [eric, 'eric'],
      [ann, 'ann'],
    ] as const)
      await trx.insertInto('users').values({ id, name, created_at: 1 }).execute()
    for (const [id, name] of [
      [physics, 'physics'],
      [maths, 'maths'],
    ] as const)
      await trx.insertInto('courses').values({ id, name, created_at: 1, hidden_at: null }).execute()
    for (const [id, course_id] of [
      [ps1, physics],
      [ps2, physics],
      [sums, maths],
    ] as const)
      await trx
        .insertInto('assignments')
        .values({ id, course_id, name: `ps${id}`, listed_at: 1, hidden_at: null })
        .execute()
  })
  return db
}

async function aTree(trx: Writer, size_bytes: number): Promise<number> {
  const row = { digest: '', file_count: 0, size_bytes }
  const { id } = await trx.insertInto('trees').values(row).returning('id').executeTakeFirstOrThrow()
  return id
}

async function submit(
  trx: Writer,
  { bytes, ...row }: { assignment_id: number; user_id: number; bytes: number; received_at?: number },
): Promise<number> {
  const { id } = await trx
    .insertInto('submissions')
    .values({ received_at: bytes, ...row, tree_id: await aTree(trx, bytes) })
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

async function giveFeedback(trx: Writer, submission_id: number, bytes: number): Promise<void> {
  await trx
    .updateTable('feedback')
    .set({ replaced_at: 2 })
    .where('submission_id', '=', submission_id)
    .execute()
  const row = { submission_id, tree_id: await aTree(trx, bytes), released_by: kevin, released_at: 1 }
  await trx
    .insertInto('feedback')
    .values({ ...row, replaced_at: null })
    .execute()
}

/** Course, student, submitted and returned bytes; and nothing must be wrong with them. */
async function totals(db: Reader): Promise<number[][]> {
  expect(await Array.fromAsync(findWrongTotals(db))).toEqual([])
  const rows = await db
    .selectFrom('student_totals')
    .selectAll()
    .where(eb => eb.or([eb('submitted_bytes', '<>', 0), eb('feedback_bytes', '<>', 0)]))
    .orderBy('course_id')
    .orderBy('user_id')
    .execute()
  return rows.map(row => [row.course_id, row.user_id, row.submitted_bytes, row.feedback_bytes])
}
