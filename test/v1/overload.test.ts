/** More than can be done at once: people wait in turn, some are told to come again, and nothing breaks. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Answer, formText } from '../support/client.ts'
import { aService, type Service } from '../support/service.ts'
import { file, noise, type WireFile } from '../support/trees.ts'
import { firstAnswer, readToEnd, slowSubmission } from '../support/wire.ts'
import { inV2, problem, sha256 } from '../v2/people.ts'

const to = 'physics/ps1'
const path = `submission/${to}`
/** In base64. */
const zeros = 'A'.repeat(40_000_000)
const busy = /^The exchange is very busy\. Nothing was stored; try again in \d+ seconds\.$/

describe('when all places for uploads are taken', () => {
  it('someone with one submission is served among the first, whoever else has three hundred', async () => {
    const { service, letIn } = await aFullHouse({ students: ['flood', 'single'], waitingPerUser: 300 })
    const flood = Array.from({ length: 300 }, (_, n) => submit(service, 'flood', `flood ${n}`))
    await waiting(service, 300)
    const single = submit(service, 'single', 'the only one')
    await waiting(service, 301)

    await letIn()

    expect((await single).status).toBe(200)
    for (const answer of await Promise.all(flood)) expect(answer.status).toBe(200)
    const order = (await service.submissions('teacher', to)).map(([student]) => student)
    expect(order).toHaveLength(303)
    expect(order.filter(student => student.startsWith('guest') || student === 'single')).toHaveLength(3)
    expect(order.indexOf('single')).toBeLessThanOrEqual(4)
  })

  it('reading goes on, and health, readiness and metrics are told at once', async () => {
    const { service, letIn } = await aFullHouse({ students: ['marie'], maxWaiting: 1 })
    const waits = submit(service, 'marie', 'waits')
    await waiting(service, 1)

    expect((await submit(service, 'marie', 'refused')).status).toBe(503)
    expect((await service.as('marie').get('courses')).json.courses).toEqual(['physics'])
    for (const page of ['/healthz', '/readyz', '/api/healthz', '/api/readyz', '/metrics']) {
      expect((await service.ask('GET', page)).status, page).toBe(200)
    }
    await expectStillWaiting(waits)
    await letIn()
  })

  it('who comes when the line is full gets 503, and nothing of it is stored', async () => {
    const { service, letIn } = await aFullHouse({ students: ['marie', 'pierre'], maxWaiting: 1 })
    const waits = submit(service, 'marie', 'waits')
    await waiting(service, 1)

    const refused = await submit(service, 'pierre', noise(200_000))

    expect(refused.status).toBe(503)
    expect(refused.json).toEqual({ success: false, message: expect.stringMatching(busy) })
    expect(refused.headers['content-type']).toMatch(/^application\/json/)
    expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(5)
    expect(await service.storedFileCount()).toBe(0)
    await letIn()
    expect((await waits).status).toBe(200)
    const students = (await service.submissions('teacher', to)).map(([student]) => student)
    expect(students.toSorted()).toEqual(['guest0', 'guest1', 'marie'])
    expect(await refusals(service)).toEqual({ 'upload line-full': 1 })
  })

  it('the second API stands in the same line', async () => {
    const { service, letIn } = await aFullHouse({ students: ['marie', 'pierre'], maxWaiting: 1 })
    const content = noise(200_000)
    const upload = (user: string) =>
      inV2(service, user).put(`courses/physics/uploads/${sha256(content)}`, content)
    const waits = upload('marie')
    await waiting(service, 1)

    const refused = await upload('pierre')

    expect(refused).toMatchObject(problem(503, 'line-full'))
    expect(refused.headers.get('content-type')).toContain('application/problem+json')
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(5)
    await letIn()
    expect((await waits).status).toBe(204)
  })

  it('who has too many in the line gets 429, and others still have their turn', async () => {
    const { service, letIn } = await aFullHouse({ students: ['marie', 'pierre'], waitingPerUser: 2 })
    const hers = [submit(service, 'marie', 'one'), submit(service, 'marie', 'two')]
    await waiting(service, 2)

    const refused = await submit(service, 'marie', 'three')

    expect(refused.status).toBe(429)
    expect(refused.json).toEqual({
      success: false,
      message: expect.stringMatching(
        /^Too many of your requests are waiting here already\. Nothing was stored; /,
      ),
    })
    expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(5)
    const his = submit(service, 'pierre', 'one')
    await waiting(service, 3)
    await letIn()
    for (const answer of await Promise.all([...hers, his])) expect(answer.status).toBe(200)
    expect(await service.submissions('teacher', to)).toHaveLength(5)
  })

  it('who has waited too long gets 503, and nothing of it is stored', async () => {
    const { service, letIn } = await aFullHouse({ students: ['marie'], waitSeconds: 1 })
    const refused = await submit(service, 'marie', noise(200_000))
    expect(refused).toMatchObject({ status: 503, json: { success: false } })
    expect(refused.json.message).toMatch(busy)
    expect(await refusals(service)).toEqual({ 'upload waited-too-long': 1 })
    expect(await service.storedFileCount()).toBe(0)
    await letIn()
    expect(await service.submissions('teacher', to)).toHaveLength(2)
    expect((await submit(service, 'marie', 'again')).status).toBe(200)
  })

  it('the moment of a submission is when it came, not when its turn came', async () => {
    const { service, letIn } = await aFullHouse({ students: ['marie', 'pierre'] })
    const came = submit(service, 'marie', 'in time')
    await waiting(service, 1)
    const deadline = Date.now()
    await sleep(50)
    await letIn()
    const { timestamp } = (await came).json
    expect(Date.parse(`${String(timestamp).slice(0, 23).replace(' ', 'T')}Z`)).toBeLessThanOrEqual(deadline)
  })

  it('a waiting upload is not read until its turn', async () => {
    const { service, letIn } = await aFullHouse({ students: ['marie'] })
    const body = Buffer.from(`files=${encodeURIComponent('[{"path":"film","content":"')}${zeros}%22%7D%5D`)
    const socket = send(service, 'marie', body)
    const received = readToEnd(socket)
    await waiting(service, 1)
    await sleep(300)
    // What the systems on both sides keep on the way is some megabytes.
    expect(socket.writableLength).toBeGreaterThan(zeros.length / 2)

    await letIn()

    expect(firstAnswer(await received)).toMatchObject({ status: 200, json: { success: true } })
    expect(await service.submissions('teacher', to)).toHaveLength(3)
  })

  it('who asks whether to send a body is told so when its turn has come', async () => {
    const { service, letIn } = await aFullHouse({ students: ['marie'] })
    let isToldToGoOn = false
    const asked = slowSubmission(service, 'marie', to, [file('a', 'b')]).finally(() => {
      isToldToGoOn = true
    })
    await waiting(service, 1)
    await sleep(100)
    expect(isToldToGoOn).toBe(false)
    await letIn()
    expect(await (await asked).finish()).toMatchObject({ status: 200, json: { success: true } })
  })

  it('who asks whether to send a body, and is refused, need not send it', async () => {
    const { service, letIn } = await aFullHouse({ students: ['marie'], maxWaiting: 0 })
    const body = uploadOf([file('a', noise(1_000_000))])
    const socket = connect(service.port, '127.0.0.1')
    socket.write(headOf('marie', body.length, ['Expect: 100-continue']))
    const received = await readToEnd(socket)
    expect(received).toMatch(/^HTTP\/1\.1 503 /)
    expect(received).toMatch(/^connection: close\r$/im)
    expect(firstAnswer(received).json.message).toMatch(busy)
    await letIn()
  })

  it('a refused upload gets its answer while it is still being sent, and its connection goes on', async () => {
    const { service, letIn } = await aFullHouse({ students: ['marie'], maxWaiting: 0 })
    const body = uploadOf([file('a', noise(3_000_000))])
    const socket = aSocket(service)
    socket.write(headOf('marie', body.length))
    socket.write(body.subarray(0, 100_000))
    const [early] = (await once(socket, 'data')) as [Buffer]
    expect(firstAnswer(early.toString())).toMatchObject({ status: 503, json: { success: false } })

    socket.write(body.subarray(100_000))
    await letIn()
    const small = uploadOf([file('a', 'b')])
    socket.write(Buffer.concat([headOf('marie', small.length, ['Connection: close']), small]))
    expect(firstAnswer(await readToEnd(socket))).toMatchObject({ status: 200, json: { success: true } })
    expect(await service.submissions('teacher', to)).toHaveLength(3)
  })

  it('a client that gives up leaves the line', async () => {
    const { service, letIn } = await aFullHouse({ students: ['marie', 'pierre'], maxWaiting: 1 })
    const body = uploadOf([file('a', 'given up')])
    const socket = send(service, 'marie', body)
    await waiting(service, 1)
    socket.destroy()
    await waiting(service, 0)
    expect(await refusals(service)).toEqual({ 'upload client-gone': 1 })

    const next = submit(service, 'pierre', 'has the place in the line')
    await waiting(service, 1)
    await letIn()
    expect((await next).status).toBe(200)
    const students = (await service.submissions('teacher', to)).map(([student]) => student)
    expect(students.toSorted()).toEqual(['guest0', 'guest1', 'pierre'])
  })
})

describe('one user', () => {
  it('takes a quarter of the places at most, however few others come', async () => {
    const service = await aClass({ students: ['flood', 'single'], args: ['--max-active=8'] })
    const held = await Promise.all([0, 1].map(() => slowSubmission(service, 'flood', to, [file('a', 'b')])))
    const third = submit(service, 'flood', 'third')
    await waiting(service, 1)
    expect((await submit(service, 'single', 'at once')).status).toBe(200)
    for (const upload of held) expect((await upload.finish()).status).toBe(200)
    expect((await third).status).toBe(200)
  })
})

describe('people without a name', () => {
  it('are told apart by nothing but their address, and so are not held to the bounds of one user', async () => {
    const service = await aClass({
      students: ['marie'],
      args: ['--max-active=4', '--max-waiting-per-user=0'],
    })
    // The user is in the body, which is not read before its turn.
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        service.ask('POST', `/api/${path}`, { fields: { user: 'marie', files: [file('a', `${n}`)] } }),
      ),
    )
    for (const answer of answers) expect(answer.status).toBe(200)
  })
})

describe('memory for uploads', () => {
  it('that is not there makes them wait, not fail', async () => {
    const students = Array.from({ length: 12 }, (_, n) => `student${n}`)
    const service = await aClass({ students, args: [`--max-transfer-bytes=${2 * 1024 * 1024}`] })
    const held = await Promise.all(
      students.slice(0, 2).map(who => slowSubmission(service, who, to, [file('a', noise(1_000_000, who))])),
    )
    const rest = students.slice(2).map(who => submit(service, who, noise(1_000_000, who)))
    await waiting(service, 10)
    for (const upload of held) expect((await upload.finish()).status).toBe(200)
    for (const answer of await Promise.all(rest)) expect(answer.status).toBe(200)
    expect(await service.submissions('teacher', to)).toHaveLength(12)
  })

  it('that is not there for arguments beside the files refuses them', async () => {
    const service = await aClass({ students: ['marie'], args: [`--max-transfer-bytes=${2 * 1024 * 1024}`] })
    const answer = await service
      .as('marie')
      .post(path, { files: [file('a', 'b')], more: 'x'.repeat(4_000_000) })
    expect(answer.status).toBe(503)
    expect(answer.json.message).toMatch(busy)
    expect(await service.submissions('teacher', to)).toEqual([])
  })
})

describe('downloads', () => {
  it('that nobody reads hold up other downloads, and nothing else', async () => {
    const service = await aClass({
      students: ['idle0', 'idle1', 'marie'],
      args: ['--max-active=1', '--max-wait-seconds=1', `--max-transfer-bytes=${3 * 1024 * 1024}`],
      task: [file('data', Buffer.alloc(12_000_000))],
    })
    const idle = ['idle0', 'idle1'].map(who => {
      const socket = aSocket(service)
      socket.pause()
      socket.write(`GET /api/assignment/${to}?user=${who} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
      return socket
    })
    await metric(service, 'ngshare_requests_active{kind="download"}', 2)

    const refused = await service.as('marie').get(`assignment/${to}`)
    expect(refused).toMatchObject({ status: 503, json: { success: false } })
    expect(refused.headers.etag).toBeUndefined()
    const names = await service.as('marie').get(`assignment/${to}`, { list_only: 'true' })
    expect(names.status).toBe(200)
    expect((await submit(service, 'marie', 'work')).status).toBe(200)

    for (const socket of idle) socket.destroy()
    await metric(service, 'ngshare_requests_active{kind="download"}', 0)
    expect((await service.as('marie').get(`assignment/${to}`)).status).toBe(200)
  })
})

describe('connections', () => {
  it('that ask nothing make room for those that do', async () => {
    const service = await aClass({ students: [], args: ['--max-connections=20'] })
    const silent = Array.from({ length: 17 }, () => aSocket(service))
    await Promise.all(silent.map(socket => once(socket, 'connect')))
    await sleep(5100)
    for (const _ of [1, 2, 3, 4, 5]) {
      const late = aSocket(service)
      late.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
      expect(firstAnswer(await readToEnd(late)).status).toBe(200)
    }
    await sleep(50)
    expect(silent.filter(socket => socket.closed).length).toBeGreaterThan(10)
  })

  it('beyond the bound are closed, and counted', async () => {
    const service = await aClass({ students: [], args: ['--max-connections=10'] })
    const sockets = Array.from({ length: 15 }, () => aSocket(service))
    await Promise.all(sockets.map(socket => Promise.race([once(socket, 'close'), sleep(500)])))
    const closed = sockets.filter(socket => socket.closed).length
    expect(closed).toBeGreaterThanOrEqual(5)
    for (const socket of sockets) socket.destroy()
    await sleep(50)
    const text = await metricsOf(service)
    expect(valueIn(text, 'ngshare_connections_refused_total')).toBe(closed)
    expect(valueIn(text, 'ngshare_connections')).toBeLessThanOrEqual(10)
  })
})

interface ClassOptions {
  readonly students: readonly string[]
  readonly args: readonly string[]
  readonly task?: readonly WireFile[]
}

async function aClass({ students, args, task = [file('a', 'b')] }: ClassOptions): Promise<Service> {
  const service = await aService({ args, oneProcess: true })
  await service.aCourse('physics', { instructors: ['teacher'], students, assignments: { ps1: task } })
  return service
}

/** Two places, and a guest on each who holds it until all are let in. */
async function aFullHouse(options: {
  students: readonly string[]
  maxWaiting?: number
  waitingPerUser?: number
  waitSeconds?: number
}): Promise<{ service: Service; letIn: () => Promise<void> }> {
  const { students, maxWaiting = 1000, waitingPerUser = 100, waitSeconds = 45 } = options
  const guests = ['guest0', 'guest1']
  const service = await aClass({
    students: [...guests, ...students],
    args: [
      '--max-active=2',
      `--max-waiting=${maxWaiting}`,
      `--max-waiting-per-user=${waitingPerUser}`,
      `--max-wait-seconds=${waitSeconds}`,
    ],
  })
  const held = await Promise.all(guests.map(guest => slowSubmission(service, guest, to, [file('a', guest)])))
  return {
    service,
    async letIn() {
      for (const upload of held) expect((await upload.finish()).status).toBe(200)
    },
  }
}

function submit(service: Service, student: string, content: string | Buffer): Promise<Answer> {
  return service.as(student).post(path, { files: [file('work', content)] })
}

function uploadOf(files: readonly WireFile[]): Buffer {
  return Buffer.from(formText({ files }))
}

function headOf(student: string, length: number, more: readonly string[] = []): Buffer {
  const lines = [
    `POST /api/${path}?user=${student} HTTP/1.1`,
    'Host: localhost',
    'Content-Type: application/x-www-form-urlencoded',
    `Content-Length: ${length}`,
    ...more,
  ]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)
}

function aSocket(service: Service): Socket {
  const socket = connect(service.port, '127.0.0.1')
  socket.on('error', () => undefined) // closed by the service
  onTestFinished(() => {
    socket.destroy()
  })
  return socket
}

/** Sends the whole of it as fast as it is taken. */
function send(service: Service, student: string, body: Buffer): Socket {
  const socket = aSocket(service)
  socket.write(headOf(student, body.length, ['Connection: close']))
  socket.write(body)
  return socket
}

async function waiting(service: Service, count: number): Promise<void> {
  await metric(service, 'ngshare_requests_waiting{kind="upload"}', count)
}

/** Resolves when the metric has that value. */
async function metric(service: Service, name: string, expected: number): Promise<void> {
  await expect.poll(async () => valueIn(await metricsOf(service), name)).toBe(expected)
}

async function metricsOf(service: Service): Promise<string> {
  return (await service.ask('GET', '/metrics')).text
}

function valueIn(metrics: string, name: string): number {
  const line = metrics.split('\n').find(line => line.startsWith(`${name} `))
  return Number(line?.split(' ').at(-1))
}

/** How many were refused, by kind and reason. */
async function refusals(service: Service): Promise<Record<string, number>> {
  const pattern = /^ngshare_requests_refused_total\{kind="(.*)",reason="(.*)"\} (\d+)$/gm
  const found = (await metricsOf(service)).matchAll(pattern)
  return Object.fromEntries([...found].map(([, kind, reason, count]) => [`${kind} ${reason}`, Number(count)]))
}

async function expectStillWaiting(answer: Promise<unknown>): Promise<void> {
  const outcome = await Promise.race([answer.then(() => 'answered'), sleep(50, 'waiting')])
  expect(outcome).toBe('waiting')
}
