/** Being told to stop: who is being served is served to the end, nobody else holds up the exit. */
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { Agent, type ClientRequest, get } from 'node:http'
import { connect, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Classroom, openClassroom } from './classroom.ts'
import { answerTo, formType } from './client.ts'
import { eventually } from './eventually.ts'
import { inspect, stagedFiles } from './stored-facts.ts'
import { aNotebook, formPieces, summaryOf, type Work } from './student-work.ts'
import { aWorld, type Server, type World } from './world.ts'

const student = 'student'
/** Idle connections are kept for more than a minute: an exit that waits for one takes longer than this. */
const promptlyMs = 5000

describe.each(['SIGTERM', 'SIGINT'] as const)('a server that gets %s', signal => {
  test('finishes the upload that is under way, stores it, and ends with status 0', async () => {
    const { world, server, upload, rest, work } = await halfAnUpload()
    const answer = answerTo(upload)
    server.signal(signal)
    await eventually('new connections are refused', () => isRefused(server))
    upload.end(rest)

    const { status, fields } = await answer
    expect(status).toBe(200)
    expect(await server.exitWithin(promptlyMs)).toEqual({ code: 0, signal: null })
    const classroom = new Classroom(await world.start())
    const stored = { student_id: student, timestamp: fields.timestamp as string }
    expect(await classroom.list()).toEqual([stored])
    expect(await classroom.summary(stored)).toBe(summaryOf(work))
  })

  test('ends at once when nobody is being served, whatever connections are open', async () => {
    const server = await aWorld().start()
    for (let number = 0; number < 5; number++) await anIdleConnection(server)
    await aSilentConnection(server)
    server.signal(signal)
    expect(await server.exitWithin(promptlyMs)).toEqual({ code: 0, signal: null })
  })
})

test('an upload that was under way does not hold up the exit once it is answered, its connection kept or not', async () => {
  const { server, upload, rest } = await halfAnUpload()
  const answer = answerTo(upload)
  server.signal('SIGTERM')
  await eventually('new connections are refused', () => isRefused(server))
  upload.end(rest)
  await answer

  const answeredAt = performance.now()
  await server.exitWithin(promptlyMs)
  console.info(`ended ${Math.round(performance.now() - answeredAt)} ms after its last answer`)
})

test('a download that is under way arrives whole before a stopping server ends', async () => {
  const world = aWorld()
  const server = await world.start()
  const classroom = await openClassroom(server, { students: [student] })
  const work = aNotebook('large', 20_000_000)
  await classroom.submitted(student, work)
  const download = classroom.client.open('GET', `submission/course/homework/${student}`, student)
  download.end()
  const [message] = await once(download, 'response')
  server.signal('SIGTERM')
  await eventually('new connections are refused', () => isRefused(server))

  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk)
  const { files } = JSON.parse(Buffer.concat(chunks).toString())
  expect(Buffer.from(files[0].content, 'base64').equals(work[0]?.bytes ?? Buffer.alloc(0))).toBe(true)
  expect(await server.exitWithin(promptlyMs)).toEqual({ code: 0, signal: null })
})

test('a second signal ends a server that waits for an upload, which then is not stored', async () => {
  const { world, server } = await halfAnUpload()
  server.signal('SIGTERM')
  await eventually('new connections are refused', () => isRefused(server))
  server.signal('SIGTERM')
  expect(await server.exitWithin(promptlyMs)).toEqual({ code: null, signal: 'SIGTERM' })
  expect(await new Classroom(await world.start()).list()).toEqual([])
})

test('a server that has stopped leaves one database file, with everything in it', async () => {
  const world = aWorld()
  const server = await world.start()
  const classroom = await openClassroom(server, { students: [student] })
  await classroom.submitted(student, aNotebook('work', 20_000))
  expect(await server.stop()).toEqual({ code: 0, signal: null })
  expect(readdirSync(world.folder).sort()).toEqual(['files', 'ngshare.db'])
  expect(inspect(world)).toMatchObject({ faults: [], blobs: 2 })
})

interface HalfUpload {
  readonly world: World
  readonly server: Server
  readonly upload: ClientRequest
  readonly rest: Buffer
  readonly work: Work
}

/** An upload of which the server has half, as the file that it stages it in shows. */
async function halfAnUpload(): Promise<HalfUpload> {
  const world = aWorld()
  const server = await world.start()
  const classroom = await openClassroom(server, { students: [student] })
  const work = aNotebook('under way', 3_000_000)
  const body = [...formPieces(work)]
  const half = Math.floor(body.length / 2)
  const upload = classroom.client.open('POST', 'submission/course/homework', student, {
    'content-type': formType,
    'content-length': body.reduce((sum, piece) => sum + piece.length, 0),
  })
  upload.on('error', () => undefined) // some tests cut it off
  for (const piece of body.slice(0, half)) upload.write(piece)
  await eventually('the server stages what has arrived', () => stagedFiles(world).length === 1)
  return { world, server, upload, rest: Buffer.concat(body.slice(half)), work }
}

/** One that has had its answer and is kept for the next request. */
async function anIdleConnection(server: Server): Promise<void> {
  const agent = new Agent({ keepAlive: true })
  onTestFinished(() => agent.destroy())
  const asked = get(new URL('/healthz', server.home), { agent })
  const [message] = await once(asked, 'response')
  message.resume()
  await once(message, 'end')
}

/** One on which nothing was ever sent, as browsers and proxies keep them ready. */
async function aSilentConnection(server: Server): Promise<Socket> {
  const socket = connect(Number(server.home.port), server.home.hostname)
  socket.on('error', () => undefined) // the server may end it in any way
  onTestFinished(() => {
    socket.destroy()
  })
  await once(socket, 'connect')
  return socket
}

async function isRefused(server: Server): Promise<boolean> {
  const socket = connect(Number(server.home.port), server.home.hostname)
  try {
    await once(socket, 'connect')
    return false
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ECONNRESET') return false // it waited to be taken when the server ceased to listen
    if (code === 'ECONNREFUSED') return true
    throw error
  } finally {
    socket.on('error', () => undefined) // a reset that comes late says no more than that
    socket.destroy()
  }
}
