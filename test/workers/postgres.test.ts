/** Several processes on PostgreSQL: the same program, the same rules. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { Classroom, openClassroom } from '../faults/classroom.ts'
import { eventually, forEach } from '../faults/eventually.ts'
import { aNotebook } from '../faults/student-work.ts'
import { aWorld } from '../faults/world.ts'
import { startPostgres } from '../support/postgres.ts'
import { newWorkers, workersOf } from './processes.ts'

test('workers on PostgreSQL share the work, one of them keeps house, and a dead one takes nothing with it', async () => {
  const postgres = await startPostgres()
  onTestFinished(() => postgres.close())
  const database = await postgres.newDatabase()
  const world = aWorld()
  const server = await world.start({
    bare: [
      ...['--vngshare', '--port', '0', '--workers', '2', '--admins', 'root', '--log-level', 'debug'],
      ...['--database', postgres.url(database), '--storage', world.storage],
    ],
  })
  const rounds = () => server.log.split('housekeeping has ended a round').length - 1
  const students = Array.from({ length: 60 }, (_, number) => `student${number}`)
  const classroom = await openClassroom(server, { students })
  const [victim = 0, survivor = 0] = workersOf(server)
  const acknowledged: string[] = []
  await forEach(students.entries(), 8, async ([number, student]) => {
    const own = new Classroom(server)
    const answer = await own.submit(student, aNotebook(student, 5000)).catch(() => null) // its worker died
    own.client.close()
    if (answer !== null) {
      expect(answer.status).toBe(200)
      acknowledged.push(`${student} ${answer.fields.timestamp}`)
    }
    if (number === 20) process.kill(victim, 'SIGKILL')
  })
  expect(acknowledged.length).toBeGreaterThan(40)
  const listed = (await new Classroom(server).list()).map(item => `${item.student_id} ${item.timestamp}`)
  for (const one of acknowledged) expect(listed).toContain(one)
  classroom.client.close()
  await newWorkers(server, 1, [victim, survivor])
  await eventually('one has kept house', () => rounds() > 0)
  await sleep(1500)
  expect(rounds()).toBe(1)
  expect(await server.stop()).toEqual({ code: 0, signal: null })
  const [lease] = await postgres.query<{ held: number; beats: number }>(
    database,
    'select count(holder)::int as held, min(beat)::int as beats from leases',
  )
  expect(lease?.beats).toBeGreaterThan(0)
}, 60_000)
