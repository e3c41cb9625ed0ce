/** Ports where nobody listens: for programs that must be told theirs before they start, and for asking in vain. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

// Below the range from which the system serves outgoing connections and port 0: nobody else gets one of these while
// our program is still starting.
const first = 20_000
const count = 12_000

const startTimeoutMs = 10_000

let next = first + Math.floor(Math.random() * count)

export async function aFreePort(): Promise<number> {
  for (let tries = 0; tries < count; tries++) {
    const port = next++
    if (next === first + count) next = first
    if (await isFree(port)) return port
  }
  throw new Error('no port is free')
}

export async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return true
  } catch {
    return false // somebody has it, which is all we want to know
  } finally {
    server.close()
  }
}

/** Whether somebody listens there. */
function canConnect(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    const answer = (is: boolean) => () => {
      socket.destroy()
      resolve(is)
    }
    socket.once('connect', answer(true)).once('error', answer(false))
  })
}

/** @throws Error when the program ends before somebody listens there, or nobody does for ten seconds */
export async function untilListening(program: ChildProcess, port: number): Promise<void> {
  const until = performance.now() + startTimeoutMs
  while (!(await canConnect(port))) {
    if (program.exitCode !== null) throw new Error(`it ended with ${program.exitCode}`)
    if (performance.now() > until) throw new Error('it does not listen')
    await sleep(5)
  }
}
