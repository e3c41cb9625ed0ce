// A part of the class, in a process of its own.

import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { expectedDownload } from './expected.ts'
import { coursesOf, type Plan, planStudent, TEACHERS_OF_A_COURSE, teacherName } from './plan.ts'
import { Pool } from './pool.ts'
import type { Story } from './story.ts'
import { liveAsStudent } from './student.ts'
import { teach } from './teacher.ts'
import { RELEASED } from './work.ts'
import { World } from './world.ts'

/** `process`, of so many: every so many-th student and teacher is here. */
export type Part = {
  plan: Plan
  ports: readonly number[]
  startsAt: number
  process: number
  processes: number
}
export type FromCrowd =
  | { kind: 'progress'; submitted: number; waiting: number }
  | { kind: 'story'; story: Story }

const PROGRESS_MS = 1000

process.on('message', async (part: Part) => {
  const story = await live(part)
  process.send?.({ kind: 'story', story } satisfies FromCrowd, () => process.disconnect())
})
process.on('disconnect', () => process.exit())

async function live(part: Part): Promise<Story> {
  const { plan } = part
  const pool = new Pool(plan.seed)
  const world = new World({ ...part, pool })
  const released = expectedDownload(RELEASED, pool)
  const students = Array.from({ length: plan.students }, (_, index) => index)
    .filter(index => index % part.processes === part.process)
    .map(index => planStudent(plan, index))
  const delay = monitorEventLoopDelay({ resolution: 10 })
  await world.until(0)
  delay.enable()
  const cpuBefore = process.cpuUsage()
  const progress = setInterval(() => tellProgress(world), PROGRESS_MS)
  let isCalm = false
  const learning = Promise.all(students.map(student => liveAsStudent(world, student, released)))
  const teaching = Promise.all(teachersOf(part).map(teacher => teach(world, teacher, () => isCalm)))
  try {
    await learning
  } finally {
    isCalm = true
  }
  await teaching
  clearInterval(progress)
  const { user, system } = process.cpuUsage(cpuBefore)
  await sleep(0)
  const { told, wishes, tally, faults, retries, waiting } = world
  return {
    ...{ told, wishes, tally, faults, retries, waiting },
    cpuSeconds: (user + system) / 1e6,
    ownDelayMs: delay.percentile(99.9) / 1e6,
  }
}

function tellProgress(world: World): void {
  world.waiting.push(world.waitingNow)
  const submitted = world.wishes.filter(({ isDone }) => isDone).length
  process.send?.({ kind: 'progress', submitted, waiting: world.waitingNow } satisfies FromCrowd)
}

function teachersOf({ plan, process: own, processes }: Part): { name: string; course: string }[] {
  return coursesOf(plan)
    .flatMap(course =>
      Array.from({ length: TEACHERS_OF_A_COURSE }, (_, index) => ({
        name: teacherName(course, index),
        course,
      })),
    )
    .filter((_, index) => index % processes === own)
}
