// The instructor collects a class, one submission after the other as nbgrader does.

import type { LoadJob } from '../load/job.ts'
import { COURSE, INSTRUCTOR, openCourse, releaseAssignment, studentName } from './classroom.ts'
import type { Bench, Scenario } from './scenario.ts'

const ASSIGNMENT = 'ps1'
const SUBMISSION_BYTES = 20_000

export const collect: Scenario = {
  name: 'collect',
  title: 'collect 1,000 × 20 KB one by one',
  wanted: { timesPython: 6 },
  rounds: 3,
  async prepare(bench) {
    await openCourse(bench, { students: classSize(bench) })
    await releaseAssignment(bench, ASSIGNMENT)
    await bench.peer.fillerThrough(bench.load).addSubmissions({
      course: COURSE,
      assignment: ASSIGNMENT,
      submissions: Array.from({ length: classSize(bench) }, (_, index) => ({
        student: studentName(index),
        file: workOf(index),
      })),
    })
    await bench.load.run({ ...collectJob(bench), limit: { requests: 50, seconds: 1 } })
  },
  async run(bench) {
    return { main: await bench.load.run(collectJob(bench)) }
  },
}

function classSize({ quick }: Bench): number {
  return quick ? 100 : 1000
}

function workOf(index: number) {
  return { name: `${studentName(index)}.ipynb`, sizeBytes: SUBMISSION_BYTES }
}

function collectJob(bench: Bench): LoadJob {
  return {
    target: bench.peer.target,
    requests: Array.from({ length: classSize(bench) }, (_, index) => ({
      method: 'GET',
      path: `submission/${COURSE}/${ASSIGNMENT}/${studentName(index)}`,
      user: INSTRUCTOR,
      expects: { kind: 'file', file: workOf(index), stamp: null },
    })),
    connections: 1,
    // A slow server need not finish the class for its rate to be known.
    limit: { requests: classSize(bench), seconds: 5 },
  }
}
