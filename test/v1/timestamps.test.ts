/** Timestamps: one spelling out, many in, everywhere the same moment (contract §3.4). */
import { describe, expect, it } from 'vitest'
import { failure, success, timestampForm } from '../support/answers.ts'
import { stopTheClocks } from '../support/clock.ts'
import { aService, aServiceForTheFile } from '../support/service.ts'
import { fetched, file } from '../support/trees.ts'

/** Its student has a submission of New Year 2020, with feedback. */
const service = await aServiceForTheFile({ testData: true })
const evening = '2026-11-22 19:43:50.500000'
const newYear = '2020-01-01 00:00:00.000000'

const submission = 'submission/course1/challenge/lawrence'
const feedback = 'feedback/course1/challenge/lawrence'
const kevin = service.as('kevin')

describe('a timestamp that the service says', () => {
  it('has 26 characters everywhere, and is the same everywhere', async () => {
    const world = await aService({ testData: true })
    const timestamp = await world.submission('lawrence', 'course1/challenge', [])
    expect(timestamp).toMatch(timestampForm)
    const lawrence = world.as('lawrence')
    const all = await world.submissions('kevin', 'course1/challenge')
    const own = await lawrence.get('submissions/course1/challenge/lawrence')
    expect(all.at(-1)).toEqual(['lawrence', timestamp])
    expect((own.json.submissions as object[]).at(-1)).toEqual({ student_id: 'lawrence', timestamp })
    expect((await lawrence.get(submission)).json.timestamp).toBe(timestamp)
    expect((await lawrence.get(feedback, { timestamp })).json.timestamp).toBe(timestamp)
  })

  it('keeps its zeros', async () => {
    const world = await aService({ testData: true })
    stopTheClocks('2027-01-02T03:04:05Z')
    expect(await world.submission('lawrence', 'course1/challenge', [])).toBe('2027-01-02 03:04:05.000000')
  })
})

/** Other spellings of 2020-01-01 00:00:00.000000. */
const spellings = [
  newYear,
  '2020-01-01 00:00:00.0',
  '2020-01-01 00:00:00.000',
  '2020-01-01 00:00:00',
  '2020-1-1 0:0:0.0',
  '2020-01-01    00:00:00.000000',
  '2020-01-01\t00:00:00.000000',
  ' 2020-01-01 00:00:00.000000 ',
  '2020-01-01T00:00:00.000000',
  '2020-01-01T00:00:00',
  '2020-01-01 00:00:00.000000 UTC',
  '2020-01-01 00:00:00.000000 utc',
  '2020-01-01 00:00:00.000000UTC',
  '2020-01-01 00:00:00.000000 GMT',
  '2020-01-01T00:00:00Z',
  '2020-01-01T00:00:00.000z',
  '2020-01-01 00:00:00.000000 +00:00',
  '2020-01-01T00:00:00-00:00',
  '2020-01-01 01:00:00.000000 +01:00',
  '2020-01-01T01:00:00+0100',
  '2019-12-31 18:30:00 -05:30',
  '2020-01-01 14:00:00 +14:00',
]

describe.each(spellings)('%j', timestamp => {
  it('finds the submission', async () => {
    expect(await kevin.get(submission, { timestamp })).toMatchObject(
      success({ files: [fetched('file3', '33333')], timestamp: newYear }),
    )
  })

  it('finds the feedback', async () => {
    expect(await kevin.get(feedback, { timestamp })).toMatchObject(
      success({ files: [fetched('file5', '55555')], timestamp: newYear }),
    )
  })

  it('says for which submission new feedback is', async () => {
    const files = [file('file5', '55555')]
    expect(await kevin.post(feedback, { timestamp, files })).toMatchObject(success())
  })
})

describe.each([
  'yesterday',
  '2020-01-01',
  '00:00:00.0',
  '2020-01-01 00:00',
  '2020-01-01 00:00:00.',
  '2020-01-01 00:00:00.0000000',
  '2020-01-01 00:00:00,0',
  '2020-01-01 00:00:60.0',
  '2020-01-01 00:60:00.0',
  '2020-01-01 24:00:00.0',
  '2020-00-01 00:00:00.0',
  '2020-13-01 00:00:00.0',
  '2020-02-30 00:00:00.0',
  '2021-02-29 00:00:00.0',
  '20-01-01 00:00:00.0',
  '02020-01-01 00:00:00.0',
  '2020/01/01 00:00:00.0',
  '2020-01-01 00:00:00.0 CET',
  '2020-01-01 00:00:00.0 PST',
  '2020-01-01 00:00:00.0 +1',
  '2020-01-01 00:00:00.0 UTC+1',
  '2020-01-01 00:00:00.0 +25:00',
  '2020-01-01 00:00:00.0 x',
  '1577836800',
])('%j is no timestamp', timestamp => {
  it('and finds no submission', async () => {
    expect(await kevin.get(submission, { timestamp })).toMatchObject(failure(404, 'Submission not found'))
  })

  it('and is refused where feedback is fetched or released', async () => {
    const refused = failure(400, 'Time format incorrect')
    expect(await kevin.get(feedback, { timestamp })).toMatchObject(refused)
    expect(await kevin.post(feedback, { timestamp, files: [] })).toMatchObject(refused)
  })
})

describe('a fraction', () => {
  it.each(['.5', '.50', '.500', '.500000', '.500000 UTC'])(
    'of half a second may be written %s',
    async fraction => {
      const world = await aService({ testData: true })
      stopTheClocks('2026-11-22T19:43:50.500Z')
      await world.submission('lawrence', 'course1/challenge', [file('a', 'b')])
      const timestamp = `2026-11-22 19:43:50${fraction}`
      expect(await world.as('kevin').get(submission, { timestamp })).toMatchObject(
        success({ files: [fetched('a', 'b')], timestamp: evening }),
      )
    },
  )

  it.each(['', '.4', '.5000001', '.500001', '.499999'])('of half a second is not %j', async fraction => {
    const world = await aService({ testData: true })
    stopTheClocks('2026-11-22T19:43:50.500Z')
    await world.submission('lawrence', 'course1/challenge', [])
    const timestamp = `2026-11-22 19:43:50${fraction}`
    expect(await world.as('kevin').get(submission, { timestamp })).toMatchObject(
      failure(404, 'Submission not found'),
    )
  })
})
