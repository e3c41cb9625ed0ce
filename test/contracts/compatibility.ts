/** What a program does with a database that a newer one has been at, whatever engine it is. */
import { describe, expect, it } from 'vitest'
import type { Database } from '../../src/db/database.ts'
import { newestSchema } from '../../src/db/migrations.ts'

export interface UpgradablePlace {
  open(): Promise<Database>
  /** As the owner of the database, behind the back of the program. */
  execute(statement: string): Promise<void>
}

/** `aPlace`: for one test. A newer program is made up: what it does to the database is real. */
export function describeCompatibility(name: string, aPlace: () => Promise<UpgradablePlace>): void {
  /** The next schema: another table, and a column that older programs leave empty. */
  async function expand({ execute }: UpgradablePlace): Promise<void> {
    await execute('create table plagiarism_reports (id integer primary key, text text not null)')
    await execute('alter table users add column pronoun text')
    await execute(`insert into kysely_migration (name, timestamp) values ('900-next', '2030-01-01')`)
  }

  describe(`a database that a newer ngshare has upgraded (${name})`, () => {
    it('goes on being served by a program that was there before', async () => {
      const place = await aPlace()
      const db = await place.open()
      await addUser(db, 'before')
      await expand(place)
      await addUser(db, 'after')
      expect(await users(db)).toEqual(['after', 'before'])
    })

    it('is served by a program that starts later, and left as it is', async () => {
      const place = await aPlace()
      await (await place.open()).close()
      await expand(place)
      const db = await place.open()
      await db.check()
      await addUser(db, 'ann')
      expect(await users(db)).toEqual(['ann'])
    })

    it('is refused in words by a program that is too old for it', async () => {
      const place = await aPlace()
      await (await place.open()).close()
      await expand(place)
      await place.execute(`update compatibility set oldest_schema = '900-next'`)
      await expect(place.open()).rejects.toMatchObject({
        kind: 'database',
        message: expect.stringContaining('start the newer version'),
      })
      await expect(place.open()).rejects.toThrow('900-next')
    })

    it('is served by the oldest program that it names', async () => {
      const place = await aPlace()
      await (await place.open()).close()
      await expand(place)
      await place.execute(`update compatibility set oldest_schema = '${newestSchema}'`)
      await (await place.open()).check()
    })
  })
}

const addUser = (db: Database, name: string) =>
  db.write(trx => trx.insertInto('users').values({ name, created_at: 1 }).execute())

const users = async (db: Database) =>
  (await db.read.selectFrom('users').select('name').orderBy('name').execute()).map(row => row.name)
