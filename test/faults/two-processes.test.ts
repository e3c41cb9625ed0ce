/** Two servers on one database and one storage folder: their clients cannot tell them from one. */
import { expect, test } from 'vitest'
import { accepted, Classroom, openClassroom, teacher } from './classroom.ts'
import { inspect } from './stored-facts.ts'
import { aNotebook, formOf, summaryOf, workIn } from './student-work.ts'
import { aWorld, type World } from './world.ts'

const student = 'student'

test('of the same assignment released through both at once, one release succeeds and the other is told that it exists', async () => {
  const { both } = await twoServers(aWorld())
  const names = Array.from({ length: 30 }, (_, number) => `assignment${number}`)
  const releases = names.flatMap(name =>
    both.map(async ({ client }, server) => {
      const form = formOf(aNotebook(`${name} by server ${server}`, 70_000))
      return { name, server, answer: await client.post(`assignment/course/${name}`, teacher, form) }
    }),
  )

  const outcomes = await Promise.all(releases)
  for (const name of names) {
    const statuses = outcomes.filter(outcome => outcome.name === name).map(({ answer }) => answer.status)
    expect(statuses.sort(), name).toEqual([200, 409])
  }
  for (const { name, server } of outcomes.filter(({ answer }) => answer.status === 200)) {
    const released = summaryOf(aNotebook(`${name} by server ${server}`, 70_000))
    for (const { client } of both) {
      const fetched = await accepted(client.get(`assignment/course/${name}`, student))
      expect(summaryOf(workIn(fetched)), name).toBe(released)
    }
  }
})

test('what one student submits through both at once is all stored, each under a moment of its own', async () => {
  const world = aWorld()
  const { both } = await twoServers(world)
  const submissions = await Promise.all(
    both.flatMap((classroom, server) =>
      Array.from({ length: 50 }, async (_, number) => {
        const work = aNotebook(`${number} by server ${server}`, number % 10 === 0 ? 100_000 : 2000)
        const timestamp = await classroom.submitted(student, work)
        return { listed: { student_id: student, timestamp }, summary: summaryOf(work) }
      }),
    ),
  )

  const timestamps = submissions.map(({ listed }) => listed.timestamp)
  expect(new Set(timestamps).size).toBe(100)
  for (const classroom of both) {
    const listed = await classroom.list()
    expect(listed.map(({ timestamp }) => timestamp).sort()).toEqual(timestamps.sort())
    for (const { listed, summary } of submissions) expect(await classroom.summary(listed)).toBe(summary)
  }
  expect(inspect(world).faults).toEqual([])
})

test('the same files submitted through both at once are stored once, and both submissions have them', async () => {
  const world = aWorld()
  const { both } = await twoServers(world)
  const shared = aNotebook('the data file that everyone has', 300_000)
  const listed = await Promise.all(
    Array.from({ length: 20 }, async (_, number) => ({
      student_id: student,
      timestamp: await inTurn(both, number).submitted(student, shared),
    })),
  )

  for (const [number, submission] of listed.entries()) {
    expect(await inTurn(both, number + 1).summary(submission)).toBe(summaryOf(shared))
  }
  const { faults, unused } = inspect(world)
  expect(faults).toEqual([])
  expect(unused).toEqual([])
})

test('roster changes made through both at once are all there, and each is seen by the other at once', async () => {
  const { both } = await twoServers(aWorld())
  const names = Array.from({ length: 60 }, (_, number) => `newcomer${number}`)
  await Promise.all(
    names.map(async (name, number) => {
      const { client } = inTurn(both, number)
      const details = { first_name: name, last_name: 'N.', email: `${name}@example.org` }
      await accepted(client.post(`student/course/${name}`, teacher, details))
      const other = inTurn(both, number + 1)
      const seen = await accepted(other.client.get(`student/course/${name}`, teacher))
      expect(seen).toMatchObject({ username: name, ...details })
      if (number % 3 === 0) await accepted(other.client.delete(`student/course/${name}`, teacher))
    }),
  )

  const staying = names.filter((_, number) => number % 3 !== 0)
  for (const { client } of both) {
    const { students } = await accepted(client.get('students/course', teacher))
    const listed = (students as { username: string }[]).map(({ username }) => username)
    expect(listed.sort()).toEqual([...staying, student].sort())
  }
})

test('both may be started at the same time on a database that is not there yet', async () => {
  for (let attempt = 1; attempt <= 4; attempt++) {
    const world = aWorld()
    const [one, other] = await Promise.all([world.start(), world.start()])
    const classroom = await openClassroom(one, { students: [student] })
    const timestamp = await new Classroom(other).submitted(student, aNotebook('work', 1000))
    expect(await classroom.list(), `attempt ${attempt}`).toEqual([{ student_id: student, timestamp }])
    expect(world.logs).toBe('')
    await world.end()
  }
})

test('one that ends, by itself or by kill -9, takes nothing away from the other', async () => {
  for (const end of ['stop', 'kill'] as const) {
    const world = aWorld()
    const { servers, both } = await twoServers(world)
    const [leaving, staying] = both
    const before = await leaving.submitted(student, aNotebook('before', 20_000))
    const submitting = Promise.all(
      Array.from({ length: 20 }, (_, number) => staying.submitted(student, aNotebook(`${number}`, 70_000))),
    )
    await servers[0][end]()
    const during = await submitting
    const listed = await staying.list()
    expect(listed.map(({ timestamp }) => timestamp).sort()).toEqual([before, ...during].sort())
    await world.end()
  }
})

async function twoServers(world: World) {
  const servers = [await world.start(), await world.start()] as const
  await openClassroom(servers[0], { students: [student] })
  return { servers, both: [new Classroom(servers[0]), new Classroom(servers[1])] as const }
}

function inTurn(both: readonly Classroom[], number: number): Classroom {
  const classroom = both[number % both.length]
  if (classroom === undefined) throw new Error('there is no server')
  return classroom
}
