// What the students hand in: made again from a few numbers whenever it is needed, so that nothing need be kept.

import { bytesOf, type Work, type WorkFile } from '../../test/faults/student-work.ts'
import { Random } from '../random.ts'

export const COURSE = 'chaos101'
export const ASSIGNMENT = 'final'
export const INSTRUCTOR = 'teacher'

const HANDED_OUT = { path: 'data/handed out.csv', bytes: bytesOf('handed out to everyone', 15_000) }
const STAMP_FILE = 'timestamp.txt'

export const RELEASED: Work = [{ path: 'final.ipynb', bytes: bytesOf('the task', 20_000) }, HANDED_OUT]

/**
 * 20 to 200 KB, as nbgrader packs them: with the data that was handed out, and with a time stamp that is different
 * each time someone presses the button. It tells which attempt a stored submission comes from.
 */
export function workOf(seed: string, attempt: { student: string; serial: number }): Work {
  const name = `${seed} ${attempt.student} ${attempt.serial}`
  const random = new Random(name)
  const files: WorkFile[] = [{ path: 'final.ipynb', bytes: bytesOf(name, random.whole(20_000, 100_000)) }]
  if (random.chance(0.5)) files.push(HANDED_OUT)
  if (random.chance(0.3))
    files.push({ path: 'plots/mine.png', bytes: bytesOf(`plot ${name}`, random.whole(1000, 84_000)) })
  if (random.chance(0.1)) files.push({ path: 'empty.txt', bytes: Buffer.alloc(0) })
  return [
    ...files,
    { path: STAMP_FILE, bytes: Buffer.from(`2026-11-22 12:00:00 UTC, attempt ${attempt.serial}`) },
  ]
}

/** Null where there is no such stamp: nobody has sent that. */
export function serialIn(work: Work): number | null {
  const stamp = work.find(({ path }) => path === STAMP_FILE)?.bytes.toString()
  const serial = /attempt (\d+)$/.exec(stamp ?? '')?.[1]
  return serial === undefined ? null : Number(serial)
}
