// What the machine itself gives to more processes: cores may be halves of one, and share their caches and memory.

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const ROUNDS = 3
const spinning = fileURLToPath(new URL('spin-process.ts', import.meta.url))
const run = promisify(execFile)

/** How much so many processes that share nothing do together, in times of what one does alone. The median of rounds. */
export async function measureIndependent(count: number): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const alone = await spin()
    const together = await Promise.all(Array.from({ length: count }, spin))
    times.push(together.reduce((sum, one) => sum + one, 0) / alone)
  }
  return times.toSorted((one, other) => one - other)[Math.floor(ROUNDS / 2)] as number
}

async function spin(): Promise<number> {
  const { stdout } = await run(process.execPath, [spinning])
  return Number(stdout)
}
