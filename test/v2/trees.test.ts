/** Releases, submissions and feedback in the second API: how directory trees come in and go out. */
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { extract } from 'tar-stream'
import { describe, expect, it } from 'vitest'
import yauzl from 'yauzl'
import type { Operations } from '../../src/client/operations.ts'
import { openedData } from '../support/open-data.ts'
import { aService } from '../support/service.ts'
import { noise } from '../support/trees.ts'
import { inV2, problem, release, sha256, submit, type Tree, treeBody } from './people.ts'

const ps1 = { course: 'math', assignment: 'ps1' }
const data = noise(400_000)
const handedOut: Tree = { 'ps1.ipynb': 'questions', 'data/größe & co.bin': data, empty: '' }

async function aClass() {
  const service = await aService()
  await service.aCourse('math', { instructors: ['kevin'], students: ['marie', 'pierre'] })
  const people = {
    kevin: inV2(service, 'kevin'),
    marie: inV2(service, 'marie'),
    pierre: inV2(service, 'pierre'),
  }
  const released = await release(people.kevin, ps1, handedOut)
  expect(released.status).toBe(201)
  return { service, ...people }
}

describe('a release', () => {
  it('is fetched file by file, or as a whole', async () => {
    const { marie } = await aClass()
    const path = 'courses/math/assignments/ps1/releases/latest'
    expect((await marie.get(path)).json).toMatchObject({
      version: 1,
      releasedBy: 'kevin',
      tree: { fileCount: 3, sizeBytes: 400_009, notebooks: ['ps1'] },
    })
    const manifest = (await marie.get(`${path}/manifest`)).json
    expect(manifest).toMatchObject({
      files: Object.entries(handedOut).map(([name, content]) => ({
        path: name,
        sizeBytes: Buffer.byteLength(content),
        sha256: sha256(content),
        isExecutable: false,
      })),
    })
    for (const [name, content] of Object.entries(handedOut)) {
      const answer = await marie.get(`${path}/files?path=${encodeURIComponent(name)}`)
      expect(answer.bytes.equals(Buffer.from(content)), name).toBe(true)
      expect(answer.headers.get('content-disposition')).toBe('attachment')
    }
    expect(await marie.get(`${path}/files?path=nothing`)).toMatchObject(problem(404, 'file-not-found'))
    expect(await unpackTar((await marie.get(`${path}/archive?format=tar`)).bytes)).toEqual(digests(handedOut))
    expect(await unpackZip((await marie.get(`${path}/archive`)).bytes)).toEqual(digests(handedOut))
  })

  it('is replaced only when that is said; old versions stay', async () => {
    const { kevin, marie } = await aClass()
    const better = { ...handedOut, 'ps1.ipynb': 'better questions' }
    expect(await release(kevin, ps1, better)).toMatchObject(problem(409, 'assignment-exists'))
    expect((await release(kevin, ps1, better, { overwrite: true })).json).toMatchObject({ version: 2 })
    const versions = await marie.client.call('listReleases', { path: ps1 })
    expect(versions.items.map(item => item.version)).toEqual([2, 1])
    const first = await marie.get('courses/math/assignments/ps1/releases/1/files?path=ps1.ipynb')
    expect(String(first.bytes)).toBe('questions')
    expect(await marie.get('courses/math/assignments/ps1/releases/3')).toMatchObject(
      problem(404, 'release-not-found'),
    )
    expect((await marie.get('assignments')).json).toMatchObject({
      items: [{ course: 'math', assignment: 'ps1', release: { version: 2 } }],
    })
  })

  it('is for instructors to make and to take back', async () => {
    const { kevin, marie } = await aClass()
    expect(await release(marie, { ...ps1, assignment: 'mine' }, { a: 'b' })).toMatchObject(
      problem(403, 'not-instructor'),
    )
    expect(await marie.delete('courses/math/assignments/ps1')).toMatchObject(problem(403, 'not-instructor'))
    expect((await kevin.delete('courses/math/assignments/ps1')).status).toBe(204)
    expect((await marie.get('assignments')).json).toEqual({ items: [], next: null })
    expect(await marie.get('courses/math/assignments/ps1')).toMatchObject(
      problem(404, 'assignment-not-found'),
    )
    expect((await release(kevin, ps1, handedOut)).json).toMatchObject({ version: 2 })
  })
})

describe('a file', () => {
  it('is not sent to who has it, and in parts to who asks for them', async () => {
    const { marie } = await aClass()
    const path = `courses/math/assignments/ps1/releases/1/files?path=${encodeURIComponent('data/größe & co.bin')}`
    const whole = await marie.get(path)
    const etag = whole.headers.get('etag') ?? ''
    expect(etag).toBe(`"${sha256(data)}"`)
    expect((await marie.get(path, { 'if-none-match': etag })).status).toBe(304)
    for (const [range, from, to] of [
      ['bytes=0-9', 0, 10],
      ['bytes=399990-', 399_990, 400_000],
      ['bytes=-5', 399_995, 400_000],
      ['bytes=65530-65550', 65_530, 65_551],
      ['bytes=399999-500000', 399_999, 400_000],
    ] as const) {
      const part = await marie.get(path, { range })
      expect(part.status, range).toBe(206)
      expect(part.headers.get('content-range')).toBe(`bytes ${from}-${to - 1}/400000`)
      expect(part.bytes.equals(data.subarray(from, to)), range).toBe(true)
    }
    expect((await marie.get(path, { range: 'bytes=400000-' })).status).toBe(416)
    for (const range of ['bytes=5-3', 'bytes=0-1,5-6', 'lines=1-2', 'bytes=-']) {
      expect((await marie.get(path, { range })).status, range).toBe(200)
    }
    expect((await marie.get(path, { range: 'bytes=0-9', 'if-range': '"other"' })).status).toBe(200)
  })

  it('is sent once: not what one has sent, may read there, or has submitted', async () => {
    const { marie } = await aClass()
    const mine: Tree = { ...handedOut, 'ps1.ipynb': 'my answer' }
    expect(await marie.upload('math', 'ps1', mine)).toEqual(['ps1.ipynb'])
    expect(await marie.upload('math', 'ps1', mine)).toEqual([])
    expect((await submit(marie, ps1, mine)).status).toBe(201)
    const changed = { ...mine, 'ps1.ipynb': 'my better answer' }
    expect(await marie.upload('math', 'ps1', changed)).toEqual(['ps1.ipynb'])
    expect(await marie.upload('math', 'ps2', handedOut)).toEqual(Object.keys(handedOut))
  })

  it('of somebody else is not had by knowing its SHA-256', async () => {
    const { marie, pierre } = await aClass()
    const secret: Tree = { 'ps1.ipynb': 'what only marie knows' }
    expect((await submit(marie, ps1, secret)).status).toBe(201)
    expect(await pierre.post('courses/math/assignments/ps1/submissions', treeBody(secret))).toMatchObject({
      ...problem(409, 'files-missing'),
      json: { missing: [sha256('what only marie knows')] },
    })
    const asked = await pierre.post('courses/math/uploads/missing', {
      assignment: 'ps1',
      files: [sha256('what only marie knows')],
    })
    expect(asked.json).toEqual({ missing: [sha256('what only marie knows')] })
    expect((await pierre.get('submissions')).json).toEqual({ items: [], next: null })
  })

  it('must be what it says', async () => {
    const { marie } = await aClass()
    const path = `courses/math/uploads/${sha256('one')}`
    expect(await marie.put(path, Buffer.from('another'))).toMatchObject(problem(400, 'checksum-mismatch'))
    expect(await marie.put('courses/math/uploads/abc', Buffer.from('one'))).toMatchObject(
      problem(400, 'invalid-request'),
    )
    expect((await marie.put(path, Buffer.from('one'))).status).toBe(204)
  })

  it('has limits: of its own, and of all that wait', async () => {
    const service = await aService({ maxFileBytes: 1000, maxTreeBytes: 1500 })
    await service.aCourse('math', { students: ['marie'] })
    const marie = inV2(service, 'marie')
    const put = (content: Buffer) => marie.put(`courses/math/uploads/${sha256(content)}`, content)
    expect(await put(noise(1001))).toMatchObject(problem(413, 'too-large'))
    for (const seed of ['a', 'b', 'c']) expect((await put(noise(1000, seed))).status).toBe(204)
    expect(await put(noise(1000, 'd'))).toMatchObject(problem(413, 'too-many-uploads'))
    expect(
      await inV2(service, 'pierre').put(`courses/math/uploads/${sha256('x')}`, Buffer.from('x')),
    ).toMatchObject(problem(403, 'not-related'))
  })

  it('is refused in words when it is too large, however it comes', async () => {
    const service = await aService({ maxFileBytes: 1000 })
    await service.aCourse('math', { students: ['marie'] })
    const url = `http://127.0.0.1:${service.port}${service.prefix}v2/courses/math/uploads/${sha256('x')}?user=marie`
    const large = noise(8_000_000)
    for (const body of [new Uint8Array(large), Readable.toWeb(Readable.from([large]))]) {
      const headers = { 'content-type': 'application/octet-stream' }
      const answer = await fetch(url, { method: 'PUT', headers, body, duplex: 'half' } as RequestInit)
      expect([answer.status, await answer.json()]).toMatchObject([
        413,
        { detail: expect.stringContaining('1000') },
      ])
    }
  })

  it('that is refused half-way does not keep its connection for good', async () => {
    const service = await aService({ maxFileBytes: 100_000 })
    await service.aCourse('math', { instructors: ['kevin'] })
    const large = noise(3_000_000)
    const answer = await inV2(service, 'kevin').ask('PUT', `courses/math/uploads/${sha256(large)}`, {
      body: large,
    })
    expect(answer).toMatchObject(problem(413, 'too-large'))
    const isClosed = service.close().then(() => true)
    expect(await Promise.race([isClosed, sleep(10_000, false)])).toBe(true)
  })

  it('that is damaged never arrives whole', async () => {
    const { service, marie } = await aClass()
    const { exchange } = await openedData(service)
    await exchange.db.write(trx =>
      trx
        .updateTable('blobs')
        .set({ sha256: 'f'.repeat(64) })
        .where('sha256', '=', sha256(data))
        .execute(),
    )
    const path = `courses/math/assignments/ps1/releases/1`
    const asked = marie.get(`${path}/files?path=${encodeURIComponent('data/größe & co.bin')}`)
    await expect(asked).rejects.toThrow()
    await expect(marie.get(`${path}/archive`)).rejects.toThrow()
    await expect(marie.get(`${path}/archive?format=tar`)).rejects.toThrow()
  })
})

describe('a tree', () => {
  it.each([['../up'], ['/root'], ['a//b'], ['a\u0000b'], [`${'x'.repeat(256)}`]])(
    'has legal paths only: not %j',
    async path => {
      const { marie } = await aClass()
      await marie.upload('math', 'ps1', { a: 'x' })
      const files = [{ path, sha256: sha256('x') }]
      expect(await marie.post('courses/math/assignments/ps1/submissions', { files })).toMatchObject(
        problem(400, 'illegal-path'),
      )
    },
  )

  it('remembers which files are executable', async () => {
    const { kevin, marie } = await aClass()
    await kevin.upload('math', 'ps2', { 'run.sh': 'echo' })
    const files = [{ path: 'run.sh', sha256: sha256('echo'), isExecutable: true }]
    await kevin.post('courses/math/assignments/ps2/releases', { files })
    const path = 'courses/math/assignments/ps2/releases/1'
    expect((await marie.get(`${path}/manifest`)).json).toMatchObject({ files: [{ isExecutable: true }] })
    expect((await marie.get(`${path}/archive`)).bytes.includes('run.sh')).toBe(true)
  })
})

describe('a submission', () => {
  it('is there for the student and for instructors, with its receipt', async () => {
    const { kevin, marie, pierre } = await aClass()
    const submitted = await submit(marie, ps1, { ...handedOut, 'ps1.ipynb': 'answer' })
    const id = String(submitted.json.id)
    for (const who of [marie, kevin]) {
      expect((await who.get(`submissions/${id}`)).json).toMatchObject({
        ...{ id, course: 'math', assignment: 'ps1', student: 'marie', feedback: null },
        receivedAt: submitted.json.receivedAt,
        tree: { fileCount: 3, notebooks: ['ps1'] },
      })
      expect(String((await who.get(`submissions/${id}/files?path=ps1.ipynb`)).bytes)).toBe('answer')
      expect((await who.get(`submissions/${id}/receipt`)).json).toMatchObject({ id, student: 'marie' })
    }
    for (const path of [
      '',
      '/receipt',
      '/manifest',
      '/archive',
      '/files?path=ps1.ipynb',
      '/feedback/manifest',
    ]) {
      expect(await pierre.get(`submissions/${id}${path}`), path).toMatchObject(
        problem(404, 'submission-not-found'),
      )
    }
    const guessed = `${id.split('-')[0]}-000000000000`
    expect(await marie.get(`submissions/${guessed}`)).toMatchObject(problem(404, 'submission-not-found'))
  })

  it('is the same one to v1', async () => {
    const { service, marie } = await aClass()
    const { json } = await submit(marie, ps1, { a: 'b' })
    const [[student, timestamp] = []] = await service.submissions('kevin', 'math/ps1')
    expect([student, `${timestamp?.replace(' ', 'T')}Z`]).toEqual(['marie', json.receivedAt])
  })

  it('is made once for one key, however often it is sent', async () => {
    const { kevin, marie, pierre } = await aClass()
    const key = { 'idempotency-key': 'attempt-1' }
    const tree = { a: 'b' }
    const answers = await Promise.all(Array.from({ length: 8 }, () => submit(marie, ps1, tree, key)))
    expect(new Set(answers.map(answer => `${answer.status} ${answer.json.id}`)).size).toBe(1)
    expect(answers[0]?.status).toBe(201)
    expect(await submit(marie, ps1, { a: 'c' }, key)).toMatchObject(problem(422, 'key-reused'))
    expect((await submit(pierre, ps1, tree, key)).status).toBe(201)
    expect((await submit(marie, ps1, tree, { 'idempotency-key': 'attempt-2' })).status).toBe(201)
    const query = { student: 'marie', course: 'math' }
    expect((await kevin.client.call('listSubmissions', { query })).items).toHaveLength(2)
  })

  it('is made by an instructor for a student, who owns it', async () => {
    const { kevin, marie, pierre } = await aClass()
    await kevin.upload('math', 'ps1', { a: 'late' })
    const path = 'courses/math/assignments/ps1/submissions'
    expect((await kevin.post(`${path}?student=marie`, treeBody({ a: 'late' }))).status).toBe(201)
    expect((await marie.get('submissions')).json).toMatchObject({ items: [{ student: 'marie' }] })
    expect(await kevin.post(`${path}?student=nobody`, treeBody({ a: 'late' }))).toMatchObject(
      problem(404, 'student-not-found'),
    )
    expect(await pierre.post(`${path}?student=marie`, treeBody({}))).toMatchObject(
      problem(403, 'not-instructor'),
    )
  })

  it('is listed in one request with its notebooks and feedback, in pages and by filters', async () => {
    const { kevin, marie, pierre } = await aClass()
    for (const attempt of ['1', '2']) {
      for (const person of [marie, pierre]) {
        await submit(person, ps1, { 'b.ipynb': attempt, 'a.ipynb': 'x', 'sub/c.ipynb': 'y', 'A.IPYNB': 'z' })
      }
    }
    const list = ({ client }: typeof kevin, query: Operations['listSubmissions']['query'] = {}) =>
      client.call('listSubmissions', { query })
    const first = await list(kevin, { course: 'math', limit: 3 })
    expect(first.items.map(item => item.student)).toEqual(['marie', 'pierre', 'marie'])
    expect(first.items[0]).toMatchObject({ tree: { notebooks: ['a', 'b'] }, feedback: null })
    const second = await list(kevin, { course: 'math', limit: 3, cursor: String(first.next) })
    expect([second.items.map(item => item.student), second.next]).toEqual([['pierre'], null])
    expect((await list(marie)).items).toHaveLength(2)
    expect((await list(kevin, { newestOnly: true })).items).toHaveLength(2)
    expect((await list(kevin, { ...ps1, student: 'pierre' })).items).toHaveLength(2)
    expect(await marie.get('submissions?course=math&student=pierre')).toMatchObject(
      problem(403, 'not-instructor'),
    )
    expect((await list(marie, { student: 'pierre' })).items).toEqual([])
    expect(await marie.get('submissions?course=physics')).toMatchObject(problem(404, 'course-not-found'))
  })

  it('is listed alone where one asks for own ones, also to who teaches the course', async () => {
    const { service, kevin, marie } = await aClass()
    const root = inV2(service, 'root')
    for (const person of [kevin, marie, root])
      expect((await submit(person, ps1, { a: 'b' })).status).toBe(201)
    for (const [person, name] of [
      [kevin, 'kevin'],
      [marie, 'marie'],
      [root, 'root'],
    ] as const) {
      for (const query of [{ own: true }, { own: true, ...ps1, newestOnly: true }]) {
        const { items } = await person.client.call('listSubmissions', { query })
        expect(
          items.map(item => item.student),
          `${name} ${JSON.stringify(query)}`,
        ).toEqual([name])
      }
    }
    expect((await kevin.get('submissions?own=false')).json.items).toHaveLength(3)
    expect((await kevin.get('submissions?own=true&student=marie')).json).toEqual({ items: [], next: null })
    expect(await inV2(service, 'eve').get('submissions?own=true&course=math')).toMatchObject(
      problem(403, 'not-related'),
    )
  })
})

describe('feedback', () => {
  it('is returned to one submission, seen in the list, and replaced', async () => {
    const { kevin, marie, pierre } = await aClass()
    const id = String((await submit(marie, ps1, { 'ps1.ipynb': 'answer' })).json.id)
    expect(await marie.get(`submissions/${id}/feedback/manifest`)).toMatchObject(
      problem(404, 'feedback-not-found'),
    )
    for (const words of ['well done', 'even better']) {
      const tree = { 'ps1.html': words }
      await kevin.upload('math', 'ps1', tree)
      expect((await kevin.put(`submissions/${id}/feedback`, treeBody(tree))).json).toMatchObject({
        feedback: { files: [{ path: 'ps1.html', sha256: sha256(words) }] },
      })
      expect(String((await marie.get(`submissions/${id}/feedback/files?path=ps1.html`)).bytes)).toBe(words)
    }
    expect(await unpackZip((await marie.get(`submissions/${id}/feedback/archive`)).bytes)).toEqual(
      digests({ 'ps1.html': 'even better' }),
    )
    expect(await marie.put(`submissions/${id}/feedback`, treeBody({}))).toMatchObject(
      problem(403, 'not-instructor'),
    )
    expect(await pierre.put(`submissions/${id}/feedback`, treeBody({}))).toMatchObject(
      problem(404, 'submission-not-found'),
    )
  })
})

const digests = (tree: Tree) =>
  Object.fromEntries(Object.entries(tree).map(([path, content]) => [path, sha256(content)]))

async function unpackTar(bytes: Buffer): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  const archive = extract()
  Readable.from([bytes]).pipe(archive)
  for await (const entry of archive) {
    const chunks: Buffer[] = []
    for await (const chunk of entry) chunks.push(chunk as Buffer)
    found[entry.header.name] = sha256(Buffer.concat(chunks))
  }
  return found
}

async function unpackZip(bytes: Buffer): Promise<Record<string, string>> {
  const archive = await new Promise<yauzl.ZipFile>((resolve, reject) =>
    yauzl.fromBuffer(bytes, { lazyEntries: true }, (error, zip) => (zip ? resolve(zip) : reject(error))),
  )
  const found: Record<string, string> = {}
  return new Promise((resolve, reject) => {
    archive.on('error', reject)
    archive.on('end', () => resolve(found))
    archive.on('entry', (entry: yauzl.Entry) => {
      archive.openReadStream(entry, async (error, stream) => {
        if (error) return reject(error)
        const chunks: Buffer[] = []
        for await (const chunk of stream) chunks.push(chunk as Buffer)
        found[entry.fileName] = sha256(Buffer.concat(chunks))
        archive.readEntry()
      })
    })
    archive.readEntry()
  })
}
