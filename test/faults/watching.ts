/** Starts the process that asks for the courses while something else goes on. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import type { Server } from './world.ts'

export interface Latencies {
  readonly latenciesMs: readonly number[]
  readonly failures: readonly string[]
}

const watcher = fileURLToPath(new URL('./courses-watcher.ts', import.meta.url))

/** Resolves when the watcher is at work; what it returns ends it and says what it saw. */
export async function watchCourses(server: Server, user: string): Promise<() => Promise<Latencies>> {
  const url = new URL('courses', server.home)
  url.searchParams.set('user', user)
  const child = fork(watcher, [url.href], { execArgv: [] })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  await once(child, 'message')
  return async () => {
    const answer = once(child, 'message')
    child.send('stop')
    const [latencies] = await answer
    return latencies as Latencies
  }
}

export function describeLatencies({ latenciesMs }: Latencies): string {
  const sorted = [...latenciesMs].sort((one, other) => one - other)
  const share = (part: number) => (sorted[Math.ceil(part * sorted.length) - 1] ?? 0).toFixed(1)
  return `${sorted.length} GETs of the courses meanwhile: median ${share(0.5)} ms, p99 ${share(0.99)} ms, worst ${share(1)} ms`
}
