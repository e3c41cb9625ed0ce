/** Replicas that die, and replicas that are exchanged for newer ones, while a class submits. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openClassroom } from '../faults/classroom.ts'
import { missing, Students } from './students.ts'
import { World } from './world.ts'

const students = Array.from({ length: 40 }, (_, number) => `student${number}`)

describe('two replicas', () => {
  let world: World
  beforeAll(async () => {
    world = await World.open(2)
    await openClassroom(world, { students })
  })
  afterAll(() => world.close())

  it('lose nothing that was acknowledged when one is killed, and it joins again', async () => {
    world.showLogsOnFailure()
    const load = new Students(world.home, { students, atOnce: 12 })
    await sleep(2000)
    for (const replica of [...world.replicas, ...world.replicas]) {
      await replica.kill()
      await sleep(1000)
      const before = load.acknowledged.size
      await sleep(1000)
      expect(load.acknowledged.size).toBeGreaterThan(before) // the other one goes on
      await replica.start()
      await sleep(500)
    }
    await load.stop()
    console.info(`${load.acknowledged.size} submitted, ${load.seen.length} requests, ${failed(load)}`)
    // What was under way on the replica that died; nothing is sent to it afterwards.
    for (const { status } of load.seen) expect([200, 502]).toContain(status)
    expect(load.seen.filter(({ status }) => status === 502).length).toBeLessThanOrEqual(4 * 12)
    expect(await missing(world.home, load)).toEqual([])
    expect(await world.command('verify')).toContain('all is well')
    expect(await world.command('audit', 'verify')).not.toMatch(/wrong|broken/)
    for (const replica of world.replicas) expect(await replica.health()).toEqual({ live: true, ready: true })
  })

  it('are exchanged one after the other, and nobody notices', async () => {
    world.showLogsOnFailure()
    const load = new Students(world.home, { students, atOnce: 12 })
    await sleep(1000)
    for (const replica of [...world.replicas, ...world.replicas]) {
      await world.nginx.leaveOut(replica.port)
      expect(await replica.stop()).toBe(0)
      await replica.start()
      await world.nginx.leaveOut(null)
    }
    await load.stop()
    console.info(`${load.acknowledged.size} submitted, ${load.seen.length} requests, ${failed(load)}`)
    expect(load.seen.filter(({ status }) => status !== 200)).toEqual([])
    expect(load.acknowledged.size).toBeGreaterThan(50)
    expect(await missing(world.home, load)).toEqual([])
  })
})

function failed(load: Students): string {
  const counts = new Map<string, number>()
  for (const { status } of load.seen) counts.set(String(status), (counts.get(String(status)) ?? 0) + 1)
  return [...counts].map(([status, count]) => `${count} × ${status}`).join(', ')
}
