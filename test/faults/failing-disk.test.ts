/** A disk that fails or dawdles: nothing is acknowledged that may be lost, and readers hardly notice. */
import { expect, type TestContext, test, vi } from 'vitest'
import { Classroom, openClassroom, teacher } from './classroom.ts'
import { need } from './needs.ts'
import { inspect, placedFiles, stagedFiles } from './stored-facts.ts'
import { aNotebook } from './student-work.ts'
import { tamperWith, whyNoTampering } from './tampering.ts'
import { aWorld } from './world.ts'

vi.setConfig({ testTimeout: 60_000 })

const student = 'student'
const syncMs = 500

test('when the disk fails to keep a commit, no submission is acknowledged any more until a restart', async context => {
  const { world, server, classroom } = await aClassroom(context)
  const before = await submitted(classroom, 'before')
  const restore = await tamperWith(server, 'fdatasync:error=EIO')
  const during = await Promise.all(
    ['one', 'two', 'three'].map(seed => classroom.submit(student, aNotebook(seed, 20_000))),
  )
  await restore()
  const after = await classroom.submit(student, aNotebook('after', 20_000))

  for (const { status, fields } of [...during, after]) {
    expect(status).toBe(503)
    expect(fields).toMatchObject({ success: false, message: expect.stringContaining('try again later') })
  }
  expect(await classroom.collect(before)).toEqual(aNotebook('before', 20_000))
  expect((await classroom.client.get('readyz', teacher)).status).toBe(503)

  await server.kill()
  const restarted = new Classroom(await world.start())
  const again = await submitted(restarted, 'again')
  expect(await restarted.list()).toEqual(expect.arrayContaining([before, again]))
  expect(inspect(world).faults).toEqual([])
})

test('an upload that the storage folder cannot keep is refused and leaves nothing, and the next is taken', async context => {
  const { world, server, classroom } = await aClassroom(context)
  const work = aNotebook('large', 300_000)
  for (const fault of ['fdatasync:error=EIO', 'fsync:error=EIO', 'rename:error=EIO']) {
    const restore = await tamperWith(server, fault)
    const { status, fields } = await classroom.submit(student, work)
    await restore()

    expect({ fault, status, fields }).toMatchObject({ status: 503, fields: { success: false } })
    expect(stagedFiles(world), fault).toEqual([])
    expect(placedFiles(world), fault).toEqual([])
    expect(await classroom.list(), fault).toEqual([])
  }
  const timestamp = await classroom.submitted(student, work)
  expect(await classroom.collect({ student_id: student, timestamp })).toEqual(work)
  expect(inspect(world).faults).toEqual([])
})

test('a disk that takes half a second for every sync holds up those who submit, and nobody who reads', async context => {
  const { server, classroom } = await aClassroom(context)
  const restore = await tamperWith(server, `fdatasync:delay_enter=${syncMs * 1000}`)
  const startedAt = performance.now()
  let isSubmitting = true
  const submissions = Promise.all(
    Array.from({ length: 20 }, (_, number) => submitted(classroom, `${number}`)),
  ).finally(() => {
    isSubmitting = false
  })
  const latenciesMs: number[] = []
  while (isSubmitting) {
    const askedAt = performance.now()
    await classroom.client.get('courses', student)
    latenciesMs.push(performance.now() - askedAt)
  }
  await submissions
  const tookMs = performance.now() - startedAt
  await restore()

  const sorted = latenciesMs.sort((one, other) => one - other)
  const [medianMs = 0, worstMs = 0] = [sorted[Math.floor(sorted.length / 2)], sorted.at(-1)].map(Number)
  console.info(
    `20 submissions in ${Math.round(tookMs)} ms on a slow disk; ${sorted.length} reads meanwhile, ` +
      `median ${medianMs.toFixed(1)} ms, worst ${Math.round(worstMs)} ms`,
  )
  expect(tookMs).toBeGreaterThan(syncMs)
  expect(tookMs, 'waiting for few syncs together, not for one each').toBeLessThan(10 * syncMs)
  expect(medianMs).toBeLessThan(syncMs / 5)
})

async function aClassroom(context: TestContext) {
  need(context, await whyNoTampering(), { requiredInCi: process.getuid?.() === 0 })
  const world = aWorld()
  const server = await world.start()
  return { world, server, classroom: await openClassroom(server, { students: [student] }) }
}

async function submitted(classroom: Classroom, seed: string) {
  return { student_id: student, timestamp: await classroom.submitted(student, aNotebook(seed, 20_000)) }
}
