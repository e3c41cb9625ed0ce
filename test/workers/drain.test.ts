/** Between being told to stop and stopping: first nobody is sent any more, then nobody let in, then all finish. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Agent, type ClientRequest, get, type IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Classroom, openClassroom } from '../faults/classroom.ts'
import { answerTo, type Client, formType } from '../faults/client.ts'
import { eventually } from '../faults/eventually.ts'
import { stagedFiles } from '../faults/stored-facts.ts'
import { aNotebook, formPieces } from '../faults/student-work.ts'
import { aWorld, type Server, type World } from '../faults/world.ts'

const student = 'student'

describe.each([1, 2])('a server of %i processes that is told to stop', workers => {
  const args = ['--workers', String(workers)]

  test('is not ready from then on, lives, serves who comes, and ends their connections', async () => {
    const server = await aWorld().start({ args: [...args, '--drain-delay-seconds', '2'] })
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    onTestFinished(() => agent.destroy())
    const before = await pageOf(server, '/readyz', agent)
    expect(before).toMatchObject({ status: 200, connection: 'keep-alive' })
    server.signal('SIGTERM')
    await eventually('it is not ready', async () => (await pageOf(server, '/readyz', agent)).status === 503)
    for (let turn = 0; turn < 6; turn++) {
      const connection = 'close'
      expect(await pageOf(server, '/readyz', agent)).toMatchObject({ status: 503, connection })
      expect(await pageOf(server, '/healthz', agent)).toMatchObject({ status: 200, connection })
      expect(await pageOf(server, '/api/courses?user=root', agent)).toMatchObject({ status: 200, connection })
    }
    expect(await server.exitWithin(6000)).toEqual({ code: 0, signal: null })
  })

  test('lets an upload finish, and stores it', async () => {
    const world = aWorld()
    const server = await world.start({ args })
    const { upload, rest } = await halfAnUpload(world, server)
    const answer = answerTo(upload)
    server.signal('SIGTERM')
    await sleep(500)
    upload.end(rest)
    const { status, fields } = await answer
    expect(status).toBe(200)
    expect(await server.exitWithin(5000)).toEqual({ code: 0, signal: null })
    const listed = await new Classroom(await world.start()).list()
    expect(listed).toEqual([{ student_id: student, timestamp: fields.timestamp }])
  })

  test('cuts off, at its limit, an upload that does not come to its end, and says so', async () => {
    const world = aWorld()
    const server = await world.start({ args: [...args, '--drain-seconds', '1'] })
    const { upload } = await halfAnUpload(world, server)
    const cut = once(upload, 'error')
    server.signal('SIGTERM')
    await cut
    expect(await server.exitWithin(5000)).toEqual({ code: 0, signal: null })
    expect(server.log).toContain('"underWay":1,"msg":"requests took too long to finish before the stop')
    expect(await new Classroom(await world.start()).list()).toEqual([])
  })
})

describe('a server that many have come to at once', () => {
  test('has let them in by several sockets of its port, and lets the uploads of all of them finish', async () => {
    const world = aWorld()
    const server = await world.start()
    expect(listeningSockets(server)).toBeGreaterThan(8)
    const students = Array.from({ length: 12 }, (_, number) => `student-${number}`)
    const { client } = await openClassroom(server, { students })
    const uploads = students.map(name => sendHalf(client, name, 1_000_000))
    await eventually('all are under way', () => stagedFiles(world).length === uploads.length)
    server.signal('SIGTERM')
    await sleep(500)
    expect(listeningSockets(server)).toBe(0)
    const answers = uploads.map(({ upload }) => answerTo(upload))
    for (const { upload, rest } of uploads) upload.end(rest)
    for (const answer of answers) expect(await answer).toMatchObject({ status: 200 })
    expect(await server.exitWithin(5000)).toEqual({ code: 0, signal: null })
    expect(await new Classroom(await world.start()).list()).toHaveLength(uploads.length)
  })
})

/** Of the server's port, as Linux tells them. */
function listeningSockets(server: Server): number {
  const port = Number(new URL(server.home).port).toString(16).toUpperCase().padStart(4, '0')
  const isListening = '0A'
  const rows = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map(row => row.trim().split(/\s+/))
  return rows.filter(([, local, , state]) => local?.endsWith(`:${port}`) && state === isListening).length
}

async function pageOf(server: Server, path: string, agent: Agent) {
  const asked = get(new URL(path, server.home), { agent })
  const [message] = (await once(asked, 'response')) as [IncomingMessage]
  message.resume()
  await once(message, 'end')
  return { status: message.statusCode, connection: message.headers.connection }
}

async function halfAnUpload(world: World, server: Server): Promise<HalfAnUpload> {
  const { client } = await openClassroom(server, { students: [student] })
  const half = sendHalf(client, student, 3_000_000)
  await eventually('the server stages what has arrived', () => stagedFiles(world).length === 1)
  return half
}

interface HalfAnUpload {
  readonly upload: ClientRequest
  readonly rest: Buffer
}

function sendHalf(client: Client, user: string, sizeBytes: number): HalfAnUpload {
  const body = [...formPieces(aNotebook('under way', sizeBytes))]
  const half = Math.floor(body.length / 2)
  const upload = client.open('POST', 'submission/course/homework', user, {
    'content-type': formType,
    'content-length': body.reduce((sum, piece) => sum + piece.length, 0),
  })
  upload.on('error', () => undefined) // where it is cut off
  for (const piece of body.slice(0, half)) upload.write(piece)
  return { upload, rest: Buffer.concat(body.slice(half)) }
}
