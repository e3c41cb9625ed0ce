/** Which paths the files of a directory tree may have (contract §3.2). */
import { describe, expect, it } from 'vitest'
import { failure } from '../support/answers.ts'
import { brief } from '../support/brief.ts'
import { aServiceForTheFile } from '../support/service.ts'
import { listed } from '../support/trees.ts'

const service = await aServiceForTheFile({ testData: true })

const upload = (text: string) => service.as('lawrence').post('submission/course1/challenge', { files: text })
const treeOf = (path: string) => JSON.stringify([{ path, content: 'YQ==' }])

const longest = `${'x'.repeat(255)}/`.repeat(16).slice(0, -1)

describe('a path', () => {
  const legal = [
    'a',
    'a.ipynb',
    'notes/a.txt',
    'a/b/c/d.py',
    '.hidden',
    '.ipynb_checkpoints/x',
    '..a',
    'a..',
    '...',
    'a/.../b',
    ' ',
    '  a ',
    'a b.txt',
    'a\\b',
    'C:\\x',
    'C:/x',
    '~',
    '~/x',
    '*',
    '-rf',
    '$(x)',
    'é.txt',
    '日本/x',
    '😀',
    '"',
    "'; drop table files; --",
    '<script>',
    '%2e%2e/x',
    'CON',
    'a'.repeat(255),
    'é'.repeat(127),
    longest,
  ]

  it.each(legal.map(path => ({ path, named: brief(path) })))(
    'may be $named, and comes back as it was',
    async ({ path }) => {
      expect((await upload(treeOf(path))).status).toBe(200)
      const answer = await service
        .as('kevin')
        .get('submission/course1/challenge/lawrence', { list_only: 'true' })
      expect(answer.json.files).toEqual([listed(path, 'a')])
    },
  )

  const illegal: [path: string, why: string][] = [
    ['', 'it is empty'],
    ['/', 'it is the root'],
    ['/a', 'it is absolute'],
    ['//', 'it is absolute'],
    ['//a', 'it is absolute'],
    ['.', 'it names the folder itself'],
    ['..', 'it leads outside'],
    ['./', 'it names the folder itself'],
    ['./a', 'it has a dot'],
    ['../a', 'it leads outside'],
    ['/..', 'it is absolute'],
    ['a/.', 'it ends with a dot'],
    ['a/..', 'it ends with two dots'],
    ['a/./b', 'it has a dot within'],
    ['a/../b', 'it has two dots within'],
    ['a/b/../../c', 'it has two dots within'],
    ['a/', 'it names a folder'],
    ['a/b/', 'it names a folder'],
    ['..//', 'it leads outside'],
    ['a//b', 'it has an empty part'],
    ['a///b', 'it has an empty part'],
    ['...//a', 'it has an empty part'],
    ['a\0b', 'it has a NUL'],
    ['x.b\0c', 'it has a NUL'],
    ['a\nb', 'it has a line feed'],
    ['a\tb', 'it has a tabulator'],
    ['a\u001bb', 'it has an escape'],
    ['a\u007f', 'it has a control character'],
    ['a'.repeat(256), 'a part has more than 255 bytes'],
    ['é'.repeat(128), 'a part has more than 255 bytes'],
    [`${longest}/a`, 'it has more than 4096 bytes'],
    ['a/'.repeat(5000), 'it has more than 4096 bytes'],
    ['a'.repeat(100_000), 'it has more than 4096 bytes'],
  ]

  it.each(illegal.map(([path, why]) => ({ path, why, named: brief(path) })))(
    'may not be $named: $why',
    async ({ path }) => {
      expect(await upload(treeOf(path))).toMatchObject(failure(400, 'Illegal path'))
    },
  )

  it.each(['\\ud800', '\\udc00', 'a\\ud83db', '\\ude00\\ud83d', '\\ud800\\ud800'])(
    'may not have half a character: %s',
    async escapes => {
      expect(await upload(`[{"path": "${escapes}", "content": "YQ=="}]`)).toMatchObject(
        failure(400, 'Illegal path'),
      )
    },
  )

  it('is data: whatever it is, no file of that name comes into being', async () => {
    const before = await service.storedFileCount()
    expect((await upload(treeOf('C:\\..\\..\\x'))).status).toBe(200)
    expect(await service.storedFileCount()).toBe(before)
  })
})
