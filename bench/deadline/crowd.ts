// Starts the crowd processes and waits for their stories.

import { type ChildProcess, fork } from 'node:child_process'
import type { FromCrowd, Part } from './crowd-process.ts'
import type { Plan } from './plan.ts'
import type { Story } from './story.ts'

/** They prepare their bytes before it begins. */
const PREPARATION_MS = 3000

export type Progress = { submitted: number; waiting: number }

/** Resolves when all have gone home. `tell`: all processes together, now and then. */
export async function liveThroughDeadline(
  options: { plan: Plan; ports: readonly number[]; processes: number },
  tell: (progress: Progress) => void,
): Promise<Story[]> {
  const { processes } = options
  const startsAt = Date.now() + PREPARATION_MS
  const latest: Progress[] = []
  const children: ChildProcess[] = []
  const killAll = () => {
    for (const child of children) child.kill('SIGKILL')
  }
  process.once('exit', killAll)
  try {
    return await Promise.all(
      Array.from({ length: processes }, (_, index) => {
        const child = fork(new URL('crowd-process.ts', import.meta.url), { serialization: 'advanced' })
        children.push(child)
        child.send({ ...options, startsAt, process: index } satisfies Part)
        return storyOf(child, progress => {
          latest[index] = progress
          tell(sumOf(latest))
        })
      }),
    )
  } finally {
    killAll()
    process.off('exit', killAll)
  }
}

function storyOf(child: ChildProcess, tell: (progress: Progress) => void): Promise<Story> {
  return new Promise((resolve, reject) => {
    child.on('message', (message: FromCrowd) => {
      if (message.kind === 'progress') tell(message)
      else resolve(message.story)
    })
    child.once('exit', code => reject(new Error(`a crowd process ended with ${code}`)))
  })
}

function sumOf(parts: readonly Progress[]): Progress {
  return parts.reduce((sum, { submitted, waiting }) => ({
    submitted: sum.submitted + submitted,
    waiting: sum.waiting + waiting,
  }))
}
