/** What is too much: 413, naming the limit, with nothing stored and the connection as good as before (contract §1.2, §8). */
import { describe, expect, it } from 'vitest'
import { success } from '../support/answers.ts'
import type { Answer } from '../support/client.ts'
import { aService, type Service } from '../support/service.ts'
import { fetched, file, noise } from '../support/trees.ts'

const form = 'application/x-www-form-urlencoded'
const path = 'submission/course1/challenge'

function expectTooLarge(answer: Answer, limit: number): void {
  expect(answer).toMatchObject({ status: 413, json: { success: false } })
  expect(answer.headers['content-type']).toMatch(/^application\/json/)
  expect(answer.json.message).toMatch(/^Request entity too large/)
  expect(answer.json.message).toContain(String(limit))
}

/** Nothing stored, and the next request comes over the same connection and works. */
async function expectUnharmed(service: Service): Promise<void> {
  const listing = await service.as('kevin').get('submissions/course1/challenge')
  expect(listing).toMatchObject({ status: 200, overUsedConnection: true })
  expect(listing.json.submissions).toHaveLength(2)
  expect(await service.storedFileCount()).toBe(0)
  const again = await service.as('lawrence').post(path, { files: [file('a', 'b')] })
  expect(again).toMatchObject({ status: 200, overUsedConnection: true })
}

describe('a request body', () => {
  const maxBodyBytes = 100_000
  const bodyOf = (length: number) => `files=[]&more=${'x'.repeat(length - 14)}`

  it('may be exactly as large as the limit', async () => {
    const service = await aService({ testData: true, maxBodyBytes })
    const answer = await service
      .as('lawrence')
      .post(path, {}, { body: bodyOf(maxBodyBytes), headers: { 'content-type': form } })
    expect(answer.status).toBe(200)
  })

  it.each([
    ['by one byte', maxBodyBytes + 1],
    ['three times', maxBodyBytes * 3],
  ])('that is too large %s is refused', async (_, length) => {
    const service = await aService({ testData: true, maxBodyBytes })
    const answer = await service
      .as('lawrence')
      .post(path, {}, { body: bodyOf(length), headers: { 'content-type': form } })
    expectTooLarge(answer, maxBodyBytes)
    await expectUnharmed(service)
  })

  it('that does not say its length is refused when it turns out too large', async () => {
    const service = await aService({ testData: true, maxBodyBytes })
    const headers = { 'content-type': form, 'transfer-encoding': 'chunked' }
    const fits = await service.as('kevin').post(path, {}, { body: bodyOf(maxBodyBytes), headers })
    expect(fits.status).toBe(200)
    const answer = await service.as('lawrence').post(path, {}, { body: bodyOf(maxBodyBytes * 3), headers })
    expectTooLarge(answer, maxBodyBytes)
    expect(await service.submissions('kevin', 'course1/challenge')).toHaveLength(3)
  })

  it.each(['assignment/course1/new', 'feedback/course1/challenge/lawrence', 'students/course1'])(
    'that is too large is refused for %s, too',
    async path => {
      const service = await aService({ testData: true, maxBodyBytes })
      const answer = await service
        .as('kevin')
        .post(path, {}, { body: bodyOf(maxBodyBytes + 1), headers: { 'content-type': form } })
      expectTooLarge(answer, maxBodyBytes)
      await expectUnharmed(service)
    },
  )

  it('may hold megabytes without a setting', async () => {
    const service = await aService({ testData: true })
    const bytes = noise(6_000_000)
    await service.submission('lawrence', 'course1/challenge', [file('large', bytes)])
    const { json } = await service.as('kevin').get('submission/course1/challenge/lawrence')
    expect(json.files).toEqual([fetched('large', bytes)])
  })
})

describe('a file', () => {
  const maxFileBytes = 1000

  it('may be exactly as large as the limit, and there may be several', async () => {
    const service = await aService({ testData: true, maxFileBytes })
    const files = ['a', 'b', 'c'].map(name => file(name, noise(maxFileBytes, name)))
    await service.submission('lawrence', 'course1/challenge', files)
  })

  it('that is larger is refused', async () => {
    const service = await aService({ testData: true, maxFileBytes })
    const files = [file('a', 'small'), file('b', noise(maxFileBytes + 1))]
    expectTooLarge(await service.as('lawrence').post(path, { files }), maxFileBytes)
    await expectUnharmed(service)
  })

  it('that is large enough to be staged on disk leaves nothing there when it is refused', async () => {
    const service = await aService({ testData: true, maxFileBytes: 1_000_000 })
    const files = [file('a', noise(900_000)), file('b', noise(1_000_001))]
    expectTooLarge(await service.as('lawrence').post(path, { files }), 1_000_000)
    await expectUnharmed(service)
  })
})

describe('the number of files in a tree', () => {
  const maxFiles = 10
  const files = (count: number) => Array.from({ length: count }, (_, i) => file(`file${i}`, String(i)))

  it('may be exactly the limit', async () => {
    const service = await aService({ testData: true, maxFiles })
    await service.submission('lawrence', 'course1/challenge', files(maxFiles))
  })

  it.each([
    ['submission/course1/challenge', 'lawrence'],
    ['assignment/course1/new', 'kevin'],
    ['feedback/course1/challenge/lawrence', 'kevin'],
  ])('must not be larger: %s', async (path, who) => {
    const service = await aService({ testData: true, maxFiles })
    const timestamp = '2020-01-01 00:00:00.000000'
    const fields = [
      ['timestamp', timestamp],
      ['files', files(maxFiles + 1)],
    ] as const
    expectTooLarge(await service.as(who).post(path, fields), maxFiles)
    expect(await service.as('kevin').get('assignments/course1')).toMatchObject(
      success({ assignments: ['challenge'] }),
    )
    expect(await service.as('kevin').get('feedback/course1/challenge/lawrence', { timestamp })).toMatchObject(
      success({ files: [fetched('file5', '55555')], timestamp }),
    )
    await expectUnharmed(service)
  })
})

describe('arguments', () => {
  it('may be a thousand', async () => {
    const service = await aService({ testData: true })
    const fields = (count: number): [string, string][] => [
      ...Array.from({ length: count }, (_, i): [string, string] => [`a${i}`, '']),
      ['files', '[]'],
    ]
    expect((await service.as('lawrence').post(path, fields(900))).status).toBe(200)
    expectTooLarge(await service.as('kevin').post(path, fields(1000)), 1000)
    expect(await service.submissions('kevin', 'course1/challenge')).toHaveLength(3)
  })

  it('other than files may have 16 MiB together', async () => {
    const service = await aService({ testData: true })
    const limit = 16 * 1024 * 1024
    const details = { first_name: 'x'.repeat(limit / 2), last_name: 'y'.repeat(limit / 2), email: 'z' }
    expectTooLarge(await service.as('kevin').post('student/course1/lawrence', details), limit)
    expect((await service.as('kevin').get('student/course1/lawrence')).json.email).toBeNull()
  })

  it('in a multipart body may be a thousand', async () => {
    const service = await aService({ testData: true })
    const part = '--limit\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n'
    const answer = await service.as('lawrence').post(
      path,
      {},
      {
        body: `${part.repeat(1001)}--limit--\r\n`,
        headers: { 'content-type': 'multipart/form-data; boundary=limit' },
      },
    )
    expectTooLarge(answer, 1000)
    await expectUnharmed(service)
  })

  it('in a request line or a header that is too long are refused in JSON', async () => {
    const service = await aService({ testData: true })
    const answer = await service.withoutProxy.as('kevin').get('courses', { more: 'x'.repeat(100_000) })
    expect(answer).toMatchObject({ status: 431, json: { success: false } })
  })
})
