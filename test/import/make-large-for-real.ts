/**
 * Has the real Python ngshare 0.6.0 take the work of a whole school, over HTTP, for an import of what it wrote:
 * `node test/import/make-large-for-real.ts FOLDER [COURSES] [STUDENTS] [ASSIGNMENTS]`. 200 × 100 × 5 are 105,000
 * submissions, and take a quarter of an hour.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Agent, request } from 'undici'
import { ADMIN } from '../../bench/peers/ours.ts'
import { type Peer, startPeer } from '../../bench/peers/peers.ts'
import { file } from '../support/trees.ts'
import {
  type Attempt,
  type Files,
  type SchoolCourse,
  type SchoolSize,
  schoolCourses,
} from './large-exchange.ts'

/** The Python server works on one request at a time. */
const atOnce = 4

/** In the folder: `ngshare.db`, `files/`, and `size.json`, which is there when all was sent. */
export async function makeLargeForReal(
  folder: string,
  size: SchoolSize,
  tell: (text: string) => void = () => undefined,
): Promise<void> {
  await mkdir(folder, { recursive: true })
  const peer = await startPeer('python', {
    folder,
    hubDelayMs: null,
    shape: 'small',
    workers: null,
    replicas: 1,
  })
  const agent = new Agent({ connections: atOnce })
  try {
    let done = 0
    for (const course of schoolCourses(size)) {
      await teach(sender(peer, agent), course)
      tell(`${++done} of ${size.courses} courses`)
    }
  } finally {
    await agent.close()
    await peer.stop()
  }
  await writeFile(join(folder, 'size.json'), JSON.stringify(size))
}

type Send = (
  user: string,
  path: readonly string[],
  fields: Readonly<Record<string, unknown>>,
) => Promise<string>

async function teach(send: Send, course: SchoolCourse): Promise<void> {
  const { course: name, instructor, students, assignments } = course
  await send(ADMIN, ['course', name], { instructors: [instructor] })
  const roster = students.map(username => ({
    ...{ username, first_name: 'First', last_name: 'Last' },
    email: `${username}@example.org`,
  }))
  await send(instructor, ['students', name], { students: roster })
  for (const { assignment, release, attempts } of assignments) {
    await send(instructor, ['assignment', name, assignment], { files: wire(release) })
    const submit = async ({ student, files, feedback }: Attempt) => {
      const timestamp = await send(student, ['submission', name, assignment], { files: wire(files) })
      if (feedback === null) return
      const to = ['feedback', name, assignment, student]
      await send(instructor, to, { timestamp, files: wire(feedback) })
    }
    // One after the other for each student, so that their order is known.
    const queue = [...Map.groupBy(attempts, attempt => attempt.student).values()].values()
    const work = async () => {
      for (const own of queue) for (const attempt of own) await submit(attempt)
    }
    await Promise.all(Array.from({ length: atOnce }, work))
  }
}

/** Returns the timestamp, where the answer has one. */
function sender({ target }: Peer, dispatcher: Agent): Send {
  const [port] = target.ports
  return async (user, path, fields) => {
    const texts = Object.entries(fields).map(([name, value]): [string, string] => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ])
    const where = path.map(encodeURIComponent).join('/')
    const { body } = await request(`http://127.0.0.1:${port}/api/${where}`, {
      method: 'POST',
      headers: { authorization: `token ${user}`, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(texts).toString(),
      dispatcher,
    })
    const text = await body.text()
    const answer = JSON.parse(text) as { success: boolean; timestamp?: string }
    if (!answer.success) throw new Error(`${user} POST ${where}: ${text}`)
    return answer.timestamp ?? ''
  }
}

function wire(files: Files): object[] {
  return Object.entries(files).map(([path, bytes]) => file(path, bytes))
}

if (import.meta.main) {
  const [folder = '', ...sizes] = process.argv.slice(2)
  const [courses = 200, students = 100, assignments = 5] = sizes.map(Number)
  const startedAt = performance.now()
  await makeLargeForReal(folder, { courses, students, assignments }, text => {
    console.log(`${((performance.now() - startedAt) / 1000).toFixed(0)} s: ${text}`)
  })
}
