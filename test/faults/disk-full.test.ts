/** A disk that is really full: who submits is told, nothing half is kept, and the server outlives it. */
import { join } from 'node:path'
import { expect, onTestFinished, type TestContext, test, vi } from 'vitest'
import { Classroom, type Listed, openClassroom } from './classroom.ts'
import type { Answer } from './client.ts'
import { eventually } from './eventually.ts'
import { need } from './needs.ts'
import { SmallDisk } from './small-disk.ts'
import { inspect, placedFiles, stagedFiles } from './stored-facts.ts'
import { aNotebook, bytesOf } from './student-work.ts'
import { aWorld, placeOptions, runProgram, type World } from './world.ts'

vi.setConfig({ testTimeout: 60_000 })

const student = 'student'
const noSpace = {
  success: false,
  message: 'The server has no space left. Nothing was stored; tell its administrator.',
}

test('an upload that the storage folder has no room for is refused with 507, and leaves nothing', async context => {
  const { disk, world } = aWorldWithSmallDisk(context)
  const storage = join(disk.folder, 'files')
  const place = { database: world.database, storage }
  const classroom = await openClassroom(await world.start({ storage }), { students: [student] })

  expectRefusal(await classroom.submit(student, aNotebook('too large', 20_000_000)))

  expect(await classroom.list()).toEqual([])
  await eventually('nothing is staged', () => stagedFiles(place).length === 0)
  expect(placedFiles(place)).toEqual([])
  await expectToStore(classroom, 20_000)
  await expectToStore(classroom, 1_000_000)
  expect(inspect(place).faults).toEqual([])
})

test('an upload of several files, of which some find room and some do not, leaves none of them', async context => {
  const { disk, world } = aWorldWithSmallDisk(context)
  const storage = join(disk.folder, 'files')
  const place = { database: world.database, storage }
  const classroom = await openClassroom(await world.start({ storage }), { students: [student] })
  const files = Array.from({ length: 6 }, (_, number) => ({
    path: `part ${number}`,
    bytes: bytesOf(`part ${number}`, 2_000_000),
  }))

  expectRefusal(await classroom.submit(student, files))

  expect(await classroom.list()).toEqual([])
  await eventually('nothing is staged', () => stagedFiles(place).length === 0)
  expect(placedFiles(place)).toEqual([])
  await expectToStore(classroom, 1_000_000)
})

test('many uploads at once that fill the storage folder are each stored whole or refused with 507', async context => {
  const { disk, world } = aWorldWithSmallDisk(context)
  const storage = join(disk.folder, 'files')
  const place = { database: world.database, storage }
  const classroom = await openClassroom(await world.start({ storage }), { students: [student] })

  const answers = await Promise.all(
    Array.from({ length: 30 }, (_, number) => classroom.submit(student, aNotebook(`${number}`, 500_000))),
  )

  const refused = answers.filter(({ status }) => status !== 200)
  expect(refused.length).toBeGreaterThan(0)
  expect(refused.length).toBeLessThan(answers.length)
  for (const answer of refused) expectRefusal(answer)
  expect(await classroom.list()).toHaveLength(answers.length - refused.length)
  await eventually('nothing is staged', () => stagedFiles(place).length === 0)
  expect(inspect(place)).toMatchObject({ faults: [], unused: [] })
  await expectToStore(classroom, 20_000)
})

test('when the database has no room, submitting is refused and reading goes on, until there is room again', async context => {
  const { disk, world } = aWorldWithSmallDisk(context)
  const database = join(disk.folder, 'ngshare.db')
  const place = { database, storage: world.storage }
  const server = await world.start({ database })
  const classroom = await openClassroom(server, { students: [student] })
  const before = await expectToStore(classroom, 50_000)
  disk.fill()

  const refusals = await Promise.all(
    Array.from({ length: 10 }, (_, number) => classroom.submit(student, aNotebook(`${number}`, 60_000))),
  )
  for (const refusal of refusals) expectRefusal(refusal)
  expect(await classroom.list()).toEqual([before])
  expect(await classroom.collect(before)).toEqual(aNotebook('50000 bytes', 50_000))
  const ready = await classroom.client.get('readyz', student)
  console.info(`full database: refused with 507, readyz says ${ready.status}`)

  disk.free()
  const after = await expectToStore(classroom, 60_000)
  console.info('after space was freed: submissions are stored again, without a restart')
  expect(await server.stop()).toEqual({ code: 0, signal: null })
  expect(inspect(place).faults).toEqual([])
  const restarted = await world.start({ database })
  const listed = await new Classroom(restarted).list()
  expect(listed).toEqual([before, after])
})

test('a server that was killed while the disk was full starts again and is read from; it stores when there is room', async context => {
  const { disk, world } = aWorldWithSmallDisk(context)
  const place = { database: join(disk.folder, 'ngshare.db'), storage: join(disk.folder, 'files') }
  const first = await world.start(place)
  const before = await openClassroom(first, { students: [student] })
  const stored = [await expectToStore(before, 50_000), await expectToStore(before, 300_000)]
  disk.fill()
  expectRefusal(await before.submit(student, aNotebook('too late', 60_000)))
  // The first one of all: its key was made when there was room.
  const receipt = `receipt/course/homework/${student}`
  expect((await before.client.get(receipt, student)).status).toBe(200)
  await first.kill()

  const server = await world.start(place)
  const classroom = new Classroom(server)
  expect(await classroom.list()).toEqual(stored)
  for (const [index, size] of [50_000, 300_000].entries()) {
    const listed = stored[index] as Listed
    expect(await classroom.collect(listed)).toEqual(aNotebook(`${size} bytes`, size))
  }
  expect((await classroom.client.get(receipt, student)).status).toBe(200)
  expect((await classroom.client.get('readyz', student)).status).toBe(503)
  expectRefusal(await classroom.submit(student, aNotebook('too early', 60_000)))

  disk.free()
  const after = await expectToStore(classroom, 60_000)
  expect((await classroom.client.get('readyz', student)).status).toBe(200)
  expect(await classroom.list()).toEqual([...stored, after])
  expect(await server.stop()).toEqual({ code: 0, signal: null })
  expect(inspect(place).faults).toEqual([])
})

test('a large upload whose row finds no room leaves no copy in the storage folder, however often it is tried', async context => {
  const { disk, world } = aWorldWithSmallDisk(context)
  const database = join(disk.folder, 'ngshare.db')
  const place = { database, storage: world.storage }
  const classroom = await openClassroom(await world.start({ database }), { students: [student] })
  disk.fill()

  // The log may still have room for a row without its bytes: what is small has to go first.
  for (let attempt = 0; attempt < 10; attempt++)
    await classroom.submit(student, aNotebook(`${attempt}`, 60_000))
  const attempts = []
  for (let attempt = 0; attempt < 5; attempt++) {
    attempts.push(await classroom.submit(student, aNotebook('large', 300_000)))
  }

  for (const answer of attempts) expectRefusal(answer)
  expect(stagedFiles(place)).toEqual([])
  expect(placedFiles(place)).toEqual([])
})

test('a server told to start on a full disk ends with a plain message', async context => {
  const { disk, world } = aWorldWithSmallDisk(context)
  disk.fill()
  const place = { database: join(disk.folder, 'ngshare.db'), storage: world.storage }

  const { code, complained } = await runProgram(['--vngshare', '--port', '0', ...placeOptions(place)])

  expect(code).toBe(1)
  expect(complained).toMatch(/^cannot open the database .*\n$/)
})

function aWorldWithSmallDisk(context: TestContext): { disk: SmallDisk; world: World } {
  const disk = new SmallDisk()
  onTestFinished(disk.unmount) // hooks run in reverse: after the servers have ended
  need(context, disk.mount(8), { requiredInCi: process.getuid?.() === 0 })
  return { disk, world: aWorld() }
}

function expectRefusal({ status, contentType, fields }: Answer): void {
  expect(fields).toEqual(noSpace)
  expect(status).toBe(507)
  expect(contentType).toMatch(/^application\/json/)
}

async function expectToStore(classroom: Classroom, size: number): Promise<Listed> {
  const work = aNotebook(`${size} bytes`, size)
  const submission = { student_id: student, timestamp: await classroom.submitted(student, work) }
  expect(await classroom.collect(submission)).toEqual(work)
  return submission
}
