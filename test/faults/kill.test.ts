/** `kill -9` while a class submits: nothing that was acknowledged is lost, nothing half is there. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Classroom, type Listed, openClassroom } from './classroom.ts'
import { forEach } from './eventually.ts'
import { inspect } from './stored-facts.ts'
import { aNotebook, bytesOf, summaryOf, type Work } from './student-work.ts'
import { type Server, World } from './world.ts'

const rounds = Number(process.env.NGSHARE_KILL_ROUNDS || 3)
const students = Array.from({ length: 200 }, (_, number) => `student${number}`)
const startLimitMs = 10_000

describe(`a server that is killed ${rounds} times while ${students.length} students submit`, () => {
  const world = new World()
  const story = new Story()

  beforeAll(() => story.play(world, rounds), 60_000 + rounds * 20_000)
  afterAll(() => world.end())

  test('was killed in the middle each time, with submissions acknowledged and others not', () => {
    expect(story.acknowledgedByRound).toHaveLength(rounds)
    for (const acknowledged of story.acknowledgedByRound) {
      expect(acknowledged).toBeGreaterThan(0)
      expect(acknowledged).toBeLessThan(students.length)
    }
  })

  test('refused nobody before it died', () => {
    expect(story.refusals).toEqual([])
  })

  test('still has every submission that it acknowledged, byte for byte', () => {
    expect(story.lost).toEqual([])
  })

  test('has of every other submission all of it or nothing', () => {
    expect(story.halfThere).toEqual([])
  })

  test('keeps no row without its bytes, and no broken database', () => {
    expect(story.storedFaults).toEqual([])
  })

  test('starts again at once, without repairs, complaints or help', () => {
    expect(story.startTroubles).toEqual([])
  })
})

interface Attempt {
  readonly student: string
  readonly work: Work
}

interface Outcome {
  /** Students with the timestamps that they were told. */
  readonly acknowledged: ReadonlyMap<string, string>
  readonly refusals: readonly string[]
}

/** Plays the rounds on the same data, and writes down what went wrong. */
class Story {
  readonly acknowledgedByRound: number[] = []
  readonly refusals: string[] = []
  readonly lost: string[] = []
  readonly halfThere: string[] = []
  readonly storedFaults: string[] = []
  readonly startTroubles: string[] = []
  /** What must be there from now on: the submission and its summary. */
  readonly #known = new Map<string, { listed: Listed; summary: string }>()
  #inspectedBlob = 0

  async play(world: World, rounds: number): Promise<void> {
    let server = await world.start()
    await openClassroom(server, { students })
    for (let round = 1; round <= rounds; round++) {
      const attempts = students.map((student, number) => ({ student, work: workFor({ round, number }) }))
      const { acknowledged, refusals } = await killWhileSubmitting(server, attempts)
      this.refusals.push(...refusals)
      server = await world.start()
      await this.#checkStart(server)
      const classroom = new Classroom(server)
      await this.#checkSubmissions(classroom, attempts, acknowledged)
      if (round === rounds) await this.#collectEverything(classroom)
      const facts = inspect(world, { afterBlob: round === rounds ? 0 : this.#inspectedBlob })
      this.storedFaults.push(...facts.faults)
      this.#inspectedBlob = facts.lastBlobId
      this.acknowledgedByRound.push(acknowledged.size)
      console.info(
        `round ${round}: ${acknowledged.size} of ${attempts.length} acknowledged, ${this.#known.size} stored in all, ` +
          `${facts.unused.length} unused files, started again in ${server.startMs} ms`,
      )
    }
    await server.stop()
  }

  async #checkStart(server: Server): Promise<void> {
    const { status } = await new Classroom(server).client.get('readyz', 'root')
    if (status !== 200) this.startTroubles.push(`not ready: ${status}`)
    if (server.startMs > startLimitMs) this.startTroubles.push(`started only after ${server.startMs} ms`)
    if (server.log !== '') this.startTroubles.push(server.log)
  }

  async #checkSubmissions(
    classroom: Classroom,
    attempts: readonly Attempt[],
    acknowledged: ReadonlyMap<string, string>,
  ): Promise<void> {
    const listed = new Map((await classroom.list()).map(listed => [keyOf(listed), listed]))
    for (const key of this.#known.keys())
      if (!listed.has(key)) this.lost.push(`${key}: gone in a later round`)
    const open = new Map(attempts.map(({ student, work }) => [student, summaryOf(work)]))
    for (const [student, timestamp] of acknowledged) {
      if (!listed.has(keyOf({ student_id: student, timestamp })))
        this.lost.push(`${student} ${timestamp}: gone`)
    }
    const fresh = [...listed].filter(([key]) => !this.#known.has(key))
    await forEach(fresh, 8, async ([key, submission]) => {
      const isAcknowledged = acknowledged.get(submission.student_id) === submission.timestamp
      const summary = open.get(submission.student_id)
      open.delete(submission.student_id)
      if (summary === undefined) {
        this.halfThere.push(`${key}: submitted once, there twice`)
        return
      }
      const found = await classroom.summary(submission).catch(String)
      if (found !== summary) (isAcknowledged ? this.lost : this.halfThere).push(`${key}: ${found}`)
      this.#known.set(key, { listed: submission, summary })
    })
  }

  async #collectEverything(classroom: Classroom): Promise<void> {
    await forEach(this.#known, 8, async ([key, { listed, summary }]) => {
      const found = await classroom.summary(listed).catch(String)
      if (found !== summary) this.lost.push(`${key}: ${found}`)
    })
  }
}

/** Kills it a moment after some of the acknowledgements; the others find their connections broken. */
async function killWhileSubmitting(server: Server, attempts: readonly Attempt[]): Promise<Outcome> {
  const acknowledged = new Map<string, string>()
  const refusals: string[] = []
  const classroom = new Classroom(server)
  const killAfter = Math.ceil((0.05 + 0.45 * Math.random()) * attempts.length)
  const killDelayMs = Math.random() * 5
  await Promise.all(
    attempts.map(async ({ student, work }) => {
      const answer = await classroom.submit(student, work).catch(() => null) // broken: nothing was promised
      if (answer === null) return
      const { status, fields } = answer
      if (status === 200) acknowledged.set(student, fields.timestamp as string)
      else refusals.push(`${student}: ${status} ${JSON.stringify(fields)}`)
      if (acknowledged.size !== killAfter) return
      await sleep(killDelayMs)
      server.signal('SIGKILL')
    }),
  )
  await server.kill()
  return { acknowledged, refusals }
}

function workFor({ round, number }: { round: number; number: number }): Work {
  const seed = `round ${round} student ${number}`
  const sizes = [1000, 20_000, 100_000, 300_000]
  const size = sizes[number % (sizes.length + 1)]
  if (size !== undefined) return aNotebook(seed, size)
  return [
    { path: 'notebook.ipynb', bytes: bytesOf(seed, 20_000) },
    { path: 'data/handed out to everyone.csv', bytes: bytesOf(`round ${round}`, 100_000) },
    { path: 'data/small table.csv', bytes: bytesOf(`round ${round}`, 1000) },
    { path: 'plots/mine.png', bytes: bytesOf(`plot of ${seed}`, 70_000) },
    { path: 'empty.txt', bytes: Buffer.alloc(0) },
  ]
}

function keyOf({ student_id, timestamp }: Listed): string {
  return `${student_id} ${timestamp}`
}
