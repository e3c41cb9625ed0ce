// The load process: takes jobs from the benchmark, one at a time, and answers with their results.

import type { LoadJob } from './job.ts'
import { runJob } from './run-job.ts'

export type ToWorker = { kind: 'run'; job: LoadJob } | { kind: 'stop' }

let current = new AbortController()

process.on('message', async (message: ToWorker) => {
  if (message.kind === 'stop') {
    current.abort()
    return
  }
  current = new AbortController()
  process.send?.(await runJob(message.job, current.signal))
})
process.on('disconnect', () => process.exit())
