// Students submit again and again, each time something new.

import type { LoadJob } from '../load/job.ts'
import { COURSE, openCourse, releaseAssignment, studentName } from './classroom.ts'
import { type Bench, firstStampOf, type Scenario, type Wanted } from './scenario.ts'

const CONNECTIONS = 8
const ASSIGNMENT = 'ps1'

type Size = { name: string; title: string; sizeBytes: number; wanted: Wanted }

function submitScenario({ name, title, sizeBytes, wanted }: Size): Scenario {
  function submit({ peer }: Bench, seconds: number, firstStamp: number): LoadJob {
    return {
      target: peer.target,
      requests: Array.from({ length: CONNECTIONS }, (_, index) => ({
        method: 'POST',
        path: `submission/${COURSE}/${ASSIGNMENT}`,
        user: studentName(index),
        body: { kind: 'file', file: { name: `${studentName(index)}.ipynb`, sizeBytes } },
        expects: { kind: 'text', text: '"timestamp"' },
      })),
      connections: CONNECTIONS,
      limit: { requests: Infinity, seconds },
      firstStamp,
    }
  }

  return {
    name,
    title,
    wanted,
    rounds: 3,
    async prepare(bench) {
      await openCourse(bench, { students: CONNECTIONS })
      await releaseAssignment(bench, ASSIGNMENT)
      await bench.load.run(submit(bench, bench.quick ? 0.3 : 1, 0))
    },
    async run(bench, round) {
      return { main: await bench.load.run(submit(bench, bench.quick ? 0.7 : 3, firstStampOf(round))) }
    },
  }
}

export const submitSmall = submitScenario({
  name: 'submit-20k',
  title: 'submit 20 KB, 8 connections',
  sizeBytes: 20_000,
  wanted: { timesPython: 10 },
})

export const submitMedium = submitScenario({
  name: 'submit-1m',
  title: 'submit 1 MB, 8 connections',
  sizeBytes: 1_000_000,
  wanted: { bareRate: true },
})
