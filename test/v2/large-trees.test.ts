/** Directory trees of many files in the second API: what is possible, what is too much, and what it costs. */
import { request } from 'node:http'
import { describe, expect, it } from 'vitest'
import { countStatements } from '../plans/recorded-statements.ts'
import { aService } from '../support/service.ts'
import { inV2, problem, release, sha256, treeBody } from './people.ts'

const ps1 = { course: 'math', assignment: 'ps1' }
const submissions = 'courses/math/assignments/ps1/submissions'

async function aClass(options: Parameters<typeof aService>[0] = {}) {
  const service = await aService(options)
  await service.aCourse('math', { instructors: ['kevin'], students: ['marie'] })
  const [kevin, marie] = [inV2(service, 'kevin'), inV2(service, 'marie')]
  expect((await release(kevin, ps1, { 'ps1.ipynb': 'questions' })).status).toBe(201)
  return { service, kevin, marie }
}

/** All with the one content that is there. */
const manyFiles = (count: number, folder = 'folder') => ({
  files: Array.from({ length: count }, (_, i) => ({ path: `${folder}/${i}`, sha256: sha256('questions') })),
})

describe('a directory tree', () => {
  it('of 100,000 files with long paths is stored, where the limit of files allows it', async () => {
    const { marie } = await aClass({ maxFiles: 100_000 })
    const body = manyFiles(
      100_000,
      'a folder with a name that is as long as such names are/'.repeat(2).concat('x'),
    )
    expect(JSON.stringify(body).length).toBeGreaterThan(20_000_000)
    const submitted = await marie.post(submissions, body)
    expect(submitted.status).toBe(201)
    expect((await marie.get(`submissions/${submitted.json.id}`)).json).toMatchObject({
      tree: { fileCount: 100_000 },
    })
  }, 60_000)

  it('has as many files, and as many bytes, as the limits say', async () => {
    const { kevin, marie } = await aClass({ maxFiles: 10, maxTreeBytes: 100 })
    expect((await marie.get('')).json).toMatchObject({ limits: { files: 10, treeBytes: 100 } })
    expect((await marie.post(submissions, manyFiles(10))).status).toBe(201)
    const tooMany = { ...problem(413, 'too-large'), json: { detail: expect.stringContaining('10') } }
    expect(await marie.post(submissions, manyFiles(11))).toMatchObject(tooMany)
    expect(await kevin.post('courses/math/assignments/ps2/releases', manyFiles(11))).toMatchObject(tooMany)
    await marie.upload('math', 'ps1', { large: 'x'.repeat(101) })
    expect(await marie.post(submissions, treeBody({ large: 'x'.repeat(101) }))).toMatchObject({
      ...problem(413, 'too-large'),
      json: { detail: expect.stringContaining('100') },
    })
  })

  it('is refused unread where its list is too long, or whoever sends it may not', async () => {
    const { service, marie } = await aClass({ maxFiles: 10 })
    const { manifestBytes } = (await marie.get('')).json.limits as { manifestBytes: number }
    expect(await refusedUnread(service, 'marie', manifestBytes + 1)).toMatchObject({ status: 413 })
    expect(await refusedUnread(service, 'eve', manifestBytes)).toMatchObject({ status: 403 })
  })

  it('of hundreds of files takes hardly more queries than one of ten', async () => {
    const { marie } = await aClass()
    const trees = [10, 600].map(count => {
      const tree = Object.fromEntries(Array.from({ length: count }, (_, i) => [`${i}`, `${count} ${i}`]))
      return { count, tree }
    })
    const queries: number[] = []
    for (const { tree } of trees) {
      await marie.upload('math', 'ps1', tree)
      const counts: number[] = []
      for (let attempt = 0; attempt < 3; attempt++) {
        const counted = countStatements()
        expect((await marie.post(submissions, treeBody(tree))).status).toBe(201)
        counts.push(counted())
      }
      // What the server does once a second may fall into one of them.
      queries.push(Math.min(...counts))
    }
    const [few = 0, many = 0] = queries
    expect(many - few).toBeLessThan(10)
  }, 60_000)
})

/** Says how long its body is, and sends nothing of it. */
function refusedUnread(service: { port: number; prefix: string }, user: string, length: number) {
  return new Promise<{ status: number | undefined }>((resolve, reject) => {
    const asked = request({
      method: 'POST',
      port: service.port,
      path: `${service.prefix}v2/${submissions}?user=${user}`,
      headers: { 'content-type': 'application/json', 'content-length': length },
    })
    asked.on('error', reject)
    asked.on('response', answer => {
      resolve({ status: answer.statusCode })
      asked.destroy()
    })
    asked.flushHeaders()
  })
}
