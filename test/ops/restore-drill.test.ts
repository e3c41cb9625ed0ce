/** The drill: a real server under load is backed up, restored elsewhere, and asked for everything that it promised. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Classroom, type Listed, openClassroom } from '../faults/classroom.ts'
import { eventually, forEach } from '../faults/eventually.ts'
import { aNotebook, bytesOf, summaryOf, type Work } from '../faults/student-work.ts'
import { aWorld, type Place, placeOptions, runProgram, type World } from '../faults/world.ts'

const program = fileURLToPath(new URL('../../bin/ngshare', import.meta.url))
const students = Array.from({ length: 40 }, (_, number) => `student${number}`)

describe('a backup of a server under load', () => {
  it('has everything that was acknowledged before it began, byte for byte, and nothing by halves', async () => {
    const world = aWorld()
    const classroom = await openClassroom(await world.start(), { students })
    const before = new Map<string, string>()
    await forEach(students, 8, async student => {
      const work = workOf(student, 0)
      before.set(keyOf(student, await classroom.submitted(student, work)), summaryOf(work))
    })
    const load = new Load(classroom)
    await load.hasBegun
    const backup = join(world.folder, 'backups')
    const saved = await runProgram(['backup', backup, ...placeOptions(world)])
    const during = await load.stop()
    expect(saved.complained).toBe('')
    expect(saved.code).toBe(0)

    const place = {
      database: join(world.folder, 'new', 'ngshare.db'),
      storage: join(world.folder, 'new', 'files'),
    }
    const restored = await runProgram(['restore', backup, ...placeOptions(place)])
    expect(restored.complained).toBe('')
    expect(await faultsOf(place)).toBe(0)
    expect(await faultsOf(world)).toBe(0)

    const other = new Classroom(await world.start(place))
    const listed = await other.list()
    const keys = listed.map(({ student_id, timestamp }) => keyOf(student_id, timestamp))
    expect([...before.keys()].filter(key => !keys.includes(key))).toEqual([])
    const wrong: string[] = []
    await forEach(listed, 8, async submission => {
      const key = keyOf(submission.student_id, submission.timestamp)
      const found = await other.summary(submission).catch(String)
      // Of those that were under way nobody knows the timestamp unless they were answered.
      const expected = before.get(key) ?? during.get(key)
      if (expected === undefined ? !during.isWorkOf(submission, found) : found !== expected) wrong.push(key)
    })
    expect(wrong).toEqual([])
    expect(during.size).toBeGreaterThan(0)
  }, 60_000)
})

describe('a backup that is killed in the middle', () => {
  it('is none, leaves the one before it as it is, and the next one goes on with its files', async () => {
    const world = aWorld()
    const classroom = await openClassroom(await world.start(), { students })
    await classroom.submitted('student0', aNotebook('first', 100_000))
    const backup = join(world.folder, 'backups')
    expect((await runProgram(['backup', backup, ...placeOptions(world)])).code).toBe(0)
    const first = await readdir(join(backup, 'generations'))

    await forEach(Array.from({ length: 200 }), 8, async () => {
      const student = students[Math.floor(Math.random() * students.length)] ?? ''
      await classroom.submitted(student, aNotebook(`${Math.random()}`, 300_000))
    })
    await killBackup(world, backup)
    expect(await readdir(join(backup, 'generations'))).toEqual(first)
    expect(await readdir(join(backup, 'incomplete'))).toHaveLength(1)
    const place = {
      database: join(world.folder, 'new', 'ngshare.db'),
      storage: join(world.folder, 'new', 'files'),
    }
    expect((await runProgram(['restore', backup, ...placeOptions(place)])).code).toBe(0)
    expect(await new Classroom(await world.start(place)).list()).toHaveLength(1)

    const copied = (await contentOf(backup)).length
    const next = await runProgram(['backup', backup, '--json', ...placeOptions(world)])
    const { files, newFiles } = JSON.parse(next.said) as { files: number; newFiles: number }
    expect(files).toBe(201)
    expect(newFiles).toBe(201 - copied)
    expect(await readdir(join(backup, 'generations'))).toHaveLength(2)
    expect(await readdir(join(backup, 'incomplete'))).toEqual([])
  }, 60_000)
})

/** Students who submit and submit, until they are told to stop. */
class Load {
  readonly #classroom: Classroom
  readonly #answered = new Map<string, string>()
  readonly #summaries = new Map<string, Set<string>>()
  readonly #running: Promise<void>
  #isOver = false

  constructor(classroom: Classroom) {
    this.#classroom = classroom
    this.#running = Promise.all(students.slice(0, 8).map(student => this.#submitAgainAndAgain(student))).then(
      () => undefined,
    )
    onTestFinished(() => {
      this.#isOver = true
    })
  }

  get hasBegun(): Promise<void> {
    return eventually('the load has begun', () => this.#answered.size > 20)
  }

  async stop(): Promise<{
    size: number
    get(key: string): string | undefined
    isWorkOf(submission: Listed, summary: string): boolean
  }> {
    this.#isOver = true
    await this.#running
    return {
      size: this.#answered.size,
      get: key => this.#answered.get(key),
      isWorkOf: ({ student_id }, summary) => this.#summaries.get(student_id)?.has(summary) ?? false,
    }
  }

  async #submitAgainAndAgain(student: string): Promise<void> {
    const summaries = new Set<string>()
    this.#summaries.set(student, summaries)
    for (let round = 1; !this.#isOver; round++) {
      const work = workOf(student, round)
      summaries.add(summaryOf(work))
      const timestamp = await this.#classroom.submitted(student, work)
      this.#answered.set(keyOf(student, timestamp), summaryOf(work))
    }
  }
}

function workOf(student: string, round: number): Work {
  const seed = `${student} ${round}`
  return [
    ...aNotebook(seed, 20_000),
    { path: 'plot.png', bytes: bytesOf(seed, 120_000) },
    { path: 'data.csv', bytes: bytesOf(`data of round ${round % 5}`, 200_000) },
  ]
}

function keyOf(student: string, timestamp: string): string {
  return `${student} ${timestamp}`
}

async function faultsOf(place: Place): Promise<number> {
  const { said } = await runProgram(['verify', '--json', ...placeOptions(place)])
  return (JSON.parse(said) as { findings: unknown[] }).findings.length
}

async function killBackup(world: World, backup: string): Promise<void> {
  const before = (await contentOf(backup)).length
  const child = spawn(process.execPath, [program, 'backup', backup, ...placeOptions(world)], {
    stdio: 'ignore',
  })
  const exited = once(child, 'exit')
  await eventually('the backup is in the middle', async () => (await contentOf(backup)).length > before + 20)
  child.kill('SIGKILL')
  const [, signal] = (await exited) as [number | null, string | null]
  expect(signal).toBe('SIGKILL')
}

async function contentOf(backup: string): Promise<string[]> {
  const names = await readdir(join(backup, 'content', 'blobs'), { recursive: true })
  return names.filter(name => name.includes('.'))
}
