// The instructor looks at who has submitted.

import type { LoadJob } from '../load/job.ts'
import { COURSE, INSTRUCTOR, openCourse, releaseAssignment, studentName } from './classroom.ts'
import type { Bench, Scenario } from './scenario.ts'

const CONNECTIONS = 2
const STUDENTS = 1000
const ASSIGNMENT = 'ps1'

function listScenario({ name, count }: { name: string; count: number }): Scenario {
  function list({ peer }: Bench, submissions: number, seconds: number): LoadJob {
    return {
      target: peer.target,
      requests: Array.from({ length: CONNECTIONS }, () => ({
        method: 'GET',
        path: `submissions/${COURSE}/${ASSIGNMENT}`,
        user: INSTRUCTOR,
        expects: { kind: 'submissions', count: submissions },
      })),
      connections: CONNECTIONS,
      limit: { requests: Infinity, seconds },
    }
  }

  /** A tenth is enough to see that it works. */
  const countFor = (bench: Bench) => (bench.quick ? count / 10 : count)

  return {
    name,
    title: `list ${count.toLocaleString('en')} submissions`,
    wanted: { timesPython: 100 },
    rounds: 3,
    async prepare(bench) {
      const students = Math.min(STUDENTS, countFor(bench))
      await openCourse(bench, { students })
      await releaseAssignment(bench, ASSIGNMENT)
      await bench.peer.fillerThrough(bench.load).addSubmissions({
        course: COURSE,
        assignment: ASSIGNMENT,
        submissions: Array.from({ length: countFor(bench) }, (_, index) => ({
          student: studentName(index % students),
          file: null,
        })),
      })
      await bench.load.run(list(bench, countFor(bench), 0.3))
    },
    async run(bench) {
      return { main: await bench.load.run(list(bench, countFor(bench), bench.quick ? 0.5 : 2)) }
    },
  }
}

export const listThousand = listScenario({ name: 'list-1000', count: 1000 })
export const listTenThousand = listScenario({ name: 'list-10000', count: 10_000 })
