/** Leases: what one process at a time does, of all that share a database. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Database } from '../../src/db/database.ts'
import { openSqlite } from '../../src/db/sqlite.ts'
import { Trouble } from '../../src/domain/errors.ts'
import { type Lease, LeaseLost, Leases } from '../../src/exchange/leases.ts'
import { eventually } from '../faults/eventually.ts'
import { aWorld } from '../faults/world.ts'
import { newWorkers, workersOf } from './processes.ts'

/** As in production, but forty times as fast. */
const times = { lookMs: 25, beatMs: 250, relyMs: 1125, waitMs: 1500 }
const name = 'housekeeping'

/** What has been logged by all. */
interface Scene {
  readonly log: string[]
  /** A database of the same file, as another process has it. */
  db(): Promise<Database>
  leases(db: Database): Leases
}

async function aScene(): Promise<Scene> {
  const folder = await mkdtemp(join(tmpdir(), 'ngshare-leases-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const log: string[] = []
  const say = (_: object, message: string) => void log.push(message)
  return {
    log,
    async db() {
      const db = await openSqlite({ path: join(folder, 'ngshare.db'), upgrade: true })
      onTestFinished(() => db.close())
      return db
    },
    leases(db) {
      const leases = new Leases({ db, logger: { info: say, warn: say }, times })
      onTestFinished(() => leases.stop())
      return leases
    },
  }
}

/** A database of which nothing more comes back from a certain moment on, as of a process that hangs. */
function hanging(db: Database): { db: Database; hang(): void; goOn(): void } {
  let gate = Promise.resolve()
  let open: () => void = () => undefined
  return {
    db: {
      ...guardedBy(db),
      write: async act => {
        await gate
        return db.write(act)
      },
    },
    hang() {
      gate = new Promise(resolve => {
        open = resolve
      })
    },
    goOn: () => open(),
  }
}

function guardedBy(db: Database): Database {
  return {
    read: db.read,
    write: act => db.write(act),
    settledEventId: () => db.settledEventId(),
    copyTo: path => db.copyTo(path),
    findFaults: () => db.findFaults(),
    compact: () => db.compact(),
    adoptIds: () => db.adoptIds(),
    check: () => db.check(),
    close: () => db.close(),
  }
}

const addUser = (db: Database, user: string) =>
  db.write(trx => trx.insertInto('users').values({ name: user, created_at: 1 }).execute())

const users = async (db: Database) =>
  (await db.read.selectFrom('users').select('name').execute()).map(row => row.name)

const isHeld = (lease: Lease) => lease.held !== null

describe('a lease', () => {
  test('is held by one of many who want it, and by none other as long as that one lives', async () => {
    const scene = await aScene()
    const all: Lease[] = []
    for (let i = 0; i < 4; i++) all.push(scene.leases(await scene.db()).want(name))
    await eventually('one has it', () => all.some(isHeld))
    const until = performance.now() + 2 * times.waitMs
    while (performance.now() < until) {
      expect(all.filter(isHeld)).toHaveLength(1)
      await sleep(20)
    }
    expect(scene.log).toEqual([])
  })

  test('that is given back is taken at the next look', async () => {
    const scene = await aScene()
    const one = scene.leases(await scene.db())
    const other = scene.leases(await scene.db())
    const lease = one.want(name)
    await eventually('it is held', () => isHeld(lease))
    const next = other.want(name)
    await sleep(4 * times.lookMs)
    expect(isHeld(next)).toBe(false)
    const { held } = lease
    await one.stop()
    expect(held?.aborted).toBe(true)
    await eventually('it is taken', () => isHeld(next), times.waitMs / 2)
  })

  test('of a process that died is taken over when its beat has been the same for long enough', async () => {
    const scene = await aScene()
    const one = await scene.db()
    const died = scene.leases(one)
    const lease = died.want(name)
    await eventually('it is held', () => isHeld(lease))
    await one.close() // as good as dead: it cannot read or write any more
    const diedAt = performance.now()
    const next = scene.leases(await scene.db()).want(name)
    await eventually('it is taken over', () => isHeld(next))
    expect(performance.now() - diedAt).toBeGreaterThan(times.waitMs - times.beatMs)
    expect(isHeld(lease)).toBe(false)
    expect(scene.log).toContain('took over a lease from a process that is gone or hangs')
  })

  test('that cannot be renewed in time is given up before another process takes it', async () => {
    const scene = await aScene()
    const slow = hanging(await scene.db())
    const lease = scene.leases(slow.db).want(name)
    await eventually('it is held', () => isHeld(lease))
    const next = scene.leases(await scene.db()).want(name)
    slow.hang()
    let both = 0
    await eventually('it is taken over', () => {
      if (isHeld(lease) && isHeld(next)) both++
      return isHeld(next)
    })
    expect(both).toBe(0)
    expect(scene.log).toContain('a lease was not renewed in time; its work stops')
    slow.goOn()
    await sleep(6 * times.lookMs)
    expect([isHeld(lease), isHeld(next)]).toEqual([false, true])
  })

  test('keeps an act from being written that was under way when its process was suspended', async () => {
    const scene = await aScene()
    const db = await scene.db()
    const slow = hanging(db)
    const lease = scene.leases(slow.db).want(name)
    await eventually('it is held', () => isHeld(lease))
    await addUser(lease.guard(slow.db), 'in time')
    const next = scene.leases(await scene.db()).want(name)
    slow.hang()
    const late = addUser(lease.guard(slow.db), 'too late').catch((error: unknown) => error)
    await eventually('it is taken over', () => isHeld(next))
    slow.goOn()
    expect(await late).toBeInstanceOf(LeaseLost)
    expect(await users(db)).toEqual(['in time'])
    await addUser(next.guard(db), 'not its own lease').catch(() => undefined)
  })

  test('is renewed by what is written under it', async () => {
    const scene = await aScene()
    const db = await scene.db()
    const lease = scene.leases(db).want(name)
    await eventually('it is held', () => isHeld(lease))
    const beat = async () =>
      (await db.read.selectFrom('leases').select('beat').where('name', '=', name).executeTakeFirstOrThrow())
        .beat
    const before = await beat()
    for (const user of ['a', 'b', 'c']) await addUser(lease.guard(db), user)
    expect(await beat()).toBeGreaterThanOrEqual(before + 3)
  })

  test('is no longer relied on when the database says no, and is taken again when it works', async () => {
    const scene = await aScene()
    const db = await scene.db()
    let isBroken = false
    const breaking: Database = {
      ...guardedBy(db),
      write: act => (isBroken ? Promise.reject(new Trouble('database', 'it does not work')) : db.write(act)),
    }
    const lease = scene.leases(breaking).want(name)
    await eventually('it is held', () => isHeld(lease))
    isBroken = true
    await eventually('it is given up', () => !isHeld(lease))
    isBroken = false
    await eventually('it is held again', () => isHeld(lease))
  })
})

test('housekeeping is done by one worker of several, and by the next one when that one leaves', async () => {
  const server = await aWorld().start({ args: ['--workers', '3', '--log-level', 'debug'] })
  const before = workersOf(server)
  const rounds = () =>
    server.log
      .split('\n')
      .filter(line => line.includes('housekeeping has ended a round'))
      .map(line => (JSON.parse(line) as { worker: number }).worker)
  await eventually('one has done it', () => rounds().length > 0)
  await sleep(2000)
  expect(rounds()).toHaveLength(1)
  const [worker = 0] = rounds()
  process.kill(before[worker - 1] ?? 0, 'SIGTERM')
  await eventually('another one does it', () => rounds().length > 1)
  await sleep(2000)
  expect(rounds()).toHaveLength(2)
  await newWorkers(server, 3)
  expect(await server.stop()).toEqual({ code: 0, signal: null })
})
