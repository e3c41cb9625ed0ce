/** What a page of another site can make a browser on this machine do: open our home page, and nothing else. */
import { readdir } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { failure } from '../support/answers.ts'
import { firstAnswer, sendAndHangUp } from '../support/wire.ts'
import { aVserver, aVserverForTheFile, type World } from './world.ts'

const world = await aVserverForTheFile()
const fromElsewhere = failure(403, 'Requests from pages of other sites are refused')
const wrongHost = failure(
  403,
  'This server answers to the loopback names of its machine only, such as localhost',
)
const readings = ['/', '/ls?pathname=/', '/api/courses?user=Kevin', '/nothing']

const mkdir = (to: World, headers: Record<string, string>, method = 'GET') =>
  to.ask(method, '/mkdir?pathname=/made', { headers })

describe('a name of another machine in Host', () => {
  it.each(['evil.example', 'evil.example:11111', 'localhost.evil.example', '192.168.1.2'])(
    '(%s) is refused',
    async host => {
      for (const path of readings) {
        expect(await world.ask('GET', path, { headers: { host } })).toMatchObject(wrongHost)
      }
    },
  )

  it.each(['localhost', 'localhost:1', '127.0.0.1:80', '[::1]:11111', '127.1.2.3'])(
    'is not %s',
    async host => {
      expect((await world.ask('GET', '/ls?pathname=/', { headers: { host } })).status).toBe(200)
    },
  )

  it('is refused where it stands in the request line', async () => {
    const received = await sendAndHangUp(
      world.port,
      'GET http://evil.example/ls?pathname=/ HTTP/1.1\r\nHost: evil.example\r\n\r\n',
    )
    expect(firstAnswer(received).status).toBe(403)
  })

  it('is of no interest where the whole network may call', async () => {
    const open = await aVserver({ onLoopback: false })
    const answer = await open.ask('GET', '/ls?pathname=/', { headers: { host: 'lab.example' } })
    expect(answer.status).toBe(200)
  })
})

describe.each(['cross-site', 'same-site'])('a request that a browser calls %s', site => {
  it('is refused, whatever it asks for', async () => {
    for (const path of readings) {
      const headers = { 'sec-fetch-site': site, 'sec-fetch-mode': 'no-cors' }
      expect(await world.ask('GET', path, { headers })).toMatchObject(fromElsewhere)
    }
  })

  it('is served if it is a link to the home page', async () => {
    const headers = { 'sec-fetch-site': site, 'sec-fetch-mode': 'navigate' }
    expect((await world.ask('GET', '/', { headers })).status).toBe(200)
    for (const path of readings.slice(1)) {
      expect(await world.ask('GET', path, { headers })).toMatchObject(fromElsewhere)
    }
  })
})

describe.each(['a server for this machine', 'a server for the network'])('%s', kind => {
  const open = () => aVserver({ onLoopback: kind === 'a server for this machine' })

  it.each([
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'something-new' },
    { origin: 'http://evil.example' },
    { origin: 'http://localhost:1' },
    { origin: 'null' },
    { referer: 'http://evil.example/page' },
    { referer: 'nonsense' },
    { 'sec-fetch-site': 'same-origin', origin: 'http://evil.example' },
  ])('changes nothing for %j', async given => {
    const to = await open()
    const headers = given as Record<string, string>
    for (const method of ['GET', 'HEAD']) {
      expect((await mkdir(to, headers, method)).status).toBe(403)
    }
    const posted = await to.as('Kevin').post('course/made', {}, { headers })
    expect(posted).toMatchObject(fromElsewhere)
    expect(await readdir(to.root)).toEqual([])
    expect((await to.as('Kevin').get('courses')).json.courses).toEqual(['course1'])
  })

  it('serves its own pages, people and programs', async () => {
    const to = await open()
    const own = `http://127.0.0.1:${to.port}`
    const all = [
      { 'sec-fetch-site': 'same-origin', origin: own },
      { 'sec-fetch-site': 'none' },
      { referer: `${own}/` },
      {},
    ]
    for (const [i, given] of all.entries()) {
      const headers = given as Record<string, string>
      expect(await to.ask('GET', `/mkdir?pathname=/made${i}`, { headers })).toMatchObject({ status: 200 })
    }
    expect(await readdir(to.root)).toHaveLength(all.length)
  })
})
