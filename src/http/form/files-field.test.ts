import { createHash } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ContentStore } from '../../content/content-store.ts'
import { openDiskStore } from '../../content/disk-store.ts'
import { Refusal, TooLarge } from '../../domain/errors.ts'
import { BadRequest } from './errors.ts'
import { FilesField } from './files-field.ts'
import { UrlencodedDecoder } from './urlencoded.ts'

let folder: string
let store: ContentStore

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ngshare-files-field-'))
  store = await openDiskStore(folder)
})

afterAll(() => rm(folder, { recursive: true }))

describe('the field files', () => {
  it('is a tree in the order of the array', async () => {
    const outcome = await read(JSON.stringify([file('b', 'two'), file('a/c', 'one'), file('empty', '')]))
    expect(outcome).toEqual(['b two', 'a/c one', 'empty '])
  })

  it('may have members of other names, of any kind and depth', async () => {
    const text = `[{"x": [1, {"path": "no", "content": "no"}], "path": "a", "y": {"content": "no"}, "content": "b25l", "z": NaN}]`
    expect(await read(text)).toEqual(['a one'])
  })

  it('takes of a member that is said twice what is said last', async () => {
    expect(await read('[{"path": "a", "content": "b25l", "path": "b", "content": "dHdv"}]')).toEqual([
      'b two',
    ])
    expect(await read('[{"path": "a", "content": "b25l", "content": null}]')).toBe('incorrect-format')
    expect(await read('[{"path": 5, "content": "*", "path": "a", "content": ""}]')).toEqual(['a '])
  })

  it('may be written with escapes', async () => {
    expect(await read(`[{"\\u0070ath": "\\u00e9\\ud83d\\ude00\\/x", "content": "b25\\u006c\\n"}]`)).toEqual([
      'é😀/x one',
    ])
  })

  it.each([
    ['', 'files-not-json'],
    ['\ufeff[]', 'files-not-json'],
    ['[', 'files-not-json'],
    ['[]]', 'files-not-json'],
    ['[] []', 'files-not-json'],
    ['[,]', 'files-not-json'],
    ['[{"path": "a", "content": ""},]', 'files-not-json'],
    ['[{"path": "a" "content": ""}]', 'files-not-json'],
    ['[{path: "a"}]', 'files-not-json'],
    ["['a']", 'files-not-json'],
    ['[01]', 'files-not-json'],
    ['[1.]', 'files-not-json'],
    ['nul', 'files-not-json'],
    ['["\\x"]', 'files-not-json'],
    ['["\\u12g4"]', 'files-not-json'],
    ['["a\nb"]', 'files-not-json'],
    ['[{"path": "../a", "content": "*"}', 'files-not-json'],
    ['{}', 'incorrect-format'],
    ['""', 'incorrect-format'],
    ['5', 'incorrect-format'],
    ['null', 'incorrect-format'],
    ['NaN', 'incorrect-format'],
    ['-Infinity', 'incorrect-format'],
    ['[1]', 'incorrect-format'],
    ['[null]', 'incorrect-format'],
    ['[[]]', 'incorrect-format'],
    ['[{}]', 'incorrect-format'],
    ['{"a": 1}', 'incorrect-format'],
    ['{"path": "a", "content": ""}', 'incorrect-format'],
    ['[{"path": 5}]', 'incorrect-format'],
    ['[{"path": "a"}]', 'incorrect-format'],
    ['[{"content": ""}]', 'incorrect-format'],
    ['[{"path": "a", "content": ["YQ=="]}]', 'incorrect-format'],
    [`${'['.repeat(100_000)}`, 'incorrect-format'],
    [`${'[{"a":'.repeat(100_000)}`, 'incorrect-format'],
    ['[{"path": "/a", "content": "YQ=="}]', 'illegal-path'],
    ['[{"path": "\\ud800", "content": "YQ=="}]', 'illegal-path'],
    ['[{"path": "a\\u0000b", "content": "YQ=="}]', 'illegal-path'],
    [JSON.stringify([{ path: 'x'.repeat(100_000), content: '' }]), 'illegal-path'],
    ['[{"path": "a", "content": ""}, {"path": "a", "content": ""}]', 'illegal-path'],
    ['[{"path": "a", "content": ""}, {"path": "a/b", "content": ""}]', 'illegal-path'],
    ['[{"path": "a", "content": "YQ"}]', 'content-not-base64'],
    ['[{"path": "a", "content": "\\ud800"}]', 'content-not-base64'],
    [`[{"path": "a", "content": "YQ==", "checksum": "${'0'.repeat(32)}"}]`, 'checksum-mismatch'],
  ])('%.60s is refused: %s', async (text, code) => {
    expect(await read(text)).toBe(code)
    expect(await read(text, [1, 2, 3, 1, 1, 1, 5, 7])).toBe(code)
  })

  it('is judged file by file, and in each by path, content, checksum', async () => {
    const wrongSum = { ...file('a', 'one'), checksum: '0'.repeat(32) }
    const wrongContent = { path: 'b', content: '*' }
    const wrongPath = { path: '/', content: '*' }
    expect(await read(JSON.stringify([wrongSum, wrongContent, wrongPath]))).toBe('checksum-mismatch')
    expect(await read(JSON.stringify([wrongContent, wrongPath, wrongSum]))).toBe('content-not-base64')
    expect(await read(JSON.stringify([wrongPath, wrongSum, 5]))).toBe('illegal-path')
    expect(await read(JSON.stringify([5, wrongPath]))).toBe('incorrect-format')
  })

  it('has checksums compared when they are such, whatever their case', async () => {
    const checksum = createHash('md5').update('one').digest('hex')
    expect(await read(JSON.stringify([{ ...file('a', 'one'), checksum: checksum.toUpperCase() }]))).toEqual([
      'a one',
    ])
    expect(await read(JSON.stringify([{ ...file('a', 'one'), checksum: 'sha256:…' }]))).toEqual(['a one'])
  })

  it('may have no more files, and no larger ones, than the limits say', async () => {
    expect(await read(JSON.stringify(Array.from({ length: 6 }, (_, i) => file(`${i}`, ''))))).toBe('files: 5')
    expect(await read(JSON.stringify([file('a', 'x'.repeat(300_001))]))).toBe('bytes in one file: 300000')
  })

  it('reads large files the same in whatever pieces they come', async () => {
    const content = Array.from({ length: 300_000 }, (_, i) =>
      String.fromCharCode(32 + ((i * 7919) % 90)),
    ).join('')
    const text = JSON.stringify([file('large', content), file('small', 'x')])
    for (const size of [1000, 4099, 65_536]) {
      const sizes = Array.from({ length: 2000 }, () => size)
      expect(await read(text, sizes)).toEqual([`large ${content}`, 'small x'])
    }
    expect(await readdir(join(folder, 'staging'))).toEqual([])
  })

  it('says the same of any JSON as a parser that has all of it, in whatever pieces it comes', async () => {
    await fc.assert(
      fc.asyncProperty(
        filesText,
        fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 40 }),
        async (text, sizes) => {
          expect(await read(text, sizes)).toEqual(model(text))
        },
      ),
      { numRuns: 1500 },
    )
  })
})

function file(path: string, text: string) {
  return { path, content: Buffer.from(text).toString('base64') }
}

const someValue = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom('a', 'a/b', 'b', '', '..', 'YQ==', 'YWJj', 'YQ', 'é', '"', '\\', '\n'),
)
const someElement = fc.oneof(
  { weight: 5, arbitrary: fc.record({ path: fc.string(), content: fc.uint8Array().map(base64) }) },
  {
    weight: 3,
    arbitrary: fc.record({ path: someValue, content: someValue, other: someValue }, { requiredKeys: [] }),
  },
  { weight: 1, arbitrary: someValue },
)
const filesText = fc.oneof(
  { weight: 8, arbitrary: fc.array(someElement, { maxLength: 4 }).map(value => JSON.stringify(value)) },
  { weight: 1, arbitrary: fc.jsonValue().map(value => JSON.stringify(value, null, 2)) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        fc.array(someElement, { maxLength: 3 }),
        fc.nat(),
        fc.constantFrom('', '"', '}', ']', ',', '\\', '0', 'x'),
      )
      .map(([value, at, inserted]) => {
        const text = JSON.stringify(value)
        const cut = at % (text.length + 1)
        return text.slice(0, cut) + inserted + text.slice(cut + (inserted === '' ? 1 : 0))
      }),
  },
)

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

/** The contract once more, for text that is small and all there. */
function model(text: string): string[] | string {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return 'files-not-json'
  }
  if (!Array.isArray(value)) return 'incorrect-format'
  const seen: string[] = []
  const files: string[] = []
  for (const element of value) {
    const isObject = typeof element === 'object' && element !== null && !Array.isArray(element)
    const { path, content } = isObject ? element : {}
    if (typeof path !== 'string' || typeof content !== 'string') return 'incorrect-format'
    const components = path.split('/')
    const isLegal =
      path.isWellFormed() &&
      components.every(component => component !== '' && component !== '.' && component !== '..') &&
      ![...path].some(char => char < ' ' || char === '\u007f')
    const clashes = seen.some(
      other => other === path || other.startsWith(`${path}/`) || path.startsWith(`${other}/`),
    )
    if (!isLegal || clashes) return 'illegal-path'
    seen.push(path)
    const dense = content.replace(/[ \t\n\v\f\r]/g, '')
    if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(dense))
      return 'content-not-base64'
    files.push(`${path} ${Buffer.from(dense, 'base64').toString('latin1')}`)
  }
  return files
}

/** The files as `path content`, or the code of what was refused; read from a form whose bytes come in such pieces. */
async function read(text: string, sizes: readonly number[] = []): Promise<string[] | string> {
  const field = new FilesField(store, { maxFiles: 5, maxFileBytes: 300_000 }, () => true)
  const decoder = new UrlencodedDecoder(() => field)
  let rest = Buffer.from(`files=${encodeURIComponent(text.toWellFormed())}`)
  try {
    for (const size of [...sizes, rest.length]) {
      decoder.write(rest.subarray(0, size))
      rest = rest.subarray(size)
      await field.drain()
    }
    decoder.end()
    const tree = await field.finish()
    return await Promise.all(
      tree.map(async ({ path, blob }) => `${path} ${(await bytesOf(blob)).toString('latin1')}`),
    )
  } catch (error) {
    if (error instanceof BadRequest || error instanceof Refusal) return error.code
    if (error instanceof TooLarge) return error.message.replace(' at most', '')
    throw error
  } finally {
    await field.discard()
  }
}

async function bytesOf(blob: { bytes: Buffer | null; place(): Promise<string> }): Promise<Buffer> {
  if (blob.bytes !== null) return blob.bytes
  const chunks: Buffer[] = []
  for await (const chunk of await store.read(await blob.place())) chunks.push(chunk)
  return Buffer.concat(chunks)
}
