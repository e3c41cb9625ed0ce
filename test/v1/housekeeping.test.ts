/** What goes for good: deleted work after its retention period, and what failed uploads left behind (architecture §4). */
import { hash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Exchange } from '../../src/exchange/exchange.ts'
import { purgeHidden } from '../../src/exchange/housekeeping.ts'
import { countLeftovers, sweepContent } from '../../src/exchange/leftovers.ts'
import { eventually } from '../faults/eventually.ts'
import { letDaysPass, stopTheClocks } from '../support/clock.ts'
import { openedData } from '../support/open-data.ts'
import { aFolder, aService, type Service, type ServiceOptions } from '../support/service.ts'
import { stagedBytes } from '../support/storage.ts'
import { fetched, file, noise } from '../support/trees.ts'

const large = [file('large', noise(200_000))]
const timestamp = '2020-01-01 00:00:00.000000'

/** A second process at the service's files, as an operator's command is. */
async function exchangeOf(service: Service): Promise<Exchange> {
  return (await openedData(service)).exchange
}

const inAMinute = () => Date.now() + 60_000

describe('a deleted assignment', () => {
  it('goes for good when it was deleted before the given moment, its work and files with it', async () => {
    const service = await aService({ testData: true })
    const kevin = service.as('kevin')
    await service.submission('lawrence', 'course1/challenge', large)
    await kevin.post('feedback/course1/challenge/lawrence', {
      timestamp,
      files: [file('page', noise(150_000))],
    })
    expect(await service.storedFileCount()).toBe(2)
    await kevin.delete('assignment/course1/challenge')
    expect(await purgeHidden(await exchangeOf(service), { hiddenBefore: inAMinute() })).toBe(1)
    expect(await service.storedFileCount()).toBe(0)
    expect((await kevin.post('assignment/course1/challenge', { files: [] })).status).toBe(200)
    expect(await service.submissions('kevin', 'course1/challenge')).toEqual([])
  })

  it('stays when it was deleted after that moment', async () => {
    const service = await aService({ testData: true })
    const before = await service.submissions('kevin', 'course1/challenge')
    await service.as('kevin').delete('assignment/course1/challenge')
    expect(await purgeHidden(await exchangeOf(service), { hiddenBefore: Date.now() - 60_000 })).toBe(0)
    await service.as('kevin').post('assignment/course1/challenge', { files: [] })
    expect(await service.submissions('kevin', 'course1/challenge')).toEqual(before)
  })

  it('that is released again is none', async () => {
    const service = await aService({ testData: true })
    const before = await service.submissions('kevin', 'course1/challenge')
    await service.as('kevin').delete('assignment/course1/challenge')
    await service.as('kevin').post('assignment/course1/challenge', { files: [] })
    expect(await purgeHidden(await exchangeOf(service), { hiddenBefore: inAMinute() })).toBe(0)
    expect(await service.submissions('kevin', 'course1/challenge')).toEqual(before)
  })

  it('takes no file along that somebody else has, too', async () => {
    const service = await aService({ testData: true })
    await service.as('abigail').post('assignment/course2/one', { files: large })
    await service.as('abigail').post('assignment/course2/two', { files: [...large, file('small', 'x')] })
    await service.as('kevin').post('assignment/course1/one', { files: large })
    await service.as('abigail').delete('assignment/course2/one')
    await service.as('abigail').delete('assignment/course2/two')
    expect(await purgeHidden(await exchangeOf(service), { hiddenBefore: inAMinute() })).toBe(2)
    expect(await service.storedFileCount()).toBe(1)
    const { json } = await service.as('lawrence').get('assignment/course1/one')
    expect(json.files).toEqual([fetched('large', noise(200_000))])
  })

  it('is not the only one: fifty go as well as one, and a second round finds nothing', async () => {
    const service = await aService()
    const names = Array.from({ length: 50 }, (_, i) => `ex${i}`)
    await service.aCourse('math', { assignments: Object.fromEntries(names.map(name => [name, []])) })
    await Promise.all(names.slice(1).map(name => service.as('root').delete(`assignment/math/${name}`)))
    const exchange = await exchangeOf(service)
    expect(await purgeHidden(exchange, { hiddenBefore: inAMinute() })).toBe(49)
    expect(await purgeHidden(exchange, { hiddenBefore: inAMinute() })).toBe(0)
    expect((await service.as('root').get('assignments/math')).json.assignments).toEqual(['ex0'])
  })
})

describe('a deleted course', () => {
  it('goes for good with all that is in it, and its namesake stays', async () => {
    const service = await aService({ testData: true })
    await service.submission('lawrence', 'course1/challenge', large)
    await service.as('root').delete('course/course1')
    await service.aCourse('course1', {
      instructors: ['abigail'],
      assignments: { challenge: [file('a', 'b')] },
    })
    const exchange = await exchangeOf(service)
    expect(await purgeHidden(exchange, { hiddenBefore: inAMinute() })).toBe(1)
    expect(await service.storedFileCount()).toBe(0)
    const courses = await exchange.db.read.selectFrom('courses').select('name').orderBy('name').execute()
    expect(courses.map(({ name }) => name)).toEqual(['course1', 'course2'])
    expect((await service.as('abigail').get('assignment/course1/challenge')).json.files).toEqual([
      fetched('a', 'b'),
    ])
  })

  it('goes for good when it was empty', async () => {
    const service = await aService()
    await service.aCourse('math', { instructors: ['kevin'], students: ['marie'] })
    await service.as('root').delete('course/math')
    const exchange = await exchangeOf(service)
    expect(await purgeHidden(exchange, { hiddenBefore: inAMinute() })).toBe(0)
    expect(await exchange.db.read.selectFrom('courses').select('id').execute()).toEqual([])
    expect(await exchange.db.read.selectFrom('members').select('id').execute()).toEqual([])
  })

  it('stays when it was deleted after that moment', async () => {
    const service = await aService({ testData: true })
    await service.as('root').delete('course/course1')
    const exchange = await exchangeOf(service)
    expect(await purgeHidden(exchange, { hiddenBefore: Date.now() - 60_000 })).toBe(0)
    expect(await exchange.db.read.selectFrom('courses').select('id').execute()).toHaveLength(2)
    expect(await exchange.db.read.selectFrom('submissions').select('id').execute()).toHaveLength(2)
  })
})

describe('a sweep', () => {
  it('removes what an upload left behind that never came to its end', async () => {
    const service = await aService({ testData: true })
    await service.submission('lawrence', 'course1/challenge', large)
    const exchange = await exchangeOf(service)
    const staged = await exchange.content.create()
    await staged.write(noise(stagedBytes))
    const placed = await exchange.content.create()
    await placed.write(noise(1000))
    await placed.end(hash('sha256', noise(1000)))
    await placed.place()
    expect(await service.storedFileCount()).toBe(3)
    expect(await sweepContent(exchange, { olderThan: inAMinute() })).toBe(2)
    await staged.discard()
    expect(await service.storedFileCount()).toBe(1)
    const { json } = await service.as('kevin').get('submission/course1/challenge/lawrence')
    expect(json.files).toEqual([fetched('large', noise(200_000))])
  })

  it('finds the few among the many, however many they are', async () => {
    const service = await aService({ testData: true })
    await service.submission('lawrence', 'course1/challenge', large)
    const exchange = await exchangeOf(service)
    for (let n = 0; n < 210; n++) {
      const placed = await exchange.content.create()
      await placed.write(Buffer.from(`left behind ${n}`))
      await placed.end(hash('sha256', `left behind ${n}`))
      await placed.place()
    }
    expect(await countLeftovers(exchange, { olderThan: inAMinute() })).toBe(210)
    expect(await sweepContent(exchange, { olderThan: inAMinute() })).toBe(210)
    expect(await service.storedFileCount()).toBe(1)
  })

  it('leaves uploads alone that are younger than the given moment', async () => {
    const service = await aService()
    const exchange = await exchangeOf(service)
    const staged = await exchange.content.create()
    await staged.write(noise(stagedBytes))
    const placed = await exchange.content.create()
    await placed.write(noise(1000))
    await placed.end(hash('sha256', noise(1000)))
    const location = await placed.place()
    expect(await sweepContent(exchange, { olderThan: Date.now() - 60_000 })).toBe(0)
    expect(await service.storedFileCount()).toBe(2)
    await staged.discard()
    await exchange.content.remove(location)
  })

  it('finds nothing where every upload went well or was refused', async () => {
    const service = await aService({ testData: true })
    await service.submission('lawrence', 'course1/challenge', large)
    const files = [file('other', noise(300_000)), file('/', '')]
    await service.as('lawrence').post('submission/course1/challenge', { files })
    expect(await sweepContent(await exchangeOf(service), { olderThan: inAMinute() })).toBe(0)
  })
})

describe('the service', () => {
  /** Starts on the files of before, lets housekeeping have its round, and stops. */
  async function run(
    options: ServiceOptions,
    act: (service: Service) => Promise<unknown> = async () => null,
  ) {
    const service = await aService({ ...options, logLevel: 'debug' })
    await act(service)
    await eventually('housekeeping has had its round', () =>
      service.log.some(line => line.includes('housekeeping has ended a round')),
    )
    await service.close()
  }

  it.each([
    ['purges what was deleted 30 days ago', {}, [1, 0]],
    ['purges by another retention period', { retentionDays: 40 }, [1, 1]],
    ['purges nothing where everything is kept for good', { retentionDays: 0 }, [1, 1]],
  ])('%s', async (_, more, [after29, after31]) => {
    const options = { folder: await aFolder(), testData: true, ...more }
    stopTheClocks('2026-11-22T12:00:00Z')
    await run(options, async service => {
      for (const assignment of ['assignment2a', 'assignment2b']) {
        await service.submission('eric', `course2/${assignment}`, [])
        await service.as('abigail').delete(`assignment/course2/${assignment}`)
      }
    })
    const submissionsAgain = async (assignment: string) => {
      let found: unknown[] = []
      await run(options)
      await run(options, async service => {
        await service.as('abigail').post(`assignment/course2/${assignment}`, { files: [] })
        found = await service.submissions('abigail', `course2/${assignment}`)
      })
      return found.length
    }
    letDaysPass(29)
    expect(await submissionsAgain('assignment2a')).toBe(after29)
    letDaysPass(2)
    expect(await submissionsAgain('assignment2b')).toBe(after31)
  })
})
