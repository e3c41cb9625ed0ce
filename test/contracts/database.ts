/** What every database must do, whatever engine it is. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Database, Reader } from '../../src/db/database.ts'
import { openSqliteCopy } from '../../src/db/sqlite.ts'
import { Refusal } from '../../src/domain/errors.ts'
import { recordEvent } from '../../src/exchange/events.ts'

const caller = { name: 'root', kind: 'user', isAdmin: true, address: null } as const

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

    it.each([
      ['in a transaction of its own', false],
      ['where they may share one', true],
    ])('carries out acts that come together each for itself, %s', async (_, mayShare) => {
      const db = await open()
      const acts = Array.from({ length: 200 }, (_, i) =>
        db.write(
          async trx => {
            await trx
              .insertInto('users')
              .values({ name: `user${i}`, created_at: i })
              .execute()
            if (i % 3 === 0) throw new Refusal('illegal-name')
            return i
          },
          mayShare ? { sharedBy: `user${i}` } : {},
        ),
      )
      const outcomes = await Promise.allSettled(acts)
      expect(outcomes.map(outcome => outcome.status === 'fulfilled')).toEqual(
        outcomes.map((_, i) => i % 3 !== 0),
      )
      expect((await users(db)).length).toBe(outcomes.filter((_, i) => i % 3 !== 0).length)
    })

    it.each([
      ['in a transaction of its own', false],
      ['where they may share one', true],
    ])('commits an act only with what it did not wait for, %s', async (_, mayShare) => {
      const db = await open()
      await addUser(db, 'user1')
      const acts = Array.from({ length: 9 }, (_, i) =>
        db.write(
          async (trx, later) => {
            const add = (name: string) => trx.insertInto('users').values({ name, created_at: i }).execute()
            later(add(`user${i}`))
            await add(`friend of user${i}`)
            later(add(`late friend of user${i}`))
            return i
          },
          mayShare ? { sharedBy: `user${i}` } : {},
        ),
      )
      const outcomes = await Promise.allSettled(acts)
      const done = outcomes.flatMap((outcome, i) => (outcome.status === 'fulfilled' ? [i] : []))
      expect(done).toEqual([0, 2, 3, 4, 5, 6, 7, 8])
      const added = done.flatMap(i => [`friend of user${i}`, `late friend of user${i}`, `user${i}`])
      expect((await users(db)).sort()).toEqual([...added, 'user1'].sort())
    })

    it('tells why, where it was something that the act did not wait for', async () => {
      const db = await open()
      await addUser(db, 'ann')
      const act = db.write(async (trx, later) => {
        later(trx.insertInto('users').values({ name: 'bob', created_at: 1 }).execute())
        later(trx.insertInto('users').values({ name: 'ann', created_at: 1 }).execute())
      })
      await expect(act).rejects.toThrow(/unique/i)
      expect(await users(db)).toEqual(['ann'])
      await addUser(db, 'cleo')
      expect(await users(db)).toEqual(['ann', 'cleo'])
    })

    it('finds nothing in an empty list, and everything outside of it', async () => {
      const db = await open()
      await addUser(db, 'ann')
      const all = () => db.read.selectFrom('users').select('name')
      expect(await all().where('name', 'in', []).execute()).toEqual([])
      expect(await all().where('name', 'not in', []).execute()).toEqual([{ name: 'ann' }])
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

    it('does not count an event as settled before all with lower ids are', async () => {
      const db = await open()
      expect(await db.settledEventId()).toBe(0)
      const told: number[] = []
      const add = (n: number, waitMs: number) =>
        db.write(async trx => {
          await recordEvent(trx, { at: n, caller, action: 'create-course' })
          await sleep(waitMs)
        })
      const acts = Promise.all(Array.from({ length: 12 }, (_, n) => add(n, (n % 4) * 20)))
      const watching = (async () => {
        for (let last = 0; last < 12; ) {
          await sleep(1)
          last = await db.settledEventId()
          const ids = await db.read.selectFrom('events').select('id').where('id', '<=', last).execute()
          told.push(last - ids.length)
        }
      })()
      await Promise.all([acts, watching])
      expect(new Set(told)).toEqual(new Set([0]))
    })

    it('gives new rows higher ids than those it took over', async () => {
      const db = await open()
      await db.write(trx => trx.insertInto('users').values({ id: 70, name: 'ann', created_at: 1 }).execute())
      await db.adoptIds()
      await addUser(db, 'bob')
      expect(await db.read.selectFrom('users').select(['id', 'name']).orderBy('id').execute()).toEqual([
        { id: 70, name: 'ann' },
        { id: 71, name: 'bob' },
      ])
    })

    it('gives numbers as numbers, bytes as bytes, and texts in the order of their code points', async () => {
      const db = await open()
      const bytes = Buffer.from([0, 255, 1])
      const blob = { sha256: 'a', md5: 'b', size_bytes: 3, stored_at: 1_700_000_000_000_001, location: null }
      await db.write(async trx => {
        for (const name of ['ä', 'b', 'A', '😀', '\uffee', ''])
          await trx.insertInto('users').values({ name, created_at: 1 }).execute()
        await trx
          .insertInto('blobs')
          .values({ ...blob, bytes })
          .execute()
      })
      expect(await db.read.selectFrom('blobs').selectAll().execute()).toEqual([{ id: 1, ...blob, bytes }])
      const sum = await db.read
        .selectFrom('blobs')
        .select(eb => [
          eb.fn.sum<number>('stored_at').as('sum'),
          eb.fn.max('stored_at').as('max'),
          eb.fn.countAll<number>().as('count'),
        ])
        .executeTakeFirst()
      expect(sum).toEqual({ sum: blob.stored_at, max: blob.stored_at, count: 1 })
      const sorted = await db.read.selectFrom('users').select('name').orderBy('name').execute()
      expect(sorted.map(row => row.name)).toEqual(['', 'A', 'b', 'ä', '\uffee', '😀'])
    })

    it('answers questions about a NUL, which no text has', async () => {
      const db = await open()
      expect(await db.read.selectFrom('users').select('id').where('name', '=', 'a\0').execute()).toEqual([])
    })

    it('copies itself into a file as of one moment, with all ids, while others write', async () => {
      const db = await open()
      await addUser(db, 'ann')
      await db.write(trx => recordEvent(trx, { at: 1, caller, action: 'create-course' }))
      const folder = await mkdtemp(join(tmpdir(), 'ngshare-contract-'))
      onTestFinished(() => rm(folder, { recursive: true }))
      await Promise.all([db.copyTo(join(folder, 'copy.db')), addUser(db, 'bob')])
      const copy = await openSqliteCopy(join(folder, 'copy.db'))
      onTestFinished(() => copy.close())
      const rowsOf = (db: Reader, table: 'users' | 'events') =>
        db.selectFrom(table).selectAll().orderBy('id').execute()
      expect((await rowsOf(copy.read, 'users'))[0]).toMatchObject({ id: 1, name: 'ann' })
      expect(await rowsOf(copy.read, 'events')).toEqual(await rowsOf(db.read, 'events'))
      expect(await readdir(folder)).toEqual(['copy.db'])
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
