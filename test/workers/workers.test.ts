/** One server of several processes: its clients cannot tell it from one of one process. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { accepted, Classroom, openClassroom, teacher } from '../faults/classroom.ts'
import { eventually, forEach } from '../faults/eventually.ts'
import { inspect } from '../faults/stored-facts.ts'
import { aNotebook, formOf, summaryOf } from '../faults/student-work.ts'
import { aWorld, placeOptions, runProgram, type World } from '../faults/world.ts'
import { isAlive, newWorkers, workersOf } from './processes.ts'

const student = 'student'

describe('a server with two workers', () => {
  test('stores what is submitted through both, and lists the same through both', async () => {
    const world = aWorld()
    const { server, classrooms } = await twoWorkers(world)
    const submitted = await Promise.all(
      classrooms.flatMap((classroom, number) =>
        Array.from({ length: 5 }, async (_, turn) => {
          const work = aNotebook(`${number} ${turn}`, turn === 0 ? 100_000 : 2000)
          return { timestamp: await classroom.submitted(student, work), summary: summaryOf(work) }
        }),
      ),
    )
    for (const classroom of classrooms) {
      const listed = await classroom.list()
      expect(listed.map(({ timestamp }) => timestamp).sort()).toEqual(
        submitted.map(({ timestamp }) => timestamp).sort(),
      )
    }
    expect(workersOf(server)).toHaveLength(2)
    expect(inspect(world).faults).toEqual([])
  })

  test('refuses all but one of those who release the same assignment at once', async () => {
    const { classrooms } = await twoWorkers(aWorld())
    const statuses = await Promise.all(
      classrooms.map(async ({ client }, number) => {
        const form = formOf(aNotebook(`by ${number}`, 70_000))
        return (await client.post('assignment/course/contested', teacher, form)).status
      }),
    )
    expect(statuses.filter(status => status === 200)).toHaveLength(1)
    expect(statuses.filter(status => status === 409)).toHaveLength(classrooms.length - 1)
  })

  test('counts the requests of all workers, whichever is asked', async () => {
    const { server, classrooms } = await twoWorkers(aWorld())
    await Promise.all(classrooms.map(classroom => classroom.list()))
    for (let turn = 0; turn < 6; turn++) {
      const text = await (await fetch(new URL('/metrics', server.home))).text()
      const [, count] =
        /http_request_duration_seconds_count\{method="GET",route="\/api\/submissions[^}]*status="200"\} (\d+)/.exec(
          text,
        ) ?? []
      expect(Number(count)).toBe(classrooms.length)
    }
  })

  test('tells their log lines apart', async () => {
    const world = aWorld()
    const { server, classrooms } = await twoWorkers(world, ['--log-level', 'info'])
    await Promise.all(classrooms.map(classroom => classroom.list()))
    await eventually('both have said something', () => {
      const lines = server.log.split('\n').slice(0, -1)
      const workers = lines.map(line => (JSON.parse(line) as { worker?: number }).worker)
      return workers.includes(1) && workers.includes(2)
    })
  })
})

describe('a worker that is killed', () => {
  test('while a class submits takes nothing with it that was acknowledged, and is replaced', async () => {
    const world = aWorld()
    const students = Array.from({ length: 120 }, (_, number) => `student${number}`)
    const server = await world.start({ args: ['--workers', '2'] })
    const classroom = await openClassroom(server, { students })
    const before = workersOf(server)
    const acknowledged = new Map<string, { timestamp: string; summary: string }>()
    let afterDeath = 0
    let isKilled = false
    await forEach(students.entries(), 12, async ([number, name]) => {
      const work = aNotebook(name, number % 4 === 0 ? 120_000 : 5000)
      // A connection of its own, as the clients of today have; one that breaks was promised nothing.
      const own = new Classroom(server)
      const answer = await own.submit(name, work).catch(() => null)
      own.client.close()
      if (answer !== null) {
        expect(answer.status).toBe(200)
        if (isKilled) afterDeath++
        acknowledged.set(name, {
          timestamp: answer.fields.timestamp as string,
          summary: summaryOf(work),
        })
      }
      if (acknowledged.size >= 30 && !isKilled) {
        isKilled = true
        process.kill(before[0] ?? 0, 'SIGKILL')
      }
    })
    expect(afterDeath).toBeGreaterThan(50)
    const listed = new Map((await classroom.list()).map(item => [item.student_id, item]))
    for (const [name, { timestamp, summary }] of acknowledged) {
      expect(listed.get(name)?.timestamp, name).toBe(timestamp)
      expect(await classroom.summary({ student_id: name, timestamp }), name).toBe(summary)
    }
    expect(inspect(world).faults).toEqual([])
    await newWorkers(server, 1, before)
    await eventually('it is in the log', () => server.log.includes('a worker ended; another one is started'))
    expect(await server.stop()).toEqual({ code: 0, signal: null })
  })

  test('leaves nobody waiting who had just connected', async () => {
    const server = await aWorld().start({ args: ['--workers', '2'] })
    const [stopped = 0] = workersOf(server)
    process.kill(stopped, 'SIGSTOP')
    const asked = Promise.all(
      Array.from({ length: 20 }, async () => {
        const url = new URL('/healthz', server.home)
        return (await fetch(url, { headers: { connection: 'close' } })).status
      }),
    )
    await sleep(300)
    process.kill(stopped, 'SIGKILL')
    expect(await asked).toEqual(Array(20).fill(200))
  })
})

test('workers end with who watches them, and another server can take their port', async () => {
  const world = aWorld()
  const server = await world.start({ args: ['--workers', '2'] })
  const workers = workersOf(server)
  await server.kill()
  await eventually('the workers are gone', () => workers.every(pid => !isAlive(pid)))
  await world.start({ args: ['--workers', '2', '--port', server.home.port] })
})

test('a second signal ends all workers at once', async () => {
  const server = await aWorld().start({ args: ['--workers', '2', '--drain-delay-seconds', '60'] })
  const workers = workersOf(server)
  server.signal('SIGTERM')
  await sleep(300)
  expect(workers.every(isAlive)).toBe(true)
  server.signal('SIGTERM')
  expect(await server.exitWithin(5000)).toEqual({ code: null, signal: 'SIGTERM' })
  await eventually('the workers are gone', () => workers.every(pid => !isAlive(pid)))
})

test('a signal to all processes at once, as terminals and service managers send it, lets all finish', async () => {
  const server = await aWorld().start({ args: ['--workers', '2', '--drain-delay-seconds', '1'] })
  for (const pid of [...workersOf(server), server.pid]) process.kill(pid, 'SIGTERM')
  await sleep(200)
  expect((await fetch(new URL('/healthz', server.home))).status).toBe(200)
  expect(await server.exitWithin(10_000)).toEqual({ code: 0, signal: null })
})

describe('a server whose workers cannot start', () => {
  test('says once that the port is taken, and ends with status 1', async () => {
    const world = aWorld()
    const other = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => {
      other.close()
    })
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    const options = ['--vngshare', '--workers', '2', '--port', String(port), ...placeOptions(world)]
    const { code, said, complained } = await runProgram([...options, '--log-level', 'warn'])
    expect(code).toBe(1)
    expect(said).toBe('')
    expect(complained).toMatch(/^[^\n]*another program listens there[^\n]*\n$/)
  })

  test('says all that is wrong with its settings, and ends with status 2', async () => {
    const { code, complained } = await runProgram(['--vngshare', '--workers', '999', '--drain-seconds', 'x'])
    expect(code).toBe(2)
    expect(complained.match(/--workers/g)).toHaveLength(1)
    expect(complained.match(/--drain-seconds/g)).toHaveLength(1)
  })
})

/** Several clients, so that both workers have some. */
async function twoWorkers(world: World, args: readonly string[] = []) {
  const server = await world.start({ args: ['--workers', '2', ...args] })
  await openClassroom(server, { students: [student] })
  const classrooms = Array.from({ length: 8 }, () => new Classroom(server))
  await Promise.all(classrooms.map(({ client }) => accepted(client.get('courses', student))))
  return { server, classrooms }
}
