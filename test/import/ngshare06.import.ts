/** A class on the real Python ngshare 0.6.0, over HTTP; imported; and both servers asked the same questions. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type Peer, startPeer } from '../../bench/peers/peers.ts'
import { importCommand } from '../../src/ops/import/command.ts'
import type { ImportReport } from '../../src/ops/import/report.ts'
import { verifyCommand } from '../../src/ops/verify.ts'
import { placesOf, runCommand } from '../support/commands.ts'
import { aFolder, aService, type Service } from '../support/service.ts'
import { file, noise, type WireFile } from '../support/trees.ts'

type Ask = (
  user: string,
  path: string,
  query?: Record<string, string>,
) => Promise<{ status: number; json: Json }>
type Json = Readonly<Record<string, unknown>>

const python = join(import.meta.dirname, '../../.venv/ngshare06/bin/python')
let folder: string
let old: ReadonlyMap<string, Json>

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ngshare-import-test-'))
  const peer = await startPeer('python', {
    folder,
    hubDelayMs: null,
    shape: 'small',
    workers: null,
    replicas: 1,
  })
  try {
    await teach(peer)
    old = await everything(askOver(peer))
  } finally {
    await peer.stop()
  }
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('what the real Python ngshare wrote', () => {
  it('is told by the new server as it was by the old one, byte for byte', async () => {
    const { service, report } = await imported(join(folder, 'ngshare.db'))
    expect(old.size).toBeGreaterThan(40)
    expect(await everything(askAt(service))).toEqual(old)
    expect(kindsOf(report)).toEqual({ 'file-without-row': 4, 'path-renamed': 2, 'odd-name': 1 })
    expect(report.added).toMatchObject({ courses: 3, submissions: 11, feedback: 4 })
    // What the old server kept, and did not give away any more.
    const left = await service.as('emmy').get('submission/math/ex%201/left')
    expect(left.json.files).toEqual(download([file('p1.ipynb', 'of one who left')]))
    const odd = await service.as('emmy').get('submission/math/odd%20paths/marie')
    expect(odd.json.files).toEqual(
      download([file('twice.duplicate-1', 'first'), file('twice', 'second'), file('a/b', 'slashes')]),
    )
    expect((await runCommand(verifyCommand, [...placesOf(service), '--json'])).failure).toBeNull()
  })

  it('comes over the same from the schema before the sizes of files were kept', async () => {
    const before = join(folder, 'first-revision.db')
    copyFileSync(join(folder, 'ngshare.db'), before)
    const downgrade = `import alembic.command
from ngshare import dbutil
alembic.command.downgrade(dbutil.get_alembic_config('sqlite:///${before}'), 'aa00db20c10a')`
    execFileSync(python, ['-c', downgrade], { stdio: 'ignore' })
    const { service, report } = await imported(before)
    expect(await everything(askAt(service))).toEqual(old)
    expect(report.added).toMatchObject({ courses: 3, submissions: 11, feedback: 4 })
  })

  it('stays as it is to the last byte, and comes over once', async () => {
    const before = digests(folder)
    const { service, options } = await imported(join(folder, 'ngshare.db'))
    const again = (await runCommand(importCommand, options)).json as unknown as ImportReport
    expect(Object.values(again.added).every(count => count === 0)).toBe(true)
    expect(await everything(askAt(service))).toEqual(old)
    expect(digests(folder)).toEqual(before)
  })
})

/** A term: rosters, releases, attempts, feedback; and what people delete, replace and get wrong. */
async function teach(peer: Peer): Promise<void> {
  const tell = async (user: string, method: 'POST' | 'DELETE', path: string, fields: object = {}) => {
    const body = new URLSearchParams(
      Object.entries(fields).map(([name, value]): [string, string] => [
        name,
        typeof value === 'string' ? value : JSON.stringify(value),
      ]),
    )
    const response = await fetch(`http://127.0.0.1:${peer.target.ports[0]}/api/${path}`, {
      method,
      headers: { authorization: `token ${user}` },
      body: method === 'POST' ? body : null,
    })
    const json = (await response.json()) as Json
    if (!json.success) throw new Error(`${method} ${path}: ${JSON.stringify(json)}`)
    return json
  }
  const submit = async (user: string, to: string, files: readonly WireFile[]) =>
    String((await tell(user, 'POST', `submission/${to}`, { files })).timestamp)
  const names = { first_name: 'Émilie', last_name: '数学 "quoted"', email: 'emilie@example.org' }

  await tell('root', 'POST', 'course/math', { instructors: ['emmy'] })
  await tell('emmy', 'POST', 'instructor/math/emmy', names)
  await tell('root', 'POST', 'instructor/math/second', { first_name: '', last_name: '', email: '' })
  await tell('emmy', 'POST', 'students/math', {
    students: ['marie', 'lise', 'left', 'user+plus'].map(username => ({ username, ...names })),
  })
  const release = [
    file('p1.ipynb', 'the task'),
    file('data/größe 数学.txt', 'a;b\r\n'),
    file('data/noise.bin', noise(1_500_000)),
    file('empty.txt', ''),
    file('back\\slash', 'x'),
  ]
  await tell('emmy', 'POST', 'assignment/math/ex 1', { files: release })
  await tell('emmy', 'POST', 'assignment/math/odd paths', { files: [] })
  await tell('emmy', 'POST', 'assignment/math/deleted', { files: [file('gone.txt', 'gone')] })

  const first = await submit('marie', 'math/ex 1', [file('p1.ipynb', 'first'), ...release.slice(1)])
  const second = await submit('marie', 'math/ex 1', [file('p1.ipynb', 'second')])
  await submit('marie', 'math/ex 1', [])
  const lise = await submit('lise', 'math/ex 1', [file('p1.ipynb', noise(70_000, 'lise'))])
  await submit('user+plus', 'math/ex 1', [file('p1.ipynb', 'plus')])
  await submit('emmy', 'math/ex 1', [file('p1.ipynb', 'an instructor tries it')])
  await submit('left', 'math/ex 1', [file('p1.ipynb', 'of one who left')])
  await submit('marie', 'math/deleted', [file('p1.ipynb', 'for nothing')])
  await submit('marie', 'math/odd paths', [
    ...[file('twice', 'first'), file('twice', 'second'), file('a//b', 'slashes')],
  ])
  const feedback = (user: string, timestamp: string, files: readonly WireFile[]) =>
    tell('emmy', 'POST', `feedback/math/ex 1/${user}`, { timestamp, files })
  await feedback('marie', first, [file('p1.html', 'was replaced')])
  await feedback('marie', first, [file('p1.html', '<p>good</p>'), file('sub/p2.html', '<p>bad</p>')])
  await feedback('marie', second, [file('p1.html', '<p>better</p>')])
  await feedback('lise', lise, [file('p1.html', noise(90_000, 'feedback'))])
  await tell('emmy', 'DELETE', 'assignment/math/deleted')
  await tell('emmy', 'DELETE', 'student/math/left')

  await tell('root', 'POST', `course/${encodeURIComponent('a/b c')}`, { instructors: ['emmy', 'kevin'] })
  await tell('emmy', 'POST', `assignment/${encodeURIComponent('a/b c')}/${encodeURIComponent('x/y')}`, {
    files: [file('a', 'a')],
  })
  await tell('emmy', 'POST', `student/${encodeURIComponent('a/b c')}/marie`, names)
  await submit('marie', `${encodeURIComponent('a/b c')}/${encodeURIComponent('x/y')}`, [file('a', 'b')])
  // A name that nobody could choose today.
  const odd = encodeURIComponent('tab\tand more')
  await tell('root', 'POST', `course/${odd}`, { instructors: ['kevin'] })
  await tell('kevin', 'POST', `assignment/${odd}/ex1`, { files: [file('a', 'a')] })
  await submit('kevin', `${odd}/ex1`, [file('a', 'of kevin')])
  const timestamp = await submit('kevin', `${odd}/ex1`, [file('a', 'of kevin, again')])
  await tell('kevin', 'POST', `feedback/${odd}/ex1/kevin`, { timestamp, files: [file('a.html', 'fine')] })
  await tell('root', 'POST', 'course/deleted', { instructors: ['kevin'] })
  await tell('kevin', 'POST', 'assignment/deleted/ex1', { files: [file('a', 'deleted with its course')] })
  await tell('root', 'DELETE', 'course/deleted')
}

/** Every answer that there is to be had, by its path. */
async function everything(ask: Ask): Promise<Map<string, Json>> {
  const answers = new Map<string, Json>()
  const tell = async (user: string, path: string, query?: Record<string, string>) => {
    const { status, json } = await ask(user, path, query)
    if (status === 200) answers.set(`${user} ${path} ${JSON.stringify(query ?? {})}`, json)
    return json
  }
  const own = (list: unknown) => list as readonly string[]
  for (const user of ['root', 'emmy', 'kevin', 'marie', 'left', 'stranger']) await tell(user, 'courses')
  for (const course of own((await tell('root', 'courses')).courses)) {
    const c = encodeURIComponent(course)
    await tell('root', `instructors/${c}`)
    await tell('root', `students/${c}`)
    await tell('marie', `student/${c}/marie`)
    for (const assignment of own((await tell('root', `assignments/${c}`)).assignments)) {
      const a = `${c}/${encodeURIComponent(assignment)}`
      await tell('root', `assignment/${a}`)
      await tell('root', `assignment/${a}`, { list_only: 'true' })
      const submissions = (await tell('root', `submissions/${a}`)).submissions
      for (const { student_id, timestamp } of submissions as { student_id: string; timestamp: string }[]) {
        if (student_id === 'left' || assignment === 'odd paths') continue // asked for one by one
        const s = `${a}/${encodeURIComponent(student_id)}`
        await tell('root', `submissions/${s}`)
        await tell('root', `submission/${s}`, { timestamp })
        await tell('root', `submission/${s}`)
        await tell(student_id, `feedback/${s}`, { timestamp })
      }
    }
  }
  return answers
}

function askOver(peer: Peer): Ask {
  return async (user, path, query = {}) => {
    const url = `http://127.0.0.1:${peer.target.ports[0]}/api/${path}?${new URLSearchParams(query)}`
    const response = await fetch(url, { headers: { authorization: `token ${user}` } })
    return { status: response.status, json: response.ok ? ((await response.json()) as Json) : {} }
  }
}

function askAt(service: Service): Ask {
  return async (user, path, query = {}) => {
    const { status, json } = await service.as(user).get(path, query)
    return { status, json }
  }
}

async function imported(
  database: string,
): Promise<{ service: Service; report: ImportReport; options: string[] }> {
  const service = await aService({ folder: await aFolder() })
  onTestFinished(() => service.close())
  const source = ['--from-database', `sqlite:///${database}`, '--from-storage', join(folder, 'files')]
  const options = ['ngshare06', ...source, ...placesOf(service), '--json']
  const outcome = await runCommand(importCommand, options)
  return { service, options, report: outcome.json as unknown as ImportReport }
}

function download(files: readonly WireFile[]): object[] {
  return files.map(({ path, content }) => ({
    path,
    checksum: createHash('md5').update(Buffer.from(content, 'base64')).digest('hex'),
    content: content.replace(/.{1,76}/g, '$&\n'),
  }))
}

function kindsOf(report: ImportReport): Record<string, number> {
  return Object.fromEntries(
    [...Map.groupBy(report.oddities, oddity => oddity.kind)].map(([kind, those]) => [kind, those.length]),
  )
}

function digests(of: string): Record<string, string> {
  const files = readdirSync(of, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
  return Object.fromEntries(
    files.map(({ parentPath, name }) => {
      const path = join(parentPath, name)
      return [path, createHash('sha256').update(readFileSync(path)).digest('hex')]
    }),
  )
}
