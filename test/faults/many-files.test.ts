/** Trees of very many files: neither open files nor memory grow with their number. */
import { expect, test, vi } from 'vitest'
import { openClassroom } from './classroom.ts'
import { peakMemoryMb, whyNoMemoryFigures } from './memory.ts'
import { need } from './needs.ts'
import { inspect, placedFiles, stagedFiles } from './stored-facts.ts'
import { bytesOf, formOf, summaryOf, type Work } from './student-work.ts'
import { aWorld } from './world.ts'

vi.setConfig({ testTimeout: 90_000 })

/** A process that may have so many files open, and no more. */
const fewOpenFiles = (count: number) => ['sh', '-c', `ulimit -n ${count} && exec "$@"`, 'sh']

test('a tree of a thousand large files is submitted by a server that may open 256 files', async () => {
  const world = aWorld()
  const server = await world.start({ under: fewOpenFiles(256) })
  const classroom = await openClassroom(server, { students: ['student'] })
  const bytes = bytesOf('a thousand plots', 66_000_000)
  const work = Array.from({ length: 1000 }, (_, number) => ({
    path: `plots/${number}.png`,
    bytes: bytes.subarray(number * 66_000, (number + 1) * 66_000),
  }))

  const timestamp = await classroom.submitted('student', work)

  expect(await classroom.summary({ student_id: 'student', timestamp })).toBe(summaryOf(work))
  expect(placedFiles(world)).toHaveLength(1000)
  expect(stagedFiles(world)).toEqual([])
  expect(inspect(world).faults).toEqual([])
})

test('ten thousand small files, more than are kept in the database, need little memory', async context => {
  need(context, whyNoMemoryFigures(), { requiredInCi: false })
  const world = aWorld()
  const server = await world.start({ under: fewOpenFiles(256) })
  const classroom = await openClassroom(server, { students: ['student'] })
  const before = peakMemoryMb(server)
  const work: Work = [
    ...Array.from({ length: 70 }, (_, n) => ({ path: `part ${n}`, bytes: bytesOf(`part ${n}`, 64_000) })),
    ...Array.from({ length: 9_900 }, (_, n) => ({ path: `note ${n}`, bytes: Buffer.from(`note ${n}`) })),
  ]
  const body = formOf(work)

  const { status } = await classroom.client.post('submission/course/homework', 'student', body)

  expect(status).toBe(200)
  const grownMb = peakMemoryMb(server) - before
  console.info(`10,000 small files in a body of ${body.length >> 20} MB: ${grownMb} MB more than before`)
  expect(grownMb).toBeLessThan(100)
  const [submission] = await classroom.list()
  expect(await classroom.summary(submission ?? { student_id: '', timestamp: '' })).toBe(summaryOf(work))
})
