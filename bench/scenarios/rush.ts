// The deadline: a whole class submits at once, and afterwards every acknowledged submission must be there.

import type { FileSpec } from '../load/content.ts'
import type { LoadJob, RequestPlan } from '../load/job.ts'
import { COURSE, INSTRUCTOR, openCourse, releaseAssignment, studentName } from './classroom.ts'
import { type Bench, firstStampOf, type Round, type Scenario } from './scenario.ts'

const AT_ONCE = 64
const SUBMISSION_BYTES = 200_000
const WARM_UP = 'warm-up'
/** What must come back is held in memory, so it is asked for in parts. */
const CHECKED_AT_ONCE = 200

export const rush: Scenario = {
  name: 'rush',
  title: 'rush: 1,000 students, 200 KB each, 64 at once',
  wanted: { perSecond: 200, p99Ms: 500 },
  rounds: 1,
  async prepare(bench) {
    await openCourse(bench, { students: classSize(bench) })
    await releaseAssignment(bench, WARM_UP)
    await bench.load.run({ ...rushJob(bench, WARM_UP, 0), limit: { requests: AT_ONCE, seconds: 5 } })
  },
  async run(bench, round) {
    await releaseAssignment(bench, assignmentOf(round))
    return { main: await bench.load.run(rushJob(bench, assignmentOf(round), firstStampOf(round))) }
  },
  async countLost(bench, round, { main }) {
    if (bench.peer.isDurable) await bench.peer.killAndRestart()
    return countMissing(bench, round, main.answers)
  },
}

function classSize({ quick }: Bench): number {
  return quick ? 200 : 1000
}

function assignmentOf(round: number): string {
  return `ps${round}`
}

function workOf(index: number): FileSpec {
  return { name: `${studentName(index)}.ipynb`, sizeBytes: SUBMISSION_BYTES }
}

function rushJob(bench: Bench, assignment: string, firstStamp: number): LoadJob {
  return {
    target: bench.peer.target,
    requests: Array.from({ length: classSize(bench) }, (_, index) => ({
      method: 'POST',
      path: `submission/${COURSE}/${assignment}`,
      user: studentName(index),
      body: { kind: 'file', file: workOf(index) },
      expects: { kind: 'text', text: '"timestamp"' },
    })),
    connections: AT_ONCE,
    limit: { requests: classSize(bench), seconds: 60 },
    firstStamp,
    keepAnswers: true,
  }
}

async function countMissing(bench: Bench, round: number, answers: Round['main']['answers']): Promise<number> {
  const downloads = answers.flatMap((answer, index) =>
    answer === null ? [] : [downloadOf(round, index, JSON.parse(answer).timestamp)],
  )
  let missing = 0
  for (let from = 0; from < downloads.length; from += CHECKED_AT_ONCE) {
    const requests = downloads.slice(from, from + CHECKED_AT_ONCE)
    const { completed } = await bench.load.run({
      target: bench.peer.target,
      requests,
      connections: Math.min(8, requests.length),
      limit: { requests: requests.length, seconds: 60 },
    })
    missing += requests.length - completed
  }
  return missing
}

/** Asks for the submission by the very timestamp that acknowledged it. */
function downloadOf(round: number, index: number, timestamp: string): RequestPlan {
  const submission = `submission/${COURSE}/${assignmentOf(round)}/${studentName(index)}`
  return {
    method: 'GET',
    path: `${submission}?timestamp=${encodeURIComponent(timestamp)}`,
    user: INSTRUCTOR,
    expects: { kind: 'file', file: workOf(index), stamp: firstStampOf(round) + index },
  }
}
