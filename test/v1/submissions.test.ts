/** `submission/…` and `submissions/…`: submitting, listing, collecting (contract §4). */
import { describe, expect, it } from 'vitest'
import { failure, success, timestampForm } from '../support/answers.ts'
import { stopTheClocks } from '../support/clock.ts'
import { aService } from '../support/service.ts'
import { fetched, file, listed, noise } from '../support/trees.ts'
import { slowSubmission } from '../support/wire.ts'

const work = [file('challenge.ipynb', 'my answer')]

describe('submitting', () => {
  it('stores the files under the caller’s name and answers with the timestamp', async () => {
    const service = await aService({ testData: true })
    const answer = await service.as('lawrence').post('submission/course1/challenge', { files: work })
    const { timestamp, receipt } = answer.json
    expect(timestamp).toMatch(timestampForm)
    expect(receipt).toMatch(/^\d+-[0-9a-f]{12}$/)
    expect(answer).toMatchObject(success({ timestamp, receipt }))
    expect(await service.as('kevin').get('submission/course1/challenge/lawrence')).toMatchObject(
      success({ files: [fetched('challenge.ipynb', 'my answer')], timestamp }),
    )
  })

  it.each(['lawrence', 'kevin', 'root'])('is for members and admins: %s', async who => {
    const service = await aService({ testData: true })
    const timestamp = await service.submission(who, 'course1/challenge', work)
    expect(await service.submissions('kevin', 'course1/challenge')).toContainEqual([who, timestamp])
  })

  it('never overwrites: the same again is another submission', async () => {
    const service = await aService({ testData: true })
    const first = await service.submission('lawrence', 'course1/challenge', work)
    const second = await service.submission('lawrence', 'course1/challenge', work)
    expect(first < second).toBe(true)
    const listing = await service.submissions('kevin', 'course1/challenge')
    expect(listing.slice(2)).toEqual([
      ['lawrence', first],
      ['lawrence', second],
    ])
  })

  it('may be without files', async () => {
    const service = await aService({ testData: true })
    const timestamp = await service.submission('lawrence', 'course1/challenge', [])
    expect(await service.as('kevin').get('submission/course1/challenge/lawrence')).toMatchObject(
      success({ files: [], timestamp }),
    )
  })

  it('needs files, even if empty', async () => {
    const service = await aService({ testData: true })
    expect(await service.as('lawrence').post('submission/course1/challenge')).toMatchObject(
      failure(400, 'Please supply files'),
    )
    expect(await service.submissions('kevin', 'course1/challenge')).toHaveLength(2)
  })

  it('of bad files stores nothing', async () => {
    const service = await aService({ testData: true })
    const before = await service.storedFileCount()
    const files = [file('large', noise(400_000)), file('../bad', 'bad')]
    expect(await service.as('lawrence').post('submission/course1/challenge', { files })).toMatchObject(
      failure(400, 'Illegal path'),
    )
    expect(await service.submissions('kevin', 'course1/challenge')).toHaveLength(2)
    expect(await service.storedFileCount()).toBe(before)
  })

  it('of a large file that is stored already stores it once', async () => {
    const service = await aService({ testData: true })
    const large = [file('data.bin', noise(400_000))]
    await service.as('kevin').put('assignment/course1/challenge', { files: large })
    const before = await service.storedFileCount()
    await service.submission('lawrence', 'course1/challenge', [...large, ...work])
    expect(await service.storedFileCount()).toBe(before)
    expect(
      await service.as('kevin').get('submission/course1/challenge/lawrence', { list_only: 'true' }),
    ).toMatchObject({
      json: { files: [listed('data.bin', noise(400_000)), listed('challenge.ipynb', 'my answer')] },
    })
  })
})

describe('the timestamp of a submission', () => {
  it('is the moment at which the request arrived, however long the upload took', async () => {
    const service = await aService({ testData: true })
    const slow = await slowSubmission(service, 'lawrence', 'course1/challenge', work)
    const quick = await service.submission('lawrence', 'course1/challenge', work)
    const { status, json } = await slow.finish()
    expect(status).toBe(200)
    expect(String(json.timestamp) < quick).toBe(true)
    expect((await service.as('lawrence').get('submission/course1/challenge/lawrence')).json.timestamp).toBe(
      quick,
    )
  })

  it('is the clock’s, in UTC, to the microsecond', async () => {
    const service = await aService({ testData: true })
    stopTheClocks('2026-11-22T19:43:50.238Z')
    const timestamp = await service.submission('lawrence', 'course1/challenge', work)
    expect(timestamp).toBe('2026-11-22 19:43:50.238000')
  })

  it('is each student’s own: the next free microsecond where one is taken', async () => {
    const service = await aService()
    await service.aCourse('math', { students: ['marie', 'pierre'], assignments: { ex1: [], ex2: [] } })
    stopTheClocks('2026-11-22T19:43:50.238Z')
    const submit = (student: string, to: string) => service.submission(student, to, work)
    const timestamps = await Promise.all(Array.from({ length: 20 }, () => submit('marie', 'math/ex1')))
    const expected = Array.from(
      { length: 20 },
      (_, i) => `2026-11-22 19:43:50.2380${String(i).padStart(2, '0')}`,
    )
    expect(timestamps.toSorted()).toEqual(expected)
    expect(await submit('pierre', 'math/ex1')).toBe(expected[0])
    expect(await submit('marie', 'math/ex2')).toBe(expected[0])
    const listing = await service.submissions('root', 'math/ex1')
    expect(new Set(listing.map(([student, timestamp]) => `${student} ${timestamp}`)).size).toBe(21)
  })
})

describe('the list of submissions', () => {
  it('has those of all students in the order in which they came in', async () => {
    const service = await aService()
    await service.aCourse('math', { students: ['marie', 'pierre'], assignments: { ex1: [] } })
    const first = await service.submission('pierre', 'math/ex1', work)
    const second = await service.submission('marie', 'math/ex1', work)
    const third = await service.submission('pierre', 'math/ex1', work)
    expect(await service.as('root').get('submissions/math/ex1')).toMatchObject(
      success({
        submissions: [
          { student_id: 'pierre', timestamp: first },
          { student_id: 'marie', timestamp: second },
          { student_id: 'pierre', timestamp: third },
        ],
      }),
    )
    expect(await service.as('root').get('submissions/math/ex1/pierre')).toMatchObject(
      success({
        submissions: [
          { student_id: 'pierre', timestamp: first },
          { student_id: 'pierre', timestamp: third },
        ],
      }),
    )
  })

  it('is empty where nobody submitted', async () => {
    const service = await aService({ testData: true })
    const abigail = service.as('abigail')
    const empty = success({ submissions: [] })
    expect(await abigail.get('submissions/course2/assignment2a')).toMatchObject(empty)
    expect(await abigail.get('submissions/course2/assignment2a/eric')).toMatchObject(empty)
    expect(await abigail.get('submissions/course2/assignment2a/abigail')).toMatchObject(empty)
    expect(await service.as('eric').get('submissions/course2/assignment2a/eric')).toMatchObject(empty)
  })

  it('of one’s own is for every student, that of others is not', async () => {
    const service = await aService()
    await service.aCourse('math', { students: ['marie', 'pierre'], assignments: { ex1: [] } })
    const timestamp = await service.submission('marie', 'math/ex1', work)
    expect(await service.as('marie').get('submissions/math/ex1/marie')).toMatchObject(
      success({ submissions: [{ student_id: 'marie', timestamp }] }),
    )
    for (const path of ['submissions/math/ex1/marie', 'submission/math/ex1/marie', 'submissions/math/ex1']) {
      expect(await service.as('pierre').get(path)).toMatchObject(failure(403, 'Permission denied'))
    }
  })

  it('has ten thousand characters of a name as it has others', async () => {
    const service = await aService({ testData: true })
    expect(
      await service.as('kevin').get(`submissions/course1/challenge/${'x'.repeat(10_000)}`),
    ).toMatchObject(failure(404, 'Student not found'))
  })
})

describe('collecting a submission', () => {
  it('gives the newest, or the one of the timestamp', async () => {
    const service = await aService()
    await service.aCourse('math', { instructors: ['kevin'], students: ['marie'], assignments: { ex1: [] } })
    const first = await service.submission('marie', 'math/ex1', [file('a', 'first')])
    const second = await service.submission('marie', 'math/ex1', [file('a', 'second')])
    const kevin = service.as('kevin')
    const newest = success({ files: [fetched('a', 'second')], timestamp: second })
    expect(await kevin.get('submission/math/ex1/marie')).toMatchObject(newest)
    expect(await kevin.get('submission/math/ex1/marie', { timestamp: '' })).toMatchObject(newest)
    expect(await kevin.get('submission/math/ex1/marie', { timestamp: second })).toMatchObject(newest)
    expect(await kevin.get('submission/math/ex1/marie', { timestamp: first })).toMatchObject(
      success({ files: [fetched('a', 'first')], timestamp: first }),
    )
  })

  it('may ask for the names and checksums only', async () => {
    const service = await aService({ testData: true })
    const query = { timestamp: '2020-01-01 00:00:00.000000', list_only: 'true' }
    expect(await service.as('kevin').get('submission/course1/challenge/lawrence', query)).toMatchObject(
      success({ files: [listed('file3', '33333')], timestamp: query.timestamp }),
    )
  })

  it('is for the student, too', async () => {
    const service = await aService({ testData: true })
    const timestamp = '2020-01-01 00:00:00.000000'
    expect(
      await service.as('lawrence').get('submission/course1/challenge/lawrence', { timestamp }),
    ).toMatchObject(success({ files: [fetched('file3', '33333')], timestamp }))
  })

  it('fails where there is none: nobody submitted, or not then', async () => {
    const service = await aService({ testData: true })
    const notFound = failure(404, 'Submission not found')
    expect(await service.as('abigail').get('submission/course2/assignment2a/eric')).toMatchObject(notFound)
    for (const timestamp of ['2020-01-01 00:00:00.000001', 'yesterday']) {
      expect(
        await service.as('kevin').get('submission/course1/challenge/lawrence', { timestamp }),
      ).toMatchObject(notFound)
    }
  })

  it('of one student never gives that of another, whatever the timestamp', async () => {
    const service = await aService()
    await service.aCourse('math', { students: ['marie', 'pierre'], assignments: { ex1: [], ex2: [] } })
    const timestamp = await service.submission('marie', 'math/ex1', work)
    await service.submission('pierre', 'math/ex1', work)
    const root = service.as('root')
    for (const path of ['math/ex1/pierre', 'math/ex2/marie']) {
      expect(await root.get(`submission/${path}`, { timestamp })).toMatchObject(
        failure(404, 'Submission not found'),
      )
    }
  })
})
