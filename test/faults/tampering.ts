/** Makes system calls of a running server fail, or take long, as those of a dying disk do. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { eventually } from './eventually.ts'
import type { Server } from './world.ts'

/** `fault`: in the words of strace's option `inject`. Returns what ends the fault. */
export async function tamperWith(server: Server, fault: string): Promise<() => Promise<void>> {
  const tracer = attach(server.pid, fault)
  await tracer.attached
  return async () => {
    tracer.process.kill('SIGINT') // lets go of the server, which runs on
    await tracer.ended
  }
}

/** Why a running process cannot be tampered with here; null when it can. */
export async function whyNoTampering(): Promise<string | null> {
  if (process.platform !== 'linux') return 'system calls can be made to fail on Linux only'
  const victim = spawn('sleep', ['30'], { stdio: 'ignore' })
  try {
    const tracer = attach(victim.pid ?? 0, 'fdatasync:error=EIO')
    await tracer.attached
    tracer.process.kill('SIGINT')
    await tracer.ended
    return null
  } catch (error) {
    return (error as Error).message
  } finally {
    victim.kill('SIGKILL')
  }
}

function attach(
  pid: number,
  fault: string,
): { process: ChildProcess; attached: Promise<void>; ended: Promise<unknown> } {
  const call = fault.split(':', 1)[0]
  const process = spawn('strace', ['-f', '-p', `${pid}`, '-e', `trace=${call}`, '-e', `inject=${fault}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  let failure: Error | null = null
  process.on('error', () => {
    failure = new Error('strace is not installed')
  })
  process.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const ended = once(process, 'close').catch(() => undefined) // its failure is told by `attached`
  ended.then(() => {
    failure ??= new Error(`strace may not attach here: ${said.trim().split('\n')[0]}`)
  })
  const attached = eventually('strace has attached itself', () => {
    if (failure !== null) throw failure
    return said.includes('attached')
  })
  return { process, attached, ended }
}
