/** What the prototype did not know: limits, and telling of trouble without telling of itself. */
import { describe, expect, it } from 'vitest'
import type { ContentStore } from '../../src/content/content-store.ts'
import { Trouble } from '../../src/domain/errors.ts'
import { failure, success } from '../support/answers.ts'
import { file, noise } from '../support/trees.ts'
import { firstAnswer, sendAndHangUp } from '../support/wire.ts'
import { aVserver } from './world.ts'

describe('a request line', () => {
  it('may carry a file of two megabytes', async () => {
    const { ask } = await aVserver()
    const bytes = noise(2_000_000)
    const query = { pathname: '/large', content: bytes.toString('base64') }
    expect((await ask('GET', '/write', { query })).json).toMatchObject({
      success: true,
      length: bytes.length,
    })
    const { json } = await ask('GET', '/read', { query: { pathname: '/large' } })
    expect(Buffer.from(String(json.content), 'base64').equals(bytes)).toBe(true)
  })

  it('has an end', async () => {
    const { port } = await aVserver()
    const head = `GET /exists?pathname=/${'x'.repeat(4 * 1024 * 1024)} HTTP/1.1\r\nHost: localhost\r\n\r\n`
    const received = await sendAndHangUp(port, head)
    expect(firstAnswer(received).status).toBe(431)
  })
})

describe('a body', () => {
  it('is refused when it is too large, and nothing is stored', async () => {
    const { as } = await aVserver({ maxBodyBytes: 10_000 })
    const files = [file('a', noise(20_000))]
    expect(await as('Lawrence').post('submission/course1/challenge', { files })).toMatchObject(
      failure(413, 'Request entity too large (limit: 10000 bytes in the body)'),
    )
    const { json } = await as('Kevin').get('submissions/course1/challenge')
    expect(json.submissions).toHaveLength(2)
  })

  it('may hold files too large for the database', async () => {
    const { as } = await aVserver()
    const bytes = noise(5_000_000)
    const files = [file('small', 'x'), file('large', bytes), file('empty', '')]
    expect(await as('Lawrence').post('submission/course1/challenge', { files })).toMatchObject(success())
    const { json } = await as('Kevin').get('submission/course1/challenge/Lawrence')
    const [, large, empty] = json.files as { path: string; content: string }[]
    expect(Buffer.from(large?.content ?? '', 'base64').equals(bytes)).toBe(true)
    expect(empty).toEqual({ path: 'empty', content: '' })
  })
})

describe('trouble', () => {
  it('is told with its own status, as HTML that is JSON, and logged', async () => {
    const world = await aVserver({ content: storeThatThrows(new Trouble('storage-full', 'ENOSPC')) })
    const files = [file('a', noise(5_000_000))]
    const answer = await world.as('Lawrence').post('submission/course1/challenge', { files })
    expect(answer).toMatchObject(
      failure(507, 'The server has no space left. Nothing was stored; tell its administrator.'),
    )
    expect(answer.headers['content-type']).toBe('text/html; charset=utf-8')
    expect(world.log.join('')).toContain('ENOSPC')
  })

  it('of the database may pass', async () => {
    const world = await aVserver({ content: storeThatThrows(new Trouble('storage', 'EIO')) })
    const files = [file('a', noise(5_000_000))]
    const answer = await world.as('Lawrence').post('submission/course1/challenge', { files })
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '5' } })
  })

  it('that nobody thought of is an internal error without detail', async () => {
    const world = await aVserver({ content: storeThatThrows(new TypeError('impossible')) })
    const files = [file('a', noise(5_000_000))]
    const answer = await world.as('Lawrence').post('submission/course1/challenge', { files })
    expect(answer).toMatchObject(failure(500, 'Internal server error'))
    expect(world.log.join('')).toContain('impossible')
  })
})

function storeThatThrows(error: Error): ContentStore {
  const fail = async () => {
    throw error
  }
  return {
    create: fail,
    read: fail,
    sizeOf: fail,
    locationsOf: fail,
    remove: fail,
    placedBefore: async function* () {},
    removeUnplacedBefore: fail,
    check: fail,
    close: fail,
  }
}
