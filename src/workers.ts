/** Several processes that serve on one port, each the whole server, and the one that watches over them. */
import cluster, { type Worker } from 'node:cluster'
import { addUpMetrics } from './http/metrics-of-workers.ts'

/** Tells a worker which one it is; its log lines carry the number. */
const numberVariable = 'NGSHARE_WORKER'
const stopMessage = 'stop'
/** A worker that lived so long was well: the next one is started at once. */
const healthyMs = 60_000
const firstPauseMs = 100
const longestPauseMs = 30_000

interface Log {
  info(facts: object, message: string): void
  error(facts: object, message: string): void
}

/** The number of this worker, from 1; null in a process that is none. */
export function workerNumber(): number | null {
  return cluster.isWorker ? Number(process.env[numberVariable]) : null
}

/** Resolves in a worker when it is told to stop. */
export function toldToStop(): Promise<void> {
  return new Promise(resolve => {
    process.on('message', message => {
      if (message === stopMessage) resolve()
    })
  })
}

export interface Workers {
  /** All listen on this port. */
  readonly port: number
  /** Lets all finish. Returns the status to end with. */
  stop(): Promise<number>
  /** Ends all at once. */
  kill(): void
}

/** A worker ended before it had ever listened. It has said why. */
export class WorkerFailed extends Error {
  readonly status: number

  constructor(status: number) {
    super(`a worker could not start (status ${status})`)
    this.name = 'WorkerFailed'
    this.status = status
  }
}

/**
 * The first one starts alone: it brings the database up to date, and says what is wrong where nothing can work.
 * From then on one that ends is replaced. @throws WorkerFailed
 */
export async function startWorkers(input: { count: number; logger: Log }): Promise<Workers> {
  // Workers take connections from the one socket themselves: one that waits for a worker that dies is another's.
  cluster.schedulingPolicy = cluster.SCHED_NONE
  addUpMetrics()
  const places = Array.from({ length: input.count }, (_, i) => new Place(i + 1, input.logger))
  const [first, ...others] = places
  const stop = async () => {
    const statuses = await Promise.all(places.map(place => place.stop()))
    return statuses.find(status => status !== 0) ?? 0
  }
  const kill = () => {
    for (const place of places) place.kill()
  }
  try {
    const port = (await first?.start()) ?? 0
    await Promise.all(others.map(place => place.start()))
    return { port, stop, kill }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Where a worker is, or the next one will be. */
class Place {
  readonly #number: number
  readonly #logger: Log
  #worker: Worker | null = null
  #ended: Promise<number> = Promise.resolve(0)
  #listens = false
  #isStopping = false
  #pauseMs = firstPauseMs
  #timer: NodeJS.Timeout | undefined

  constructor(number: number, logger: Log) {
    this.#number = number
    this.#logger = logger
  }

  /** Resolves to the port. @throws WorkerFailed */
  start(): Promise<number> {
    const worker = this.#fork()
    return new Promise((resolve, reject) => {
      worker.once('listening', ({ port }) => {
        this.#watch(worker)
        resolve(port)
      })
      this.#ended.then(status => reject(new WorkerFailed(status === 0 ? 1 : status)))
    })
  }

  /** Returns the status with which the worker ended by itself. */
  async stop(): Promise<number> {
    this.#isStopping = true
    clearTimeout(this.#timer)
    const worker = this.#worker
    if (worker === null || worker.isDead()) return 0
    if (this.#listens) {
      if (worker.isConnected()) worker.send(stopMessage)
      return this.#ended
    }
    // It does not hear us yet, and nobody has been promised anything by it.
    worker.process.kill('SIGKILL')
    await this.#ended
    return 0
  }

  kill(): void {
    this.#isStopping = true
    clearTimeout(this.#timer)
    this.#worker?.process.kill('SIGKILL')
  }

  #fork(): Worker {
    const worker = cluster.fork({ [numberVariable]: this.#number })
    this.#worker = worker
    this.#listens = false
    worker.once('listening', () => {
      this.#listens = true
    })
    this.#ended = new Promise(resolve => {
      worker.once('exit', (code, signal) => resolve(signal === null ? code : 1))
    })
    return worker
  }

  #watch(worker: Worker): void {
    const since = performance.now()
    worker.once('exit', (code, signal) => {
      if (this.#isStopping) return
      if (performance.now() - since >= healthyMs) this.#pauseMs = firstPauseMs
      const facts = { worker: this.#number, pid: worker.process.pid, code, signal, pauseMs: this.#pauseMs }
      this.#logger.error(facts, 'a worker ended; another one is started')
      this.#timer = setTimeout(() => this.#watch(this.#fork()), this.#pauseMs)
      this.#pauseMs = Math.min(this.#pauseMs * 2, longestPauseMs)
    })
  }
}
