/** Which content is base64: strictly, so that a garbled upload is never stored as something else (contract §3.3). */
import { describe, expect, it } from 'vitest'
import { failure } from '../support/answers.ts'
import { brief } from '../support/brief.ts'
import { aServiceForTheFile } from '../support/service.ts'
import { fetched, noise } from '../support/trees.ts'

const service = await aServiceForTheFile({ testData: true })

const upload = (content: string) =>
  service.as('lawrence').post('submission/course1/challenge', { files: [{ path: 'a', content }] })

async function stored(content: string): Promise<unknown> {
  expect((await upload(content)).status).toBe(200)
  return (await service.as('kevin').get('submission/course1/challenge/lawrence')).json.files
}

describe('content', () => {
  it.each([
    ['', '', 'nothing'],
    ['amts', 'jkl', 'a whole quad'],
    ['amtsCg==', 'jkl\n', 'padding'],
    ['YWI=', 'ab', 'one padding'],
    ['amtsCf==', 'jkl\t', 'low bits that are not zero'],
    ['YWJ=', 'ab', 'low bits that are not zero'],
    ['amts\nCg==\n', 'jkl\n', 'line feeds'],
    ['amts\r\nCg==\r\n', 'jkl\n', 'line feeds of another system'],
    ['amts Cg==', 'jkl\n', 'a blank'],
    ['YQ=\n=', 'a', 'a line feed within the padding'],
    [' \t\n\v\f\r', '', 'nothing but white space'],
    ['Y W\nJ\tj', 'abc', 'white space anywhere'],
    ['+/+/', '\u{fb}\u{ff}\u{bf}', 'plus and slash'],
  ])('%j is %j: with %s', async (content, text) => {
    expect(await stored(content)).toEqual([fetched('a', Buffer.from(text, 'latin1'))])
  })

  it('may be in lines of any length', async () => {
    const bytes = noise(200_000)
    const base64 = bytes.toString('base64')
    for (const length of [1000, 76, 75, 1]) {
      expect(await stored(base64.replace(new RegExp(`.{${length}}`, 'g'), '$&\n'))).toEqual([
        fetched('a', bytes),
      ])
    }
  })

  const refused: [content: string, why: string][] = [
    ['amtsCg', 'its padding is missing'],
    ['amtsCg=', 'its padding is half missing'],
    ['amtsC', 'a quad has one character'],
    ['amt', 'its padding is missing'],
    ['am', 'its padding is missing'],
    ['a', 'a quad has one character'],
    ['am=', 'its padding is half missing'],
    ['YQ=', 'its padding is half missing'],
    ['Y=Q=', 'padding within'],
    ['YW=J', 'padding within'],
    ['a=', 'a quad has one character'],
    ['a==', 'a quad has one character'],
    ['a===', 'a quad has one character'],
    ['amtsCg===', 'padding too much'],
    ['YWJj====', 'padding too much'],
    ['YWJj=', 'padding too much'],
    ['=YWJj', 'padding at its beginning'],
    ['=', 'nothing but padding'],
    ['==', 'nothing but padding'],
    ['====', 'nothing but padding'],
    ['amtsCg==amtsCg==', 'two texts in one'],
    ['amtsCg== amtsCg==', 'two texts in one'],
    ['YWJjZA==x', 'more behind its end'],
    ['YW=Jj', 'padding within'],
    ['YQ=YQ==', 'padding within'],
    ['*', 'garbage'],
    ['é', 'garbage'],
    ['-_-_', 'the alphabet of URLs'],
    ['amt*sCg==', 'garbage within'],
    ['Y\0Q==', 'a NUL'],
    ['YQ==\u00a0', 'white space beyond ASCII'],
    ['data:text/plain;base64,YQ==', 'a data URL'],
    [`${'YWJj'.repeat(100_000)}*`, 'garbage at the end of a large file'],
  ]

  it.each(refused.map(([content, why]) => ({ content, why, named: brief(content) })))(
    '$named is refused: $why',
    async ({ content }) => {
      expect(await upload(content)).toMatchObject(failure(400, 'Content cannot be base64 decoded'))
    },
  )

  it('with half a character is refused', async () => {
    const files = '[{"path": "a", "content": "YQ==\\ud800"}]'
    expect(await service.as('lawrence').post('submission/course1/challenge', { files })).toMatchObject(
      failure(400, 'Content cannot be base64 decoded'),
    )
  })
})
