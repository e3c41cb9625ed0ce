/** Where arguments come from and how their values are read (contract §1.2). */
import { describe, expect, it } from 'vitest'
import { failure, success } from '../support/answers.ts'
import { aService, aServiceForTheFile, type Service } from '../support/service.ts'
import { file, listed } from '../support/trees.ts'

const form = 'application/x-www-form-urlencoded'
const names = { first_name: 'Law', last_name: 'Rence', email: 'l@example.org' }
const lawrence = { username: 'lawrence', ...names }

/** For tests that change nothing, or nothing that another asks for. */
const shared = await aServiceForTheFile({ testData: true })

describe('an argument', () => {
  it('may be in the query or in the body', async () => {
    const service = await aService({ testData: true })
    const kevin = service.as('kevin')
    await kevin.post('student/course1/lawrence', {}, { query: names })
    expect(await kevin.get('student/course1/lawrence')).toMatchObject(success(lawrence))
    await kevin.post('student/course1/lawrence', { ...names, email: 'b' })
    expect(await kevin.get('student/course1/lawrence')).toMatchObject(success({ ...lawrence, email: 'b' }))
    await kevin.post(
      'student/course1/lawrence',
      { email: 'c' },
      { query: { first_name: 'd', last_name: 'e' } },
    )
    expect(await kevin.get('student/course1/lawrence')).toMatchObject(
      success({ username: 'lawrence', first_name: 'd', last_name: 'e', email: 'c' }),
    )
  })

  it('counts as said last when it is repeated, the body coming after the query', async () => {
    const service = await aService({ testData: true })
    const kevin = service.as('kevin')
    const emailAfter = async (query: [string, string][], fields: [string, string][]) => {
      const details = { first_name: '', last_name: '' }
      await kevin.post('student/course1/lawrence', fields, { query: [...Object.entries(details), ...query] })
      return (await kevin.get('student/course1/lawrence')).json.email
    }
    expect(
      await emailAfter(
        [
          ['email', 'a'],
          ['email', 'b'],
        ],
        [],
      ),
    ).toBe('b')
    expect(
      await emailAfter(
        [],
        [
          ['email', 'a'],
          ['email', 'b'],
        ],
      ),
    ).toBe('b')
    expect(await emailAfter([['email', 'query']], [['email', 'body']])).toBe('body')
    expect(
      await emailAfter(
        [
          ['email', 'x'],
          ['email', 'query'],
        ],
        [
          ['email', 'y'],
          ['email', ''],
        ],
      ),
    ).toBe('')
  })

  it('loses the blanks at its ends, and keeps those within', async () => {
    const service = await aService({ testData: true })
    const kevin = service.as('kevin')
    await kevin.post('student/course1/lawrence', {
      first_name: '  La w ',
      last_name: '\t\r\nR\n',
      email: ' ',
    })
    expect(await kevin.get('student/course1/lawrence')).toMatchObject(
      success({ username: 'lawrence', first_name: 'La w', last_name: 'R', email: '' }),
    )
  })

  it('is there when it is empty, also without an equals sign', async () => {
    const service = await aService({ testData: true })
    const kevin = service.as('kevin')
    const body = 'first_name=&last_name=&email'
    expect(
      await kevin.post('student/course1/lawrence', {}, { body, headers: { 'content-type': form } }),
    ).toMatchObject(success())
    expect(await kevin.get('student/course1/lawrence')).toMatchObject(
      success({ username: 'lawrence', first_name: '', last_name: '', email: '' }),
    )
  })

  it('is never changed within: a control character is not turned into a blank', async () => {
    const service = await aService({ testData: true })
    const kevin = service.as('kevin')
    await kevin.post('student/course1/lawrence', { ...names, first_name: 'a\u0001b' })
    expect((await kevin.get('student/course1/lawrence')).json.first_name).toBe('a\u0001b')
  })

  it('is UTF-8, percent-encoded, with plus for a blank', async () => {
    const service = await aService({ testData: true })
    const kevin = service.as('kevin')
    const body = 'first_name=J%C3%BCrgen+von&last_name=%F0%9F%98%80%2B&email=50%25%&x'
    await kevin.post('student/course1/lawrence', {}, { body, headers: { 'content-type': form } })
    expect(await kevin.get('student/course1/lawrence')).toMatchObject(
      success({ username: 'lawrence', first_name: 'Jürgen von', last_name: '😀+', email: '50%%' }),
    )
  })

  it('that is read must be UTF-8, one that nobody reads need not', async () => {
    const service = await aService({ testData: true })
    const kevin = service.as('kevin')
    const post = (body: string) =>
      kevin.post('student/course1/lawrence', {}, { body, headers: { 'content-type': form } })
    expect(await post('first_name=%FF&last_name=&email=')).toMatchObject({
      status: 400,
      json: { success: false },
    })
    expect(await post('first_name=&last_name=&email=&other=%FF')).toMatchObject(success())
    expect(await service.ask('GET', '/api/courses?user=%FF')).toMatchObject({
      status: 400,
      json: { success: false },
    })
  })

  it.each(['TRUE', 'True', '1', 'yes', '', 'truex', 'true true'])('%j is not true', async value => {
    const answer = await shared.as('kevin').get('assignment/course1/challenge', { list_only: value })
    expect(answer.text).toContain('"content"')
  })

  it.each(['true', ' true ', '\ttrue\n'])('%j is true', async value => {
    expect(await shared.as('kevin').get('assignment/course1/challenge', { list_only: value })).toMatchObject(
      success({ files: [listed('file2', '22222')] }),
    )
  })
})

describe('a body', () => {
  it.each(['GET', 'POST', 'DELETE'])('is read for %s', async method => {
    const service = await aService({ testData: true })
    const path = method === 'GET' ? 'student/course1/lawrence' : 'course/course1'
    const answer = await service.ask(method, `/api/${path}`, { fields: { user: 'root' } })
    // Only who is root gets there: the course exists, or goes, or its student is shown.
    expect(answer.status).toBe(method === 'POST' ? 409 : 200)
  })

  it.each(['application/json', 'text/plain', 'application/octet-stream', undefined])(
    'of type %s is ignored',
    async type => {
      const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type }
      const body = type === 'application/json' ? JSON.stringify(names) : 'first_name=a&last_name=b&email=c'
      const answer = await shared.as('kevin').post('student/course1/lawrence', {}, { body, headers })
      expect(answer).toMatchObject(failure(400, 'Please supply first name'))
    },
  )

  it('may say its type in capitals and with parameters', async () => {
    const headers = { 'content-type': 'Application/X-WWW-Form-Urlencoded ; charset=UTF-8' }
    const body = 'first_name=&last_name=&email='
    expect(await shared.as('kevin').post('student/course1/lawrence', {}, { body, headers })).toMatchObject(
      success(),
    )
  })

  it('that is a form must not be compressed', async () => {
    const answer = await shared
      .as('kevin')
      .post('student/course1/lawrence', names, { headers: { 'content-encoding': 'gzip' } })
    expect(answer).toMatchObject({ status: 400, json: { success: false } })
  })
})

describe('a multipart body', () => {
  const multipart = (parts: [disposition: string, value: string][]) => ({
    body: `${parts
      .map(
        ([disposition, value]) =>
          `--limit\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${value}\r\n`,
      )
      .join('')}--limit--\r\n`,
    headers: { 'content-type': 'multipart/form-data; boundary=limit' },
  })

  it('has its parts as arguments, the last of repeated ones, their ends stripped', async () => {
    const service = await aService({ testData: true })
    const kevin = service.as('kevin')
    const parts = multipart([
      ['name="first_name"', 'x'],
      ['name="first_name"', ' Jürgen\r\n'],
      ['name="last_name"', 'a+b%20c&d=e'],
      ['name="email"', ''],
    ])
    expect(await kevin.post('student/course1/lawrence', {}, parts)).toMatchObject(success())
    expect(await kevin.get('student/course1/lawrence')).toMatchObject(
      success({ username: 'lawrence', first_name: 'Jürgen', last_name: 'a+b%20c&d=e', email: '' }),
    )
  })

  it('may carry the files of a submission', async () => {
    const service = await aService({ testData: true })
    const parts = multipart([['name="files"', JSON.stringify([file('a', 'b')])]])
    const answer = await service.as('lawrence').post('submission/course1/challenge', {}, parts)
    expect(answer).toMatchObject({ status: 200, json: { success: true } })
    expect(await newestFiles(service)).toEqual([listed('a', 'b')])
  })

  it('has no argument in a part with a file name', async () => {
    const parts = multipart([['name="files"; filename="files.json"', JSON.stringify([file('a', 'b')])]])
    const answer = await shared.as('lawrence').post('submission/course1/challenge', {}, parts)
    expect(answer).toMatchObject(failure(400, 'Please supply files'))
  })

  it.each([
    ['without a boundary', { body: 'x', headers: { 'content-type': 'multipart/form-data' } }],
    [
      'that ends too early',
      { ...multipart([]), body: '--limit\r\nContent-Disposition: form-data; name="files"\r\n\r\n[' },
    ],
    ['of garbage', { ...multipart([]), body: '\0\r\n\r\n--lim' }],
  ])('%s is a bad request', async (_, parts) => {
    const answer = await shared.as('lawrence').post('submission/course1/challenge', {}, parts)
    expect(answer).toMatchObject({ status: 400, json: { success: false } })
    expect(await shared.submissions('kevin', 'course1/challenge')).toHaveLength(2)
  })
})

const files = [file('new', 'new')]
const timestamp = '2020-01-01 00:00:00.000000'

describe('of the arguments that count in one place only', () => {
  it('the files of a submission count in the body', async () => {
    const answer = await shared.as('lawrence').post('submission/course1/challenge', {}, { query: { files } })
    expect(answer).toMatchObject(failure(400, 'Please supply files'))
  })

  it('the timestamp and the files of new feedback count in the body', async () => {
    const kevin = shared.as('kevin')
    const post = (fields: object, query: object) =>
      kevin.post('feedback/course1/challenge/lawrence', { ...fields }, { query: { ...query } })
    expect(await post({ files }, { timestamp })).toMatchObject(failure(400, 'Please supply timestamp'))
    expect(await post({ timestamp }, { files })).toMatchObject(failure(400, 'Please supply files'))
  })

  it('the timestamp of feedback that is fetched counts in the query', async () => {
    const answer = await shared
      .as('kevin')
      .get('feedback/course1/challenge/lawrence', {}, { fields: { timestamp } })
    expect(answer).toMatchObject(failure(400, 'Please supply timestamp'))
  })
})

describe('in either place', () => {
  it('the files of a release may come, those in the body before those in the query', async () => {
    const service = await aService({ testData: true })
    const kevin = service.as('kevin')
    const released = (assignment: string) =>
      kevin.get(`assignment/course1/${assignment}`, { list_only: 'true' })
    expect(await kevin.post('assignment/course1/one', {}, { query: { files } })).toMatchObject(success())
    expect(await released('one')).toMatchObject(success({ files: [listed('new', 'new')] }))
    const query = { files: [file('old', 'old')] }
    expect(await kevin.post('assignment/course1/two', { files }, { query })).toMatchObject(success())
    expect(await released('two')).toMatchObject(success({ files: [listed('new', 'new')] }))
  })

  it.each(['query', 'fields'] as const)('a release may be told to overwrite: %s', async place => {
    const service = await aService({ testData: true })
    const kevin = service.as('kevin')
    const options = { query: {}, fields: { files }, [place]: { files, overwrite: 'true' } }
    expect(await kevin.post('assignment/course1/challenge', {}, options)).toMatchObject(success())
    expect(await kevin.get('assignment/course1/challenge', { list_only: 'true' })).toMatchObject(
      success({ files: [listed('new', 'new')] }),
    )
  })

  it('the timestamp of a submission that is fetched may come, and whether to list only', async () => {
    const path = 'submission/course1/challenge/lawrence'
    const expected = success({ files: [listed('file3', '33333')], timestamp })
    const kevin = shared.as('kevin')
    expect(await kevin.get(path, {}, { fields: { timestamp, list_only: 'true' } })).toMatchObject(expected)
    expect(await kevin.get(path, { timestamp, list_only: 'true' })).toMatchObject(expected)
  })
})

describe('files that are said twice', () => {
  it('count as said last, whatever the first were', async () => {
    const service = await aService({ testData: true })
    const fields: [string, unknown][] = [
      ['files', '[{"path": "/bad"'],
      ['files', [file('good', 'good')]],
    ]
    expect((await service.as('lawrence').post('submission/course1/challenge', fields)).status).toBe(200)
    expect(await newestFiles(service)).toEqual([listed('good', 'good')])
  })
})

async function newestFiles(service: Service): Promise<unknown> {
  return (await service.as('kevin').get('submission/course1/challenge/lawrence', { list_only: 'true' })).json
    .files
}
