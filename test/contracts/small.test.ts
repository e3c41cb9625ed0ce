/** The contracts on what a single machine has: a folder and an SQLite file. */
import { mkdtemp, readdir, rm, stat, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openDiskStore } from '../../src/content/disk-store.ts'
import type { Database } from '../../src/db/database.ts'
import { openSqlite, openSqliteCopy } from '../../src/db/sqlite.ts'
import { describeCompatibility } from './compatibility.ts'
import { describeContentStore } from './content-store.ts'
import { describeDatabase } from './database.ts'
import { describeFreeze } from './freeze.ts'
import { describeTotals } from './totals.ts'

describeContentStore('disk', async () => openDiskStore(await aFolder()))
describeDatabase('SQLite', async () => opened(join(await aFolder(), 'ngshare.db')))
describeTotals('SQLite', async () => opened(join(await aFolder(), 'ngshare.db')))
const paths = new WeakMap<Database, string>()
describeFreeze(
  'SQLite',
  async () => {
    const path = join(await aFolder(), 'ngshare.db')
    const db = await opened(path)
    paths.set(db, path)
    return db
  },
  db => opened(paths.get(db) ?? ''),
)
describeCompatibility('SQLite', async () => {
  const path = join(await aFolder(), 'ngshare.db')
  return {
    open: () => opened(path),
    async execute(statement) {
      const sqlite = new Sqlite(path, { timeout: 5000 })
      sqlite.exec(statement)
      sqlite.close()
    },
  }
})

describe('an SQLite file', () => {
  it('is for nobody else on the machine', async () => {
    const path = join(await aFolder(), 'ngshare.db')
    await opened(path)
    for (const file of [path, `${path}-wal`]) expect((await stat(file)).mode & 0o077).toBe(0)
  })

  it('may be named by a link', async () => {
    const folder = await aFolder()
    await (await opened(join(folder, 'real.db'))).close()
    await symlink(join(folder, 'real.db'), join(folder, 'link.db'))
    await (await opened(join(folder, 'link.db'))).check()
  })

  it('copies itself as of one moment, while others write', async () => {
    const folder = await aFolder()
    const db = await opened(join(folder, 'ngshare.db'))
    const add = (name: string) =>
      db.write(trx => trx.insertInto('users').values({ name, created_at: 1 }).execute())
    await add('ann')
    const path = join(folder, 'copy.db')
    await Promise.all([db.copyTo(path), add('bob')])
    const copy = await openSqliteCopy(path)
    const users = await copy.read.selectFrom('users').select('name').execute()
    await copy.close()
    expect(users.map(({ name }) => name)).toContain('ann')
    expect(copy.schema).toMatch(/^\d{3}-/)
    expect((await stat(path)).mode & 0o077).toBe(0)
    await expect(db.copyTo(path)).rejects.toThrow('EEXIST')
    expect((await readdir(folder)).filter(name => name.startsWith('copy'))).toEqual(['copy.db'])
  })

  it('serves two at once', async () => {
    const path = join(await aFolder(), 'ngshare.db')
    const [one, two] = await Promise.all([opened(path), opened(path)])
    const names = Array.from({ length: 100 }, (_, i) => `user${i}`)
    await Promise.all(
      names.map((name, i) =>
        (i % 2 === 0 ? one : two).write(trx =>
          trx.insertInto('users').values({ name, created_at: 1 }).execute(),
        ),
      ),
    )
    for (const db of [one, two]) {
      expect((await db.read.selectFrom('users').select('id').execute()).length).toBe(100)
    }
  })
})

async function opened(path: string): Promise<Database> {
  const db = await openSqlite({ path, upgrade: true })
  onTestFinished(() => db.close())
  return db
}

async function aFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ngshare-contract-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}
