// A class fetches the assignment that was just released.

import type { LoadJob } from '../load/job.ts'
import { COURSE, openCourse, releaseAssignment, studentName } from './classroom.ts'
import type { Bench, Scenario } from './scenario.ts'

const CONNECTIONS = 8
const ASSIGNMENT = 'ps1'
const RELEASED = { name: 'ps1.ipynb', sizeBytes: 1_000_000 }

export const fetchAssignment: Scenario = {
  name: 'fetch-1m',
  title: 'fetch 1 MB assignment, 8 connections',
  wanted: { bareRate: true },
  rounds: 3,
  async prepare(bench) {
    await openCourse(bench, { students: CONNECTIONS })
    await releaseAssignment(bench, ASSIGNMENT, RELEASED)
    await bench.load.run(fetchJob(bench, 0.5))
  },
  async run(bench) {
    return { main: await bench.load.run(fetchJob(bench, bench.quick ? 0.7 : 3)) }
  },
}

function fetchJob({ peer }: Bench, seconds: number): LoadJob {
  return {
    target: peer.target,
    requests: Array.from({ length: CONNECTIONS }, (_, index) => ({
      method: 'GET',
      path: `assignment/${COURSE}/${ASSIGNMENT}`,
      user: studentName(index),
      expects: { kind: 'file', file: RELEASED, stamp: null },
    })),
    connections: CONNECTIONS,
    limit: { requests: Infinity, seconds },
  }
}
