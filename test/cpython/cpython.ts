/** The same question to CPython and to us. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { CallFailed, defaultFileLimits, type FileCallName, fileCalls } from '../../src/vserver/files/calls.ts'
import type { Root } from '../../src/vserver/files/root.ts'

export type Arguments = Readonly<Record<string, string>>
export type Answer = Readonly<Record<string, unknown>>

export interface Python {
  ask(root: string, call: string, argument: unknown): Promise<Answer>
  stop(): Promise<void>
}

export function startPython(userId?: number): Python {
  const child = spawn(
    process.env.PYTHON ?? 'python3',
    [join(import.meta.dirname, 'driver.py'), ...(userId === undefined ? [] : [String(userId)])],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  const ended = new Promise(resolve => child.once('close', resolve))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async ask(root, call, argument) {
      child.stdin.write(`${JSON.stringify([root, call, argument])}\n`)
      const { value, done } = await lines.next()
      if (done) throw new Error('Python has ended')
      return JSON.parse(value)
    },
    async stop() {
      child.stdin.end()
      await ended
    },
  }
}

export async function askUs(root: Root, call: FileCallName, args: Arguments): Promise<Answer> {
  try {
    return { success: true, ...(await fileCalls[call](root, name => args[name], defaultFileLimits)) }
  } catch (error) {
    if (error instanceof CallFailed) return { success: false, message: error.message }
    throw error
  }
}
