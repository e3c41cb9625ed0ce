// Starts the process that watches, and ends it.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Watched, Watching } from './watch-process.ts'

export type Watch = { stop(): Promise<Watching> }

export async function watch(what: Watched): Promise<Watch> {
  const child = fork(new URL('watch-process.ts', import.meta.url), { serialization: 'advanced' })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  const ready = once(child, 'message')
  child.send(what)
  await ready
  return {
    async stop() {
      const told = once(child, 'message')
      child.send('stop')
      const [watching] = (await told) as [Watching]
      process.off('exit', kill)
      return watching
    },
  }
}
