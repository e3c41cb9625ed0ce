/** The processes of a server that has several. */
import { readFileSync } from 'node:fs'
import { eventually } from '../faults/eventually.ts'
import type { Server } from '../faults/world.ts'

/** The pids of its workers, as the kernel knows them. */
export function workersOf(server: Pick<Server, 'pid'>): number[] {
  const children = readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8')
  return children.split(' ').filter(Boolean).map(Number)
}

/** Without those that have ended and wait for somebody to notice. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false // there is no such process
  }
}

/** Resolves when there are so many workers, none of them one of those. */
export async function newWorkers(
  server: Server,
  count: number,
  except: readonly number[] = [],
): Promise<number[]> {
  const present = () => workersOf(server).filter(pid => isAlive(pid) && !except.includes(pid))
  await eventually(`${count} workers run`, () => present().length === count)
  return present()
}
