/** `ngshare usage`: how much is stored, whose it is, and what sharing saves. */
import { describe, expect, it } from 'vitest'
import { usageCommand } from '../../src/ops/usage.ts'
import { placesOf, runCommand } from '../support/commands.ts'
import { aService, type Service } from '../support/service.ts'
import { file, noise } from '../support/trees.ts'
import { aClass } from './stories.ts'

const usage = async (service: Service) =>
  (await runCommand(usageCommand, [...placesOf(service), '--json'])).json

const task = 8
const [shared, plot, notebook] = [150_000, 300_000, 5000]

describe('usage', () => {
  it('is nothing where nothing is', async () => {
    expect(await usage(await aService())).toMatchObject({
      ...{ files: 0, logicalBytes: 0, storedBytes: 0, savedBytes: 0, blobs: 0, submissions: 0 },
      ...{ courses: [], users: [] },
    })
  })

  it('counts what everybody handed in again once where it is stored, and each time where it is used', async () => {
    const service = await aService()
    await aClass(service)
    const logicalBytes = task + shared + 3 * (notebook + plot + shared)
    const storedBytes = task + shared + 3 * (notebook + plot)
    expect(await usage(service)).toMatchObject({
      ...{ files: 11, logicalBytes, storedBytes, savedBytes: 3 * shared },
      ...{ inDatabaseBytes: task + 3 * notebook, inStorageBytes: shared + 3 * plot },
      ...{ blobs: 8, releases: 1, submissions: 3, feedback: 0 },
    })
  })

  it('is told for each course, deleted ones too, with feedback and older versions', async () => {
    const service = await aService()
    const at = await aClass(service)
    const kevin = service.as('kevin')
    await kevin.put('assignment/math/ex1', { files: [file('task.ipynb', 'the task, corrected')] })
    await kevin.post('feedback/math/ex1/marie', { timestamp: at.marie, files: [file('page', noise(700))] })
    await service.aCourse('art', {
      assignments: { ex2: [file('data', noise(150_000, 'data that was handed out'))] },
    })
    await service.as('root').delete('course/art')
    const { courses } = await usage(service)
    expect(courses).toMatchObject([
      {
        course: 'art',
        hiddenAt: expect.any(Number) as unknown,
        files: 1,
        storedBytes: shared,
        savedBytes: 0,
      },
      {
        course: 'math',
        hiddenAt: null,
        files: 13,
        ...{ releases: 2, submissions: 3, feedback: 1, savedBytes: 3 * shared },
        logicalBytes: task + 19 + shared + 700 + 3 * (notebook + plot + shared),
      },
    ])
  })

  it('is told for each user: what they submitted, every attempt', async () => {
    const service = await aService()
    await aClass(service)
    await service.submission('marie', 'math/ex1', [file('a', noise(notebook, 'notebook of marie'))])
    const { users } = await usage(service)
    const once = { submissions: 1, files: 3, logicalBytes: notebook + plot + shared, savedBytes: 0 }
    expect(users).toMatchObject([
      { user: 'emmy', ...once },
      { user: 'lise', ...once },
      {
        user: 'marie',
        submissions: 2,
        files: 4,
        storedBytes: notebook + plot + shared,
        savedBytes: notebook,
      },
    ])
  })

  it('is a table for people', async () => {
    const service = await aService()
    await aClass(service)
    const { text } = await runCommand(usageCommand, placesOf(service))
    expect(text).toMatch(/^everything +3 +11 +1\.5 MB +1\.1 MB +450 KB$/m)
    expect(text).toMatch(/^course math +3 +11 /m)
    expect(text).toMatch(/^user marie +1 +3 +455 KB +455 KB +0 bytes$/m)
    expect(text).toContain('15.0 KB in the database, 1.1 MB in the storage')
  })
})
