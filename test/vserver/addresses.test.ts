/** Which paths there are, which methods they take, and how answers look (contract §9, first paragraph). */
import { utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { failure, success } from '../support/answers.ts'
import { aVserverForTheFile } from './world.ts'

const world = await aVserverForTheFile()

const fileCalls =
  'read write ls mkdir chmod stat glob walk exists isdir isfile islink ismount copy copytree rmtree'
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND', 'TRACE', 'QUERY']
const paths: [path: string, allowed: string][] = [
  ['/', 'GET, HEAD, OPTIONS'],
  ['/favicon.ico', 'GET, HEAD, OPTIONS'],
  ...fileCalls.split(' ').map((name): [string, string] => [`/${name}`, 'GET, HEAD, OPTIONS']),
  ['/api/courses', 'GET, HEAD, OPTIONS'],
  ['/api/course/course1', 'POST, OPTIONS'],
  ['/api/assignments/course1', 'GET, HEAD, OPTIONS'],
  ['/api/assignment/course1/challenge', 'GET, HEAD, POST, OPTIONS'],
  ['/api/submissions/course1/challenge', 'GET, HEAD, OPTIONS'],
  ['/api/submissions/course1/challenge/Lawrence', 'GET, HEAD, OPTIONS'],
  ['/api/submission/course1/challenge', 'POST, OPTIONS'],
  ['/api/submission/course1/challenge/Lawrence', 'GET, HEAD, OPTIONS'],
  ['/api/feedback/course1/challenge/Lawrence', 'GET, HEAD, POST, OPTIONS'],
]

describe.each(paths)('%s', (path, allowed) => {
  const others = methods.filter(method => !allowed.split(', ').includes(method))

  it.each(others)('answers %s with a real 405', async method => {
    const answer = await world.ask(method, path)
    expect(answer.status).toBe(405)
    expect(answer.headers).toMatchObject({ allow: allowed, 'content-type': 'text/html; charset=utf-8' })
  })

  it('answers OPTIONS', async () => {
    const answer = await world.ask('OPTIONS', path)
    expect(answer).toMatchObject({ status: 200, text: '', headers: { allow: allowed } })
    expect(answer.headers['access-control-allow-origin']).toBeUndefined()
  })

  if (!allowed.includes('GET')) return

  it('answers HEAD as GET, without a body', async () => {
    const [got, head] = [await world.ask('GET', path), await world.ask('HEAD', path)]
    expect(head).toMatchObject({ status: 200, text: '' })
    for (const header of ['content-type', 'content-length']) {
      expect(head.headers[header], header).toBe(got.headers[header])
    }
  })
})

describe('nobody’s path', () => {
  const unknown = [
    '/nothing',
    '/api',
    '/api/',
    '/api/courses/',
    '/api/course/',
    '/api/course/a%2Fb',
    '/api/submission/course1%2Fchallenge/Lawrence',
    '/api/assignment/course1',
    '/api/instructors/course1',
    '/api/instructor/course1/Kevin',
    '/api/students/course1',
    '/api/student/course1/Lawrence',
    '/api/initialize-Data6ase',
    '/healthz',
    '/metrics',
    '//ls',
    '/LS',
    '/read/x',
    '/%',
  ]

  it.each(unknown)('%s is said not to be found, with HTTP 200 for every method', async path => {
    for (const method of methods.filter(method => method !== 'HEAD')) {
      const answer = await world.ask(method, `${path}?user=Kevin`)
      expect(answer, method).toMatchObject(
        path === '/%'
          ? failure(200, 'The path is not valid percent-encoded UTF-8')
          : failure(200, '404 (Not Found)'),
      )
    }
  })
})

describe('an operation that ngshare has and 2020 had not', () => {
  it.each([
    ['DELETE', '/api/course/course1'],
    ['DELETE', '/api/assignment/course1/challenge'],
    ['PUT', '/api/assignment/course1/challenge'],
  ])('%s %s does nothing', async (method, path) => {
    expect((await world.ask(method, `${path}?user=Kevin`)).status).toBe(405)
    const { json } = await world.as('Kevin').get('assignments/course1')
    expect(json.assignments).toEqual(['challenge'])
  })
})

describe('an answer', () => {
  it('is JSON as Python writes it, under the name of HTML, and cannot act as a page', async () => {
    await world.as('Kevin').post('course/%C3%A9%3Cscript%3E')
    const answer = await world.as('Kevin').get('courses')
    expect(answer).toMatchObject(success({ courses: ['course1', 'é<script>'] }))
    expect(answer.text).toContain('"\\u00e9<script>"')
    expect(answer.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
      'cross-origin-resource-policy': 'same-origin',
    })
  })

  it('writes times as floats, also where they are whole', async () => {
    await world.ask('GET', '/mkdir?pathname=/old')
    await utimes(join(world.root, 'old'), 1, 2.5)
    expect((await world.ask('GET', '/stat?pathname=/old')).text).toContain('"atime": 1.0, "mtime": 2.5, ')
  })

  it('follows the first of repeated arguments', async () => {
    expect((await world.ask('GET', '/api/courses?user=Eric&user=Kevin')).json.courses).toEqual(['course2'])
    expect((await world.ask('GET', '/exists?pathname=/&pathname=/nothing')).json.exists).toBe(true)
  })

  it('is logged without its arguments', async () => {
    await world.ask('GET', '/exists?pathname=/secret')
    await expect.poll(() => world.log.some(line => line.includes('"route":"/exists"'))).toBe(true)
    expect(world.log.join('')).not.toContain('secret')
  })
})

describe('the home page', () => {
  it('shows sample links that work', async () => {
    const page = await world.ask('GET', '/')
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
    expect(page.text).toMatch(/^<!doctype html>/)
    const links = [...page.text.matchAll(/<a href="([^"]+)"/g)].map(match =>
      match[1]?.replaceAll('&amp;', '&'),
    )
    expect(links.length).toBeGreaterThan(10)
    for (const link of links) {
      const answer = await world.ask('GET', link ?? '')
      expect(answer.json.success, `${link}: ${answer.text}`).toBe(true)
    }
  })

  it('has an icon, which is a PNG', async () => {
    const icon = await world.ask('GET', '/favicon.ico')
    expect(icon.headers['content-type']).toBe('image/png')
    expect(icon.text).toContain('PNG')
  })
})
