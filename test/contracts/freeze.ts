/** What every database must do while it is being moved, whatever engine it is. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Database } from '../../src/db/database.ts'
import { concludeFreeze, findFreeze, freeze, markArriving, prolongFreeze, thaw } from '../../src/db/freeze.ts'

const tables = ['users', 'courses']
const place = "postgresql://db.example/it's"

/** `open` gives a new, empty database for one test; `openAgain` the same one, as another process does. */
export function describeFreeze(
  name: string,
  open: () => Promise<Database>,
  openAgain: (db: Database) => Promise<Database>,
): void {
  describe(`a frozen database (${name})`, () => {
    it('refuses every change, to whoever asks, until it is thawed', async () => {
      const db = await open()
      const other = await openAgain(db)
      await addUser(db, 'ann')
      await freeze(db, { place, tables, forSeconds: 60 })
      for (const each of [db, other]) {
        await expect(addUser(each, 'bob')).rejects.toMatchObject({ kind: 'frozen' })
        await expect(rename(each, 'ann', 'eve')).rejects.toMatchObject({ kind: 'frozen' })
        await expect(removeUser(each, 'ann')).rejects.toMatchObject({ kind: 'frozen' })
        expect(await users(each)).toEqual(['ann'])
        expect(await findFreeze(each)).toEqual({
          kind: 'moving',
          place,
          since: expect.any(Number) as unknown,
        })
        await each.check()
      }
      await thaw(db, tables)
      await addUser(other, 'bob')
      expect(await users(db)).toEqual(['ann', 'bob'])
      expect(await findFreeze(other)).toBeNull()
    })

    it('was frozen only after every act that was under way, and none comes after', async () => {
      const db = await open()
      const other = await openAgain(db)
      const added: string[] = []
      let isOver = false
      const adding = Array.from({ length: 4 }, async (_, lane) => {
        for (let number = 0; !isOver; number++) {
          const name = `user ${lane} ${number}`
          const isAdded = await addUser(lane % 2 === 0 ? db : other, name).then(
            () => true,
            () => false,
          )
          if (isAdded) added.push(name)
          else await sleep(1)
        }
      })
      await sleep(100)
      await freeze(other, { place, tables, forSeconds: 60 })
      const whenFrozen = (await users(db)).toSorted()
      await sleep(100)
      isOver = true
      await Promise.all(adding)
      expect(whenFrozen.length).toBeGreaterThan(0)
      expect((await users(db)).toSorted()).toEqual(whenFrozen)
      expect(added.toSorted()).toEqual(whenFrozen)
    })

    it('refuses an act that began to read before it was frozen', async () => {
      const db = await open()
      const other = await openAgain(db)
      let freezing: Promise<void> | null = null
      const act = db.write(async trx => {
        await trx.selectFrom('users').select('id').execute()
        freezing ??= freeze(other, { place, tables, forSeconds: 60 })
        await sleep(300)
        await trx.insertInto('users').values({ name: 'late', created_at: 1 }).execute()
      })
      const isDone = await act.then(
        () => true,
        () => false,
      )
      await freezing
      // Either the act came first as a whole, or not at all; what counts is that nothing comes later.
      expect(await users(other)).toEqual(isDone ? ['late'] : [])
      await expect(addUser(db, 'later')).rejects.toMatchObject({ kind: 'frozen' })
    })

    it('thaws by itself when nobody goes on with the move, and who moved it learns of it', async () => {
      const db = await open()
      await freeze(db, { place, tables, forSeconds: 1 })
      expect(await prolongFreeze(db, { forSeconds: 1 })).toBe(true)
      await expect(addUser(db, 'ann')).rejects.toMatchObject({ kind: 'frozen' })
      await sleep(1200)
      await addUser(db, 'ann')
      expect(await findFreeze(db)).toBeNull()
      expect(await prolongFreeze(db, { forSeconds: 1 })).toBe(false)
      expect(await concludeFreeze(db)).toBe(false)
      await addUser(db, 'bob')
    })

    it('stays frozen once it was moved, until that is taken back', async () => {
      const db = await open()
      await freeze(db, { place, tables, forSeconds: 1 })
      expect(await concludeFreeze(db)).toBe(true)
      await sleep(1200)
      await expect(addUser(db, 'ann')).rejects.toMatchObject({ kind: 'frozen' })
      expect(await findFreeze(db)).toMatchObject({ kind: 'moved', place })
      await thaw(db, tables)
      await addUser(db, 'ann')
    })

    it('can be frozen again after it thawed by itself', async () => {
      const db = await open()
      await freeze(db, { place, tables, forSeconds: 0 })
      await addUser(db, 'ann')
      await freeze(db, { place, tables, forSeconds: 60 })
      await expect(addUser(db, 'bob')).rejects.toMatchObject({ kind: 'frozen' })
    })

    it('takes rows while it is the one that they arrive in', async () => {
      const db = await open()
      await markArriving(db, place)
      await addUser(db, 'ann')
      expect(await findFreeze(db)).toMatchObject({ kind: 'arriving', place })
      await thaw(db, tables)
      expect(await findFreeze(db)).toBeNull()
    })
  })
}

function addUser(db: Database, name: string): Promise<unknown> {
  return db.write(trx => trx.insertInto('users').values({ name, created_at: 1 }).execute())
}

function rename(db: Database, name: string, to: string): Promise<unknown> {
  return db.write(trx => trx.updateTable('users').set({ name: to }).where('name', '=', name).execute())
}

function removeUser(db: Database, name: string): Promise<unknown> {
  return db.write(trx => trx.deleteFrom('users').where('name', '=', name).execute())
}

async function users(db: Database): Promise<string[]> {
  const rows = await db.read.selectFrom('users').select('name').orderBy('id').execute()
  return rows.map(row => row.name)
}
