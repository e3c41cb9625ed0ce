// Starts the load process and hands it jobs: a generator in the benchmark's own process would time its bookkeeping too.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { LoadJob, LoadResult } from './job.ts'
import type { ToWorker } from './worker.ts'

/** Who sends the requests of jobs, one job at a time. */
export type Load = Pick<LoadProcess, 'run' | 'finishEarly' | 'close'>

export class LoadProcess {
  readonly #child: ChildProcess

  constructor() {
    this.#child = fork(new URL('worker.ts', import.meta.url), { serialization: 'advanced' })
  }

  /** One job at a time. */
  run(job: LoadJob): Promise<LoadResult> {
    this.#send({ kind: 'run', job })
    return new Promise((resolve, reject) => {
      const fail = () => reject(new Error('the load process ended in the middle of a job'))
      this.#child.once('exit', fail)
      this.#child.once('message', result => {
        this.#child.off('exit', fail)
        resolve(result as LoadResult)
      })
    })
  }

  /** Ends the job under way early; its `run` still resolves with what was measured. */
  finishEarly(): void {
    this.#send({ kind: 'stop' })
  }

  async close(): Promise<void> {
    const exited = once(this.#child, 'exit')
    this.#child.disconnect()
    await exited
  }

  #send(message: ToWorker): void {
    this.#child.send(message)
  }
}
