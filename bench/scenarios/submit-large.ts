// One student submits something huge: what it costs the server in memory, and everybody else in patience.

import type { LoadJob } from '../load/job.ts'
import { COURSE, openCourse, releaseAssignment, studentName } from './classroom.ts'
import { type Bench, firstStampOf, type Scenario } from './scenario.ts'

const ASSIGNMENT = 'ps1'
const UPLOADER = studentName(0)
const OTHER_STUDENT = studentName(1)
/** Often enough for a p99, seldom enough not to compete with the upload for the processor. */
const ASK_EVERY_MS = 10

export const submitLarge: Scenario = {
  name: 'submit-50m',
  title: 'submit 50 MB, 1 connection',
  wanted: { bareRate: true, peakMb: 200 },
  rounds: 1,
  async prepare(bench) {
    await openCourse(bench, { students: 2 })
    await releaseAssignment(bench, ASSIGNMENT)
    if (!bench.quick) await bench.load.run(submit(bench, 1, 0))
    await bench.otherLoad.run({ ...askForCourses(bench), limit: { requests: 20, seconds: 1 } })
  },
  async run(bench, round) {
    const asking = bench.otherLoad.run(askForCourses(bench))
    const main = await bench.load.run(submit(bench, bench.quick ? 1 : 6, firstStampOf(round)))
    bench.otherLoad.finishEarly()
    return { main, meanwhile: await asking }
  },
}

function submit({ peer }: Bench, requests: number, firstStamp: number): LoadJob {
  return {
    target: peer.target,
    requests: [
      {
        method: 'POST',
        path: `submission/${COURSE}/${ASSIGNMENT}`,
        user: UPLOADER,
        body: { kind: 'file', file: { name: 'huge.bin', sizeBytes: 50_000_000 } },
        expects: { kind: 'text', text: '"timestamp"' },
      },
    ],
    connections: 1,
    limit: { requests, seconds: 8 },
    firstStamp,
  }
}

function askForCourses({ peer }: Bench): LoadJob {
  const ask = { method: 'GET', path: 'courses', user: OTHER_STUDENT } as const
  return {
    target: peer.target,
    requests: Array.from({ length: 4 }, () => ({ ...ask, expects: { kind: 'text', text: `"${COURSE}"` } })),
    connections: 4,
    limit: { requests: Infinity, seconds: 60 },
    everyMs: ASK_EVERY_MS,
  }
}
