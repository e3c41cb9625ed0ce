// The smallest question a notebook asks: which courses am I in?

import type { LoadJob } from '../load/job.ts'
import { COURSE, openCourse, studentName } from './classroom.ts'
import type { Bench, Scenario } from './scenario.ts'

const CONNECTIONS = 16

export const courses: Scenario = {
  name: 'courses',
  title: 'GET courses, 16 connections',
  wanted: { timesPython: 15 },
  rounds: 3,
  async prepare(bench) {
    await openCourse(bench, { students: CONNECTIONS })
    await bench.load.run(askForCourses(bench, 0.5))
  },
  async run(bench) {
    return { main: await bench.load.run(askForCourses(bench, bench.quick ? 0.5 : 2)) }
  },
}

function askForCourses({ peer }: Bench, seconds: number): LoadJob {
  return {
    target: peer.server.target,
    requests: Array.from({ length: CONNECTIONS }, (_, index) => ({
      method: 'GET',
      path: 'courses',
      user: studentName(index),
      expects: { kind: 'text', text: `"${COURSE}"` },
    })),
    connections: CONNECTIONS,
    limit: { requests: Infinity, seconds },
  }
}
