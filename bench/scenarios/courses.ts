// The smallest question a notebook asks: which courses am I in?

import type { LoadJob } from '../load/job.ts'
import { COURSE, enrolStudents, openCourse, studentName } from './classroom.ts'
import type { Bench, Scenario } from './scenario.ts'

const CONNECTIONS = 16

export const courses: Scenario = {
  name: 'courses',
  title: 'GET courses, 16 connections',
  wanted: { timesPython: 15 },
  rounds: 3,
  async prepare(bench) {
    await openCourse(bench, { students: CONNECTIONS })
    await bench.load.run(askForCourses(bench, { seconds: 0.5 }))
  },
  async run(bench) {
    return { main: await bench.load.run(askForCourses(bench, { seconds: bench.quick ? 0.5 : 2 })) }
  },
}

export const coursesWithHub: Scenario = {
  name: 'courses-hub',
  title: 'GET courses, 16 connections, hub takes 20 ms',
  wanted: { timesPython: 200 },
  hubDelayMs: 20,
  rounds: 3,
  async prepare(bench) {
    await openCourse(bench, { students: CONNECTIONS })
    await bench.load.run(askForCourses(bench, { seconds: 0.5 }))
  },
  async run(bench, round) {
    // Students whom the server has not met: asking the hub about them counts.
    const firstStudent = (round + 1) * CONNECTIONS
    await enrolStudents(bench, { from: firstStudent, count: CONNECTIONS })
    // Long enough for Python, which answers some twenty a second.
    const seconds = bench.quick ? 0.5 : 6
    return { main: await bench.load.run(askForCourses(bench, { seconds, firstStudent })) }
  },
}

type Asking = { seconds: number; firstStudent?: number }

function askForCourses({ peer }: Bench, { seconds, firstStudent = 0 }: Asking): LoadJob {
  return {
    target: peer.target,
    requests: Array.from({ length: CONNECTIONS }, (_, index) => ({
      method: 'GET',
      path: 'courses',
      user: studentName(firstStudent + index),
      expects: { kind: 'text', text: `"${COURSE}"` },
    })),
    connections: CONNECTIONS,
    limit: { requests: Infinity, seconds },
  }
}
