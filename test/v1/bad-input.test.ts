/** Requests that are broken, by mistake or on purpose: a clear answer, and nothing changes (contract §8). */
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { failure } from '../support/answers.ts'
import { formText } from '../support/client.ts'
import { aService, aServiceForTheFile, type Service } from '../support/service.ts'
import { stagedBytes } from '../support/storage.ts'
import { fetched, file, noise } from '../support/trees.ts'
import { firstAnswer, sendAndHangUp } from '../support/wire.ts'

/** For all: nothing may change. */
const service = await aServiceForTheFile({ testData: true, debug: true })
const timestamp = '2020-01-01 00:00:00.000000'
const form = 'Content-Type: application/x-www-form-urlencoded'

/** Everything that can be seen, and how many files are stored. */
async function stateOf(service: Service): Promise<unknown> {
  const { text } = await service.as('root').get('initialize-Data6ase', { action: 'dump' })
  return { text, files: await service.storedFileCount() }
}
const untouched = await stateOf(service)

const deep = 100_000

describe.each([
  ['submission/course1/challenge', 'lawrence'],
  ['assignment/course1/new', 'kevin'],
  ['assignment/course1/new', 'root'],
  ['feedback/course1/challenge/lawrence', 'kevin'],
])('an upload to %s by %s', (path, caller) => {
  it.each([
    ['that is an object', {}, 'Incorrect request format'],
    ['that is a list of numbers', [1], 'Incorrect request format'],
    ['with a path that is a number', [{ path: 5 }], 'Incorrect request format'],
    ['with unpadded base64', [{ path: 'a', content: 'amtsCg' }], 'Content cannot be base64 decoded'],
    ['with an empty folder name', [file('a//b', 'x')], 'Illegal path'],
    ['with a NUL in a path', [file('a\0b', 'x')], 'Illegal path'],
    ['with a path that leads outside', [file('../../etc/passwd', 'x')], 'Illegal path'],
    ['with the same path twice', [file('a', 'x'), file('a', 'x')], 'Illegal path'],
    ['with a file that is a folder, too', [file('a', 'x'), file('a/b', 'x')], 'Illegal path'],
    ['with a large file before a bad one', [file('large', noise(500_000)), file('/', '')], 'Illegal path'],
    ['with half a character in a path', '[{"path": "\\udfff", "content": ""}]', 'Illegal path'],
    ['that ends early', '[{"path": "a", "content": "YQ', 'Files cannot be JSON decoded'],
    ['that closes what it did not open', ']', 'Files cannot be JSON decoded'],
  ])('%s is refused', async (_, files, message) => {
    expect(await service.as(caller).post(path, { timestamp, files })).toMatchObject(failure(400, message))
    expect(await stateOf(service)).toEqual(untouched)
  })

  it.each([
    ['brackets', '['.repeat(deep)],
    ['brackets that are closed', '['.repeat(deep) + ']'.repeat(deep)],
    ['braces', '{"a":'.repeat(deep)],
    ['brackets within a file', `[{"path": "a", "content": "", "x": ${'['.repeat(deep)}${']'.repeat(deep)}}]`],
  ])('of a hundred thousand nested %s is refused', async (_, files) => {
    const answer = await service.as(caller).post(path, { timestamp, files })
    expect(answer).toMatchObject({ status: 400, json: { success: false } })
    expect(await stateOf(service)).toEqual(untouched)
  })
})

describe('a request', () => {
  const small = formText({ files: [file('small', 'small')] })
  const large = formText({ files: [file('large', noise(300_000))] })
  const request = (headers: string[], body: string) =>
    [
      'POST /api/submission/course1/challenge?user=lawrence HTTP/1.1',
      'Host: localhost',
      'Connection: close',
      ...headers,
      '',
      body,
    ].join('\r\n')

  const broken: [string, string][] = [
    ['whose body ends too early', request([form, `Content-Length: ${large.length}`], large.slice(0, -100))],
    ['whose body never begins', request([form, `Content-Length: ${large.length}`], '')],
    [
      'whose chunks end too early',
      request([form, 'Transfer-Encoding: chunked'], `10000\r\n${large.slice(0, 50_000)}`),
    ],
    ['whose chunks are garbage', request([form, 'Transfer-Encoding: chunked'], 'not hexadecimal\r\nx')],
    ['whose Content-Length is too small', request([form, 'Content-Length: 20'], small)],
    ['whose Content-Length is no number', request([form, 'Content-Length: many'], small)],
    ['whose Content-Length is negative', request([form, 'Content-Length: -1'], small)],
    ['with two lengths', request([form, 'Content-Length: 5', `Content-Length: ${small.length}`], small)],
    [
      'with a length and chunks',
      request([form, 'Content-Length: 5', 'Transfer-Encoding: chunked'], '5\r\nfiles\r\n0\r\n\r\n'),
    ],
    [
      'whose form is compressed',
      request([form, 'Content-Encoding: gzip', `Content-Length: ${small.length}`], small),
    ],
    [
      'whose multipart body ends too early',
      request(
        ['Content-Type: multipart/form-data; boundary=x', 'Content-Length: 5000'],
        '--x\r\nContent-Disp',
      ),
    ],
    ['with a header that is none', 'GET /api/courses?user=kevin HTTP/1.1\r\nHost localhost\r\n\r\n'],
    ['that is no HTTP', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ]

  it.each(broken)('%s is answered with a JSON refusal', async (_, bytes) => {
    const answer = firstAnswer(await sendAndHangUp(service.withoutProxy.port, bytes))
    expect(answer.status).toBe(400)
    expect(answer.head).toMatch(/content-type: application\/json/i)
    expect(answer.json).toEqual({ success: false, message: expect.any(String) as unknown })
    expect(await stateOf(service)).toEqual(untouched)
  })

  it('that is cut off in the middle of a large file leaves nothing behind', async () => {
    const world = await aService({ testData: true, debug: true })
    const before = await stateOf(world)
    const socket = connect(world.port, '127.0.0.1')
    const upload = formText({ files: [file('large', noise(2_000_000 + stagedBytes))] })
    socket.write(request([form, `Content-Length: ${upload.length}`], upload.slice(0, -100)))
    // The service is taking the file in …
    await expect.poll(() => world.storedFileCount(), { interval: 5 }).toBe(1)
    socket.resetAndDestroy()
    // … and forgets it.
    await expect.poll(() => world.storedFileCount(), { interval: 5 }).toBe(0)
    expect(await stateOf(world)).toEqual(before)
  })
})

describe('a download', () => {
  it('that its client breaks off harms nobody', async () => {
    const world = await aService({ testData: true })
    await world.submission('lawrence', 'course1/challenge', [file('large', noise(2_000_000))])
    const socket = connect(world.port, '127.0.0.1')
    socket.write(
      'GET /api/submission/course1/challenge/lawrence?user=kevin HTTP/1.1\r\nHost: localhost\r\n\r\n',
    )
    await once(socket, 'data')
    socket.resetAndDestroy()
    const again = await world.as('kevin').get('submission/course1/challenge/lawrence')
    expect(again).toMatchObject({ status: 200, json: { files: [fetched('large', noise(2_000_000))] } })
    expect(world.log).toEqual([])
  })
})

describe('bad requests in a row', () => {
  it('do not harm the connection', async () => {
    const lawrence = service.as('lawrence')
    for (const files of ['x', '{}', [file('/', '')], [{ path: 'a', content: '=' }]]) {
      const answer = await lawrence.post('submission/course1/challenge', { files })
      expect(answer.status).toBe(400)
      expect(await lawrence.get('courses')).toMatchObject({ status: 200, overUsedConnection: true })
    }
  })

  it('do not harm the service', async () => {
    const bad = Array.from({ length: 50 }, (_, i) =>
      service
        .as('lawrence')
        .post('submission/course1/challenge', { files: [file('a', noise(100_000, `${i}`)), i] }),
    )
    for (const answer of await Promise.all(bad)) expect(answer.status).toBe(400)
    expect(await stateOf(service)).toEqual(untouched)
  })
})
