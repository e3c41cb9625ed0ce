/** PostgreSQL or the S3 server goes away under load: everybody is told clearly, and all goes on by itself when it is back. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openClassroom } from '../faults/classroom.ts'
import { eventually } from '../faults/eventually.ts'
import { missing, type Seen, Students } from './students.ts'
import { World } from './world.ts'

const students = Array.from({ length: 40 }, (_, number) => `student${number}`)
/** What docs/operations.md promises: so long at most until somebody is told that it does not work. */
const longestMs = 30_000
const outageMs = 30_000
const atOnce = 12
/** Of one outage in one log: each kind of trouble once in ten seconds, and what looks at readiness. */
const mostLines = 100

describe('two replicas under load', () => {
  let world: World
  beforeAll(async () => {
    world = await World.open(2)
    await openClassroom(world, { students })
  })
  afterAll(() => world.close())

  it('go on when PostgreSQL is restarted', async () => {
    world.showLogsOnFailure()
    await outage(world, {
      stop: () => world.postgres.stop(),
      start: () => world.postgres.start(),
      lastsMs: 0,
      message: /The server (cannot use its database|is too busy)/,
    })
  })

  it('say so while PostgreSQL is away for half a minute, and go on by themselves', async () => {
    world.showLogsOnFailure()
    const { during } = await outage(world, {
      stop: () => world.postgres.stop(),
      start: () => world.postgres.start(),
      lastsMs: outageMs,
      message: /The server (cannot use its database|is too busy)/,
    })
    expect(during.length).toBeGreaterThan(20)
    expect(during.every(({ status }) => status === 503)).toBe(true)
  })

  it('say so while the S3 server is away for half a minute, and go on by themselves', async () => {
    world.showLogsOnFailure()
    const { during } = await outage(world, {
      stop: () => world.s3.stop(),
      start: () => world.s3.start(),
      lastsMs: outageMs,
      message: /The server cannot reach its file storage/,
    })
    // What needs no file of the store goes on all the time.
    expect(during.filter(({ what, status }) => what === 'list' && status !== 200)).toEqual([])
    expect(during.filter(({ what, status }) => what === 'submit' && status === 200).length).toBeGreaterThan(0)
    expect(during.filter(({ what, status }) => what === 'submit' && status === 503).length).toBeGreaterThan(0)
  })
})

async function outage(
  world: World,
  trouble: { stop(): Promise<void>; start(): Promise<void>; lastsMs: number; message: RegExp },
): Promise<{ during: Seen[] }> {
  const load = new Students(world.home, { students, atOnce })
  const logsBefore = world.replicas.map(({ logLines }) => logLines.length)
  await sleep(3000)
  await trouble.stop()
  const goneAt = performance.now()
  if (trouble.lastsMs > 0) {
    await eventually(
      'the replicas are not ready',
      async () => (await health(world)).every(({ ready }) => !ready),
      20_000,
    )
    expect((await health(world)).every(({ live }) => live)).toBe(true)
    await sleep(Math.max(0, trouble.lastsMs - (performance.now() - goneAt)))
    expect((await health(world)).map(({ ready }) => ready)).toEqual(world.replicas.map(() => false))
  }
  const backAt = performance.now()
  await trouble.start()
  const readyAt = performance.now()
  await eventually(
    'the replicas are ready',
    async () => (await health(world)).every(({ ready }) => ready),
    20_000,
  )
  const recoveredMs = Math.round(performance.now() - readyAt)
  await sleep(3000)
  const fineFrom = performance.now()
  await sleep(4000)
  await load.stop()

  const during = load.since(goneAt + 500, backAt)
  const after = load.since(fineFrom)
  const statuses = new Set(load.seen.map(({ status }) => status))
  const slowest = Math.max(...load.seen.map(({ ms }) => ms))
  const logged = world.replicas.map(({ logLines }, number) => logLines.slice(logsBefore[number]))
  console.info(
    `${load.acknowledged.size} submitted; ${during.length} requests while it was gone, ` +
      `${load.seen.filter(({ status }) => status === 503).length} × 503, slowest ${slowest} ms, ` +
      `ready ${recoveredMs} ms after it was back, ${logged.map(({ length }) => length).join(' and ')} lines in the logs, ` +
      `${await world.connections()} connections`,
  )
  expect([...statuses].filter(status => status !== 200 && status !== 503)).toEqual([])
  for (const { status, text, retryAfter } of load.seen) {
    if (status === 200) continue
    expect(text).toMatch(trouble.message)
    expect(retryAfter).toMatch(/^\d+$/)
  }
  for (const lines of logged) {
    expect(lines.length).toBeGreaterThan(0)
    expect(lines.length).toBeLessThan(mostLines)
  }
  expect(slowest).toBeLessThan(longestMs)
  expect(after.length).toBeGreaterThan(20)
  expect(after.filter(({ status }) => status !== 200)).toEqual([])
  expect(await missing(world.home, load)).toEqual([])
  expect(await world.connections()).toBeLessThanOrEqual(2 * 10 + 2)
  return { during }
}

function health(world: World) {
  return Promise.all(world.replicas.map(replica => replica.health()))
}
