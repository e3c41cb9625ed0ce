/** Uploads and downloads far larger than what the server may hold in memory, and uploads that break off. */
import { once } from 'node:events'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { expect, test, vi } from 'vitest'
import { Classroom, openClassroom, teacher } from './classroom.ts'
import { type Answer, answerTo, formType } from './client.ts'
import { eventually } from './eventually.ts'
import { peakMemoryMb, whyNoMemoryFigures } from './memory.ts'
import { need } from './needs.ts'
import { digestOf, type FileDigest, OneFileReader } from './one-file-reader.ts'
import { placedFiles, stagedFiles } from './stored-facts.ts'
import { aNotebook, bytesOf, formPieces } from './student-work.ts'
import { describeLatencies, watchCourses } from './watching.ts'
import { aWorld, type World } from './world.ts'

vi.setConfig({ testTimeout: 60_000 })

const student = 'student'
const memoryLimitMb = 200
const largeBytes = bytesOf('a large recording', 50_000_000)
const largeBody = () => [...formPieces([{ path: 'recording.bin', bytes: largeBytes }])]

test('50 MB are submitted within 200 MB of memory, and come back byte for byte', async context => {
  need(context, whyNoMemoryFigures(), { requiredInCi: false })
  const world = aWorld()
  const server = await world.start()
  const classroom = await openClassroom(server, { students: [student] })
  const body = largeBody()
  const stopWatching = await watchCourses(server, student)

  const startedAt = performance.now()
  const { status } = await uploadAll(classroom, body)
  const tookMs = performance.now() - startedAt

  expect(status).toBe(200)
  const latencies = await stopWatching()
  const peakMb = peakMemoryMb(server)
  console.info(
    `50 MB submitted in ${Math.round(tookMs)} ms, peak memory ${peakMb} MB; ${describeLatencies(latencies)}`,
  )
  expect(peakMb).toBeLessThanOrEqual(memoryLimitMb)
  expect(latencies.failures).toEqual([])
  expect(await fetchDigest(classroom)).toEqual(digestOf(largeBytes))
})

test('50 MB are fetched within 200 MB of memory', async context => {
  need(context, whyNoMemoryFigures(), { requiredInCi: false })
  const world = aWorld()
  const before = await world.start()
  const { status } = await uploadAll(await openClassroom(before, { students: [student] }), largeBody())
  expect(status).toBe(200)
  await before.kill()

  const server = await world.start()
  const stopWatching = await watchCourses(server, student)
  const startedAt = performance.now()
  const digest = await fetchDigest(new Classroom(server))
  const tookMs = performance.now() - startedAt

  expect(digest).toEqual(digestOf(largeBytes))
  const latencies = await stopWatching()
  const peakMb = peakMemoryMb(server)
  console.info(
    `50 MB fetched in ${Math.round(tookMs)} ms, peak memory ${peakMb} MB; ${describeLatencies(latencies)}`,
  )
  expect(peakMb).toBeLessThanOrEqual(memoryLimitMb)
  expect(latencies.failures).toEqual([])
})

test('an upload whose connection breaks half-way leaves nothing, and the server goes on', async () => {
  const { world, classroom, upload } = await halfAnUpload()
  upload.destroy()
  await expectNothingLeft(world, classroom)
})

test('an upload whose connection is reset half-way leaves nothing, and the server goes on', async () => {
  const { world, classroom, upload } = await halfAnUpload()
  upload.socket?.resetAndDestroy()
  await expectNothingLeft(world, classroom)
})

test('an upload that ends too early, its connection still open for the answer, is told so and leaves nothing', async () => {
  const { world, classroom, upload } = await halfAnUpload()
  const answer = answerTo(upload)
  upload.socket?.end()

  const { status, contentType, fields } = await answer
  expect(status).toBe(400)
  expect(contentType).toMatch(/^application\/json/)
  expect(fields).toEqual({ success: false, message: 'The request body is incomplete' })
  await expectNothingLeft(world, classroom)
})

/** An upload of which the server has half, as the file that it stages it in shows. */
async function halfAnUpload(): Promise<{ world: World; classroom: Classroom; upload: ClientRequest }> {
  const world = aWorld()
  const classroom = await openClassroom(await world.start(), { students: [student] })
  const body = [...formPieces(aNotebook('cut off', 4_000_000))]
  const upload = openUpload(classroom, body)
  upload.on('error', () => undefined) // this side of what is done to the connection
  for (const piece of body.slice(0, body.length / 2)) upload.write(piece)
  await eventually('the server stages what has arrived', () => stagedFiles(world).length === 1)
  return { world, classroom, upload }
}

async function expectNothingLeft(world: World, classroom: Classroom): Promise<void> {
  await eventually('the staged half is removed', () => stagedFiles(world).length === 0)
  expect(placedFiles(world)).toEqual([])
  expect(await classroom.list()).toEqual([])
  const work = aNotebook('small, after the other', 20_000)
  const timestamp = await classroom.submitted(student, work)
  expect(await classroom.collect({ student_id: student, timestamp })).toEqual(work)
}

function openUpload(classroom: Classroom, body: readonly Buffer[]): ClientRequest {
  return classroom.client.open('POST', 'submission/course/homework', student, {
    'content-type': formType,
    'content-length': body.reduce((sum, piece) => sum + piece.length, 0),
  })
}

/** As fast as the server takes it. */
async function uploadAll(classroom: Classroom, body: readonly Buffer[]): Promise<Answer> {
  const upload = openUpload(classroom, body)
  const answer = answerTo(upload)
  await pipeline(Readable.from(body), upload)
  return answer
}

/** Reads the student's newest submission as it comes, and keeps none of it. */
async function fetchDigest(classroom: Classroom): Promise<FileDigest> {
  const asked = classroom.client.open('GET', `submission/course/homework/${student}`, teacher)
  asked.end()
  const [message] = (await once(asked, 'response')) as [IncomingMessage]
  expect(message.statusCode).toBe(200)
  const file = new OneFileReader()
  for await (const chunk of message) file.read(chunk)
  return file.digest()
}
