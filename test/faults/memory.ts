/** How much memory another process has taken. Only Linux tells. */
import { readFileSync } from 'node:fs'
import type { Server } from './world.ts'

/** The largest resident set so far. */
export function peakMemoryMb(server: Server): number {
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]
  return Math.round(Number(peak) / 1024)
}

export function whyNoMemoryFigures(): string | null {
  return process.platform === 'linux' ? null : 'only Linux tells the peak memory of another process'
}
