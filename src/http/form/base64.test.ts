import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Base64Decoder } from './base64.ts'

describe('base64', () => {
  it.each([
    ['', ''],
    ['amtsCg==', 'jkl\n'],
    ['amtsCf==', 'jkl\t'],
    ['amts', 'jkl'],
    ['amts\nCg==\n', 'jkl\n'],
    ['amts Cg==', 'jkl\n'],
    ['YQ=\n=', 'a'],
    [' Y\tQ\r=\v=\f', 'a'],
  ])('%j means %j', (text, meaning) => {
    expect(decode([text])?.toString()).toBe(meaning)
  })

  it.each([
    'amtsCg',
    'amtsCg=',
    'amtsC',
    'amt',
    'am',
    'a',
    'am=',
    'YQ=',
    'Y=Q=',
    'YW=J',
    'a=',
    'a==',
    'a===',
    '=',
    '==',
    '====',
    'amtsCg===',
    'YWJj====',
    'YWJj=',
    '=YWJj',
    'amtsCg==amtsCg==',
    'YWJjZA==x',
    'YW=Jj',
    'YQ=YQ==',
    '*',
    'é',
    '-_-_',
    'amt*sCg==',
    'data:text/plain;base64,YQ==',
    'Y\0Q==',
  ])('%j is none', text => {
    expect(decode([text])).toBeNull()
    expect(decode([...text])).toBeNull()
  })

  it('brings back any bytes, in whatever pieces and lines it arrives', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(80), fc.nat(9), (bytes, width, piece) => {
        const text = lines(Buffer.from(bytes).toString('base64'), width + 1)
        expect(decode(split(text, piece + 1))).toEqual(Buffer.from(bytes))
      }),
      { numRuns: 500 },
    )
  })

  it('reads percent-encoded text as it reads decoded text', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(80), (bytes, width) => {
        const text = Buffer.from(bytes).toString('base64').replace(/=+$/, '')
        const encoded = Buffer.from(encodeURIComponent(lines(text, width + 1).replaceAll('\n', '\\n')))
        const output = Buffer.alloc(400)
        const { stoppedAt, end } = new Base64Decoder().decodeEncoded(encoded, 0, output, 0)
        expect(stoppedAt).toBe(encoded.length)
        expect(output.subarray(0, end)).toEqual(Buffer.from(bytes))
      }),
      { numRuns: 500 },
    )
  })

  it.each(['YWJj%22', 'YWJj&', 'YWJj=', 'YWJj%3D', 'YWJj%5Ct', 'YWJj%5C', 'YWJj%', 'YWJj\n', 'YWJj"'])(
    'percent-encoded %j is read up to what is not plain',
    text => {
      const output = Buffer.alloc(20)
      expect(new Base64Decoder().decodeEncoded(Buffer.from(text), 0, output, 0)).toEqual({
        stoppedAt: 4,
        end: 3,
      })
    },
  )

  it('takes a plus for the blank that it is in a form', () => {
    const output = Buffer.alloc(20)
    const { end } = new Base64Decoder().decodeEncoded(Buffer.from('YW+Jj%2b%2B'), 0, output, 0)
    expect(output.subarray(0, end).toString()).toBe('abc')
  })
})

/** Null where the decoder refuses. */
function decode(pieces: readonly string[]): Buffer | null {
  const decoder = new Base64Decoder()
  const output = Buffer.alloc(1000)
  let end = 0
  for (const piece of pieces) {
    const bytes = Buffer.from(piece)
    end = decoder.decode(bytes, 0, bytes.length, output, end)
  }
  return decoder.isComplete ? output.subarray(0, end) : null
}

function lines(text: string, width: number): string {
  return split(text, width).join('\n')
}

function split(text: string, size: number): string[] {
  return Array.from({ length: Math.ceil(text.length / size) }, (_, i) => text.slice(i * size, (i + 1) * size))
}
