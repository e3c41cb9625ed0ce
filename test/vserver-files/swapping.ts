/** Attacks a call while it runs: a thread swaps what the call is on its way through. */
import { once } from 'node:events'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'

/** Each renames one path to another, or links to it; together they lead back to the beginning. */
export type Moves = readonly (readonly [from: string, to: string, how?: 'rename' | 'symlink' | 'hardlink'])[]

/** An attack lasts so long at least, and the thread comes round so often, however quick the work is. */
const minMs = 100
const minTurns = 50

/** Works so many rounds, and more if that does not take long, or until `work` says that it has seen enough. */
export async function whileSwapping(
  moves: Moves,
  rounds: number,
  work: (round: number) => Promise<unknown>,
): Promise<void> {
  const memory = new SharedArrayBuffer(8)
  const cells = new Int32Array(memory)
  const worker = new Worker(join(import.meta.dirname, 'swapper.mjs'), { workerData: { moves, memory } })
  const ended = once(worker, 'exit')
  try {
    const endsAt = performance.now() + minMs
    const isEnough = () => performance.now() > endsAt && (cells[1] as number) >= minTurns
    for (let round = 0; round < rounds || !isEnough(); round++) {
      if ((await work(round)) === 'enough') break
    }
  } finally {
    Atomics.store(cells, 0, 1)
    await ended
  }
}
