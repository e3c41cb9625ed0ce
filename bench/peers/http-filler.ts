// Fills a server as its clients would.

import type { BodyPlan, RequestPlan, Target } from '../load/job.ts'
import type { Load } from '../load/load-process.ts'
import type { Filler } from './filler.ts'

const CONNECTIONS = 16
const SECONDS = 120

export function fillOverHttp(target: Target, load: Load): Filler {
  return {
    async enrolStudents(course, instructor, students) {
      const roster = students.map(username => ({
        username,
        first_name: 'First',
        last_name: 'Last',
        email: `${username}@example.org`,
      }))
      const body: BodyPlan = { kind: 'form', fields: { students: JSON.stringify(roster) } }
      await sendAll(target, load, [{ method: 'POST', path: `students/${course}`, user: instructor, body }])
    },
    async addSubmissions({ course, assignment, submissions }) {
      const requests = submissions.map(
        ({ student, file }): RequestPlan => ({
          method: 'POST',
          path: `submission/${course}/${assignment}`,
          user: student,
          body: file ? { kind: 'file', file } : { kind: 'form', fields: { files: '[]' } },
        }),
      )
      await sendAll(target, load, requests)
    },
  }
}

/** Sends each request once; throws when one of them is refused. */
export async function sendAll(target: Target, load: Load, requests: RequestPlan[]): Promise<void> {
  const { completed, errorSamples } = await load.run({
    target,
    requests,
    connections: Math.min(CONNECTIONS, requests.length),
    limit: { requests: requests.length, seconds: SECONDS },
  })
  if (completed === requests.length) return
  throw new Error(
    `set-up, ${requests[0]?.path}: ${completed} of ${requests.length} accepted; ${errorSamples[0] ?? 'too slow'}`,
  )
}
