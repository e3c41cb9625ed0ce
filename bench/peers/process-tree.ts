// A process and all that it has started, as Linux knows them. Elsewhere: the process alone.

import { readFileSync } from 'node:fs'

export function processTree(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(processTree)]
}

/** Whichever of its threads started them: Node starts its workers from the first. */
function childrenOf(pid: number): number[] {
  const text = readProc(`/proc/${pid}/task/${pid}/children`) ?? ''
  return text.split(' ').filter(Boolean).map(Number)
}

export type ProcessUse = {
  /** In bytes, what is in memory and the process's own or shared. */
  residentBytes: number
  /** In seconds, since it began. */
  cpuSeconds: number
}

/** Seconds of processor time that all of them have had so far. */
export function processTimes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + (useOf(pid)?.cpuSeconds ?? 0), 0)
}

/** `sysconf(_SC_CLK_TCK)`, the same on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100

/** Null: it is gone, or this is no Linux. */
export function useOf(pid: number): ProcessUse | null {
  const stat = readProc(`/proc/${pid}/stat`)
  const status = readProc(`/proc/${pid}/status`)
  if (stat === null || status === null) return null
  // proc(5): the name, in parentheses, may hold blanks; utime and stime are the 14th and 15th field.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = Number(fields[11]) + Number(fields[12])
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]
  return { residentBytes: Number(kib ?? 0) * 1024, cpuSeconds: ticks / TICKS_PER_SECOND }
}

function readProc(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}
