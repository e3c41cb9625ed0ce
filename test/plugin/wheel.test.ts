/** The nbgrader plugin that the server hands out. What pip makes of it is tested in `python/tests/test_wheel.py`. */
import { createHash } from 'node:crypto'
import { cp, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { readTable } from '../../scripts/wheel/pyproject.ts'
import { makeWheel } from '../../scripts/wheel/wheel.ts'
import { readPluginWheel } from '../../src/plugin-wheel.ts'
import { aService, type Service } from '../support/service.ts'

const fileName = 'ngshare_exchange-1.0.0a1-py3-none-any.whl'

describe('the wheel', () => {
  it('has the same bytes whenever, and wherever, it is made from the same files', async () => {
    const first = await makeWheel('python')
    const folder = await aCopyOfTheProject()
    for (const file of await readdir(folder, { recursive: true })) await utimes(join(folder, file), 0, 0)
    expect((await makeWheel(folder)).bytes.equals(first.bytes)).toBe(true)
  })

  it('has other bytes when a file is another', async () => {
    const first = await makeWheel('python')
    const folder = await aCopyOfTheProject()
    await writeFile(join(folder, 'src/ngshare_exchange/trees/__init__.py'), '')
    expect((await makeWheel(folder)).bytes.equals(first.bytes)).toBe(false)
  })

  it('is not made of a project that says what it could not tell', async () => {
    const folder = await aCopyOfTheProject({
      pyproject: text => text.replace('[project]\n', '[project]\nurls = []\n'),
    })
    await expect(makeWheel(folder)).rejects.toThrow('urls')
  })
})

describe('pyproject.toml', () => {
  it('may have texts, arrays on one line or several, and comments', () => {
    const table = readTable('[a]\nb = "c"\n[d]\n# e\nf = ["g", "h = i"]\nj = [\n    "k",\n    "l",\n]\n', 'd')
    expect(table).toEqual({ f: ['g', 'h = i'], j: ['k', 'l'] })
  })

  it('is an error where it has anything else', () => {
    expect(() => readTable('[a]\nb = 2026-01-01\n', 'a')).toThrow('the value of b cannot be read')
    expect(() => readTable('[a]\n"b" = "c"\n', 'a')).toThrow('no entry')
    expect(() => readTable('[a]\n', 'b')).toThrow('no table [b]')
  })
})

describe('the server', () => {
  it('gives the wheel that was built with it to everybody', async () => {
    const service = await aService()
    const bytes = await download(service, `/api/${fileName}`)
    expect(sha256(bytes)).toBe(readPluginWheel()?.sha256)
    expect(sha256(bytes)).toBe(sha256((await makeWheel('python')).bytes))
  })

  it('leads pip from its index to the wheel, below any prefix, and tells its checksum', async () => {
    const prefix = '/services/ngshare/'
    const service = await aService({ prefix })
    const root = new URL(`http://server${prefix}simple/`)
    const project = new URL(await onlyLinkAt(service, root), root)
    const wheel = new URL(await onlyLinkAt(service, project), project)
    expect(wheel.pathname).toBe(prefix + fileName)
    expect(wheel.hash).toBe(`#sha256=${sha256(await download(service, wheel.pathname))}`)
  })
})

async function onlyLinkAt(service: Service, url: URL): Promise<string> {
  const answer = await service.ask('GET', url.pathname)
  expect(answer.headers['content-type']).toMatch(/^text\/html/)
  const links = [...answer.text.matchAll(/<a href="([^"]*)"/g)].map(match => match[1] ?? '')
  expect(links).toHaveLength(1)
  return links[0] ?? ''
}

async function download(service: Service, path: string): Promise<Buffer> {
  const response = await fetch(`http://127.0.0.1:${service.port}${path}`)
  expect(response.status).toBe(200)
  return Buffer.from(await response.arrayBuffer())
}

async function aCopyOfTheProject({ pyproject = (text: string) => text } = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ngshare-wheel-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await cp('python', folder, { recursive: true, filter: path => !path.includes('__pycache__') })
  const path = join(folder, 'pyproject.toml')
  await writeFile(path, pyproject(await readFile(path, 'utf8')))
  return folder
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
