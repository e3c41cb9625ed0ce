// What is measured, where, and how busy the machine was.

import { execFileSync } from 'node:child_process'
import { availableParallelism, cpus, loadavg } from 'node:os'

export type Circumstances = {
  commit: string
  date: string
  node: string
  processor: string
  cores: number
  /** Processes that wanted a core in the minute before: what else the machine was doing. */
  loadBefore: number
  quick: boolean
}

export function describeCircumstances({ quick }: { quick: boolean }): Circumstances {
  return {
    commit: describeCommit(),
    date: new Date().toISOString().slice(0, 16).replace('T', ' '),
    node: process.version,
    processor: cpus()[0]?.model ?? 'unknown processor',
    cores: availableParallelism(),
    loadBefore: loadavg()[0] ?? 0,
    quick,
  }
}

/** The short hash, and `-changed` when the working tree differs from it. */
function describeCommit(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty=-changed', '--exclude=*'], {
      cwd: new URL('.', import.meta.url),
      stdio: ['ignore', 'pipe', 'ignore'],
      encoding: 'utf8',
    }).trim()
  } catch {
    // Not a repository, or one without a commit.
    return 'uncommitted'
  }
}
