/** Directory trees on the wire: what `files` must look like, and what comes back (contract §3.1). */
import { describe, expect, it } from 'vitest'
import { failure, success } from '../support/answers.ts'
import { aServiceForTheFile } from '../support/service.ts'
import { fetched, file, listed, md5, noise } from '../support/trees.ts'

/** For tests whose uploads are refused. */
const shared = await aServiceForTheFile({ testData: true })

const notJson = failure(400, 'Files cannot be JSON decoded')
const incorrect = failure(400, 'Incorrect request format')
const illegalPath = failure(400, 'Illegal path')
const notBase64 = failure(400, 'Content cannot be base64 decoded')

const releasing = await aServiceForTheFile({ testData: true })
let releases = 0

/** Releases `files` as an assignment of their own, and answers with what is fetched then, or with the refusal. */
async function released(files: unknown, query: Record<string, string> = {}) {
  const path = `assignment/course1/release${++releases}`
  const release = await releasing.as('kevin').post(path, { files })
  return release.status === 200 ? releasing.as('lawrence').get(path, query) : release
}

describe('a directory tree', () => {
  it('comes back in the order in which it was sent', async () => {
    const names = ['z', 'a', 'm/2', 'm/10', 'B', 'é', 'm/1']
    expect(await released(names.map(name => file(name, name)))).toMatchObject(
      success({ files: names.map(name => fetched(name, name)) }),
    )
  })

  it('has for each file its path, the MD5 of its bytes, and its content', async () => {
    const answer = await released([file('a/b.txt', '22222')])
    expect(answer.text).toBe(
      '{"success": true, "files": [{"path": "a/b.txt", "checksum": "3d2172418ce305c7d16d4b05597c6a59", "content": "MjIyMjI=\\n"}]}',
    )
  })

  it('has no content when only the list is asked for', async () => {
    const answer = await released([file('a/b.txt', '22222'), file('c', '')], { list_only: 'true' })
    expect(answer).toMatchObject(success({ files: [listed('a/b.txt', '22222'), listed('c', '')] }))
  })

  it.each([0, 1, 2, 3, 56, 57, 58, 113, 114, 115, 1000, 65_536, 65_537, 300_000])(
    'has content in lines of 76 characters, each with its line feed: %d bytes',
    async sizeBytes => {
      const bytes = noise(sizeBytes)
      const answer = await released([file('a', bytes)])
      expect(answer).toMatchObject(success({ files: [fetched('a', bytes)] }))
      const [{ content }] = answer.json.files as [{ content: string }]
      expect(content.split('\n').every(line => line.length <= 76)).toBe(true)
      expect(content === '' || content.endsWith('\n')).toBe(true)
    },
  )

  it('of one empty file has empty content', async () => {
    const answer = await released([file('empty', '')])
    expect(answer.text).toContain(
      '{"path": "empty", "checksum": "d41d8cd98f00b204e9800998ecf8427e", "content": ""}',
    )
  })

  it('may hold the same bytes under several paths', async () => {
    const bytes = noise(100_000)
    const files = ['a', 'b', 'c/d'].map(path => file(path, bytes))
    expect(await released(files)).toMatchObject(
      success({ files: files.map(({ path }) => fetched(path, bytes)) }),
    )
  })

  it('may hold every byte there is', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
    expect(await released([file('bytes', bytes)])).toMatchObject(
      success({ files: [fetched('bytes', bytes)] }),
    )
  })

  it('may hold two thousand files', async () => {
    const files = Array.from({ length: 2000 }, (_, i) => file(`folder${i % 7}/file${i}`, `content ${i}`))
    expect(await released(files)).toMatchObject(
      success({ files: files.map(({ path }, i) => fetched(path, `content ${i}`)) }),
    )
  })
})

describe('an upload', () => {
  it('may be empty', async () => {
    expect(await released([])).toMatchObject(success({ files: [] }))
    expect(await released(' [ ] ')).toMatchObject(success({ files: [] }))
  })

  it('may have further members, which are ignored', async () => {
    const more = {
      size: 5,
      mode: null,
      tags: [{ path: '/x' }],
      nested: { content: '*' },
      '': [[[]]],
      checksum: null,
    }
    expect(await released([{ more, ...more, ...file('a', 'b') }])).toMatchObject(
      success({ files: [fetched('a', 'b')] }),
    )
  })

  it('may have its members in any order, and escaped', async () => {
    const text = '[{"content": "YQ\\u003d=", "p\\u0061th": "\\u65e5\\ud83d\\ude00\\/\\"\\\\"}]'
    expect(await released(text)).toMatchObject(success({ files: [fetched('日😀/"\\', 'a')] }))
  })

  it('may be spread out with white space', async () => {
    expect(await released(JSON.stringify([file('a', 'b')], null, '\t\r\n '.slice(0, 4)))).toMatchObject(
      success({ files: [fetched('a', 'b')] }),
    )
  })

  it('counts a member that is repeated as said last', async () => {
    const text = '[{"path": "/bad", "content": "*", "path": 5, "path": "a", "content": 5, "content": "YQ=="}]'
    expect(await released(text)).toMatchObject(success({ files: [fetched('a', 'a')] }))
    expect(await released('[{"path": "a", "content": "YQ==", "content": 5}]')).toMatchObject(incorrect)
  })

  it.each([md5('b'), md5('b').toUpperCase()])('may say the right checksum: %s', async checksum => {
    expect(await released([{ ...file('a', 'b'), checksum }])).toMatchObject(
      success({ files: [fetched('a', 'b')] }),
    )
  })

  it.each(['', 'none', '0'.repeat(31), '0'.repeat(33), 'g'.repeat(32), 5, null, ['0'.repeat(32)]])(
    'may say a checksum that is none: %j',
    async checksum => {
      expect(await released([{ ...file('a', 'b'), checksum }])).toMatchObject(
        success({ files: [fetched('a', 'b')] }),
      )
    },
  )

  it.each([md5('c'), '0'.repeat(32)])('must not say another checksum: %s', async checksum => {
    expect(await released([{ ...file('a', 'b'), checksum }])).toMatchObject(failure(400, 'Checksum mismatch'))
  })
})

describe('an upload is refused', () => {
  const submit = (files: unknown) => shared.as('lawrence').post('submission/course1/challenge', { files })

  it.each([
    ['nothing', ''],
    ['a word', 'files'],
    ['half a list', '[{"path": "a", "content": ""}'],
    ['half a text', '[{"path": "a'],
    ['more than a list', '[] []'],
    ['a comma too many', '[{"path": "a", "content": ""},]'],
    ['single quotes', "[{'path': 'a', 'content': ''}]"],
    ['a name without quotes', '[{path: "a", "content": ""}]'],
    ['a byte order mark', '\ufeff[]'],
    ['a raw line feed within a text', '[{"path": "a\nb", "content": ""}]'],
    ['a bad escape', '[{"path": "a\\x", "content": ""}]'],
    ['a bad number', '[01]'],
    ['the wrong bracket', '[{"path": "a", "content": ""]}'],
  ])('as no JSON: %s', async (_, files) => {
    expect(await submit(files)).toMatchObject(notJson)
  })

  it.each([
    ['an object', '{}'],
    ['an object with members', { a: 1 }],
    ['a number', '5'],
    ['null', 'null'],
    ['true', 'true'],
    ['a text', '"abc"'],
    ['an empty text', '""'],
    ['NaN, which Python’s clients count as JSON', 'NaN'],
    ['a list of numbers', [1]],
    ['a list of NaN', '[NaN, Infinity, -Infinity]'],
    ['a list of null', [null]],
    ['a list of texts', ['a']],
    ['a list of lists', [[]]],
    ['a file without members', [{}]],
    ['a file without content', [{ path: 'a' }]],
    ['a file without a path', [{ content: '' }]],
    ['a path that is a number', [{ path: 5, content: '' }]],
    ['a path that is a number, without content', [{ path: 5 }]],
    ['a path that is null', [{ path: null, content: '' }]],
    ['content that is null', [{ path: 'a', content: null }]],
    ['content that is a list', [{ path: 'a', content: ['YQ=='] }]],
    ['one bad file behind a good one', [file('a', 'b'), 5]],
  ])('as incorrect: %s', async (_, files) => {
    expect(await submit(files)).toMatchObject(incorrect)
  })

  it.each([
    ['twice the same path', ['a', 'a']],
    ['twice the same path with another between', ['a/b', 'c', 'a/b']],
    ['a file that is a folder, too', ['a', 'a/b']],
    ['a folder that is a file, too', ['a/b', 'a']],
    ['a folder far up that is a file, too', ['a/b/c/d', 'a/b']],
  ])('as an illegal path: %s', async (_, paths) => {
    expect(await submit(paths.map(path => file(path, path)))).toMatchObject(illegalPath)
  })

  it('for the first fault, file by file: path, then content, then checksum', async () => {
    const badPath = { path: '/a', content: 'YQ==' }
    const badContent = { path: 'b', content: '*' }
    const badSum = { ...file('c', 'c'), checksum: md5('d') }
    expect(await submit([badPath, badContent, 5])).toMatchObject(illegalPath)
    expect(await submit([badContent, badPath, 5])).toMatchObject(notBase64)
    expect(await submit([{ ...badContent, path: '/a' }])).toMatchObject(illegalPath)
    expect(await submit([{ ...badContent, checksum: md5('d') }])).toMatchObject(notBase64)
    expect(await submit([badSum, badPath])).toMatchObject(failure(400, 'Checksum mismatch'))
    expect(await submit([5, badPath])).toMatchObject(incorrect)
  })

  it('as no JSON, whatever is wrong with the files before', async () => {
    expect(await submit('[{"path": "/a", "content": "*"}, 5, {]')).toMatchObject(notJson)
  })

  it('and then nothing of it is there', async () => {
    expect(await shared.submissions('kevin', 'course1/challenge')).toHaveLength(2)
    expect(await shared.storedFileCount()).toBe(0)
  })
})
