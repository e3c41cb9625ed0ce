/** What every database must do, whatever engine it is. */
import { describe, expect, it } from 'vitest'
import type { Database } from '../../src/db/database.ts'
import { Refusal } from '../../src/domain/errors.ts'

/** `open` gives a new, empty database for one test. */
export function describeDatabase(name: string, open: () => Promise<Database>): void {
  describe(`a database (${name})`, () => {
    it('shows a written act to every later query', async () => {
      const db = await open()
      await addUser(db, 'ann')
      expect(await users(db)).toEqual(['ann'])
    })

    it('leaves nothing behind of an act that throws, and tells what it threw', async () => {
      const db = await open()
      const refused = db.write(async trx => {
        await trx.insertInto('users').values({ name: 'ann', created_at: 1 }).execute()
        throw new Refusal('course-not-found')
      })
      await expect(refused).rejects.toMatchObject({ code: 'course-not-found' })
      expect(await users(db)).toEqual([])
    })

    it('carries out acts that come together each for itself', async () => {
      const db = await open()
      const acts = Array.from({ length: 200 }, (_, i) =>
        db.write(async trx => {
          await trx
            .insertInto('users')
            .values({ name: `user${i}`, created_at: i })
            .execute()
          if (i % 3 === 0) throw new Refusal('illegal-name')
          return i
        }),
      )
      const outcomes = await Promise.allSettled(acts)
      expect(outcomes.map(outcome => outcome.status === 'fulfilled')).toEqual(
        outcomes.map((_, i) => i % 3 !== 0),
      )
      expect((await users(db)).length).toBe(outcomes.filter((_, i) => i % 3 !== 0).length)
    })

    it('finds nothing wrong with itself', async () => {
      const db = await open()
      await addUser(db, 'ann')
      expect(await db.findFaults()).toEqual([])
    })

    it('does not let one act see the half of another', async () => {
      const db = await open()
      const counts = await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          db.write(async trx => {
            for (const half of ['a', 'b']) {
              await trx
                .insertInto('users')
                .values({ name: `${i}${half}`, created_at: 1 })
                .execute()
            }
            return (await trx.selectFrom('users').select('id').execute()).length
          }),
        ),
      )
      expect(counts.every(count => count % 2 === 0)).toBe(true)
    })

    it('goes on after an act that broke a rule of the schema', async () => {
      const db = await open()
      await addUser(db, 'ann')
      await expect(addUser(db, 'ann')).rejects.toThrow()
      await addUser(db, 'bob')
      expect(await users(db)).toEqual(['ann', 'bob'])
    })

    it('enforces its references', async () => {
      const db = await open()
      const dangling = db.write(trx =>
        trx
          .insertInto('assignments')
          .values({ course_id: 99, name: 'x', listed_at: 1, hidden_at: null })
          .execute(),
      )
      await expect(dangling).rejects.toThrow()
    })

    it('checks that reading and writing work', async () => {
      await (await open()).check()
    })

    it('keeps all that is not deleted when it is compacted, and goes on', async () => {
      const db = await open()
      await addUser(db, 'ann')
      await addUser(db, 'bob')
      await db.write(trx => trx.deleteFrom('users').where('name', '=', 'ann').execute())
      const meanwhile = addUser(db, 'carol')
      await db.compact()
      await meanwhile
      await addUser(db, 'dave')
      expect(await users(db)).toEqual(['bob', 'carol', 'dave'])
    })

    it('finishes what was asked of it before it closes', async () => {
      const db = await open()
      const written = Promise.all(Array.from({ length: 20 }, (_, i) => addUser(db, `user${i}`)))
      await db.close()
      await written
    })
  })
}

function addUser(db: Database, name: string): Promise<unknown> {
  return db.write(trx => trx.insertInto('users').values({ name, created_at: 1 }).execute())
}

async function users(db: Database): Promise<string[]> {
  const rows = await db.read.selectFrom('users').select('name').orderBy('users.id').execute()
  return rows.map(row => row.name)
}
