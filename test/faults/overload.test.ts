/** Far more than can be done at once, on a real server: its memory stays bounded, and it says that it lives. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { openClassroom, teacher } from './classroom.ts'
import { eventually } from './eventually.ts'
import { peakMemoryMb, whyNoMemoryFigures } from './memory.ts'
import { need } from './needs.ts'
import { inspect, stagedFiles } from './stored-facts.ts'
import { bytesOf, formOf, type Work } from './student-work.ts'
import { aWorld, type Server } from './world.ts'

vi.setConfig({ testTimeout: 120_000 })

test('many trees of small files, submitted at once, are all stored within little memory', async context => {
  need(context, whyNoMemoryFigures(), { requiredInCi: false })
  const world = aWorld()
  const server = await world.start({ args: ['--max-transfer-bytes', String(16 * 1024 * 1024)] })
  const students = Array.from({ length: 80 }, (_, n) => `student${n}`)
  const classroom = await openClassroom(server, { students })
  const body = formOf(smallFiles(60, 60_000))
  const before = peakMemoryMb(server)
  const health = watchHealth(server)

  const answers = await Promise.all(
    students.map(student => classroom.client.post('submission/course/homework', student, body)),
  )

  const slowestMs = await health.stop()
  const grownMb = peakMemoryMb(server) - before
  console.info(
    `80 trees of 60 files, 60 KB each, at once: ${grownMb} MB more; slowest health ${slowestMs} ms`,
  )
  for (const answer of answers) expect(answer.fields).toMatchObject({ success: true })
  expect(await classroom.list()).toHaveLength(80)
  expect(grownMb).toBeLessThan(200)
  await eventually('what was not needed is removed', () => stagedFiles(world).length === 0)
  expect(inspect(world).faults).toEqual([])
})

test('hundreds who ask for much and read nothing do not fill the memory, and others are served', async context => {
  need(context, whyNoMemoryFigures(), { requiredInCi: false })
  const world = aWorld()
  const server = await world.start()
  const classroom = await openClassroom(server, { students: ['marie'] })
  const task = formOf(smallFiles(100, 60_000))
  expect((await classroom.client.post('assignment/course/large', teacher, task)).status).toBe(200)
  const before = peakMemoryMb(server)

  const readers = Array.from({ length: 300 }, () => aReader(server))
  await sleep(3000)

  const asked = performance.now()
  expect((await classroom.client.get('courses', 'marie')).status).toBe(200)
  await classroom.submitted('marie', smallFiles(1, 1000))
  const servedMs = Math.round(performance.now() - asked)
  const grownMb = peakMemoryMb(server) - before
  console.info(`300 who do not read their 6 MB: ${grownMb} MB more; others were served in ${servedMs} ms`)
  expect(grownMb).toBeLessThan(250)
  for (const reader of readers) reader.destroy()
  const whole = classroom.client.get('assignment/course/large', teacher)
  expect((await whole).fields.files).toHaveLength(100)
})

test('hundreds of large uploads that wait keep little in memory', async context => {
  need(context, whyNoMemoryFigures(), { requiredInCi: false })
  const world = aWorld()
  const server = await world.start({ args: ['--max-active', '2', '--max-wait-seconds', '3'] })
  const classroom = await openClassroom(server, { students: ['marie'] })
  const stuck = [anUpload(server, 'slow', 1000), anUpload(server, 'slower', 1000)]
  await sleep(300)
  const before = peakMemoryMb(server)

  const uploads = Array.from({ length: 500 }, (_, n) => anUpload(server, `student${n}`, 50_000_000))
  for (const upload of uploads) upload.write(Buffer.alloc(500_000, 'A'))
  await sleep(1500)

  const grownMb = peakMemoryMb(server) - before
  console.info(`500 large uploads that wait: ${grownMb} MB more`)
  expect(grownMb).toBeLessThan(150)
  const answers = await Promise.all(uploads.map(async upload => String((await once(upload, 'data'))[0])))
  expect(new Set(answers.map(answer => answer.slice(0, 12)))).toEqual(new Set(['HTTP/1.1 503']))
  for (const socket of [...stuck, ...uploads]) socket.destroy()
  await sleep(200)
  await classroom.submitted('marie', smallFiles(1, 1000))
  expect(await classroom.list()).toHaveLength(1)
  await eventually('what was not needed is removed', () => stagedFiles(world).length === 0)
})

function smallFiles(count: number, size: number): Work {
  return Array.from({ length: count }, (_, n) => ({ path: `part ${n}`, bytes: bytesOf(`part ${n}`, size) }))
}

/** Has asked for a large assignment, and reads nothing of it. */
function aReader(server: Server): Socket {
  const socket = aSocket(server)
  socket.pause()
  socket.write(
    `GET ${server.home.pathname}assignment/course/large?user=root HTTP/1.1\r\nHost: localhost\r\n\r\n`,
  )
  return socket
}

/** Has begun to send a submission of that many bytes, and sends none of them yet. */
function anUpload(server: Server, user: string, length: number): Socket {
  const socket = aSocket(server)
  socket.write(
    `POST ${server.home.pathname}submission/course/homework?user=${user} HTTP/1.1\r\nHost: localhost\r\n` +
      `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${length}\r\n\r\n`,
  )
  return socket
}

function aSocket(server: Server): Socket {
  const socket = connect(Number(server.home.port), '127.0.0.1')
  socket.on('error', () => undefined) // closed by the server
  onTestFinished(() => {
    socket.destroy()
  })
  return socket
}

/** Asks for health again and again; `stop` tells how long the slowest answer took. */
function watchHealth(server: Server): { stop(): Promise<number> } {
  let isOn = true
  let slowestMs = 0
  const watching = (async () => {
    while (isOn) {
      const asked = performance.now()
      const answer = await fetch(new URL('/healthz', server.home))
      expect(answer.status).toBe(200)
      await answer.text()
      slowestMs = Math.max(slowestMs, Math.round(performance.now() - asked))
      await sleep(20)
    }
  })()
  return {
    async stop() {
      isOn = false
      await watching
      return slowestMs
    },
  }
}
