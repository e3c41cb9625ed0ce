import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UrlencodedDecoder } from './urlencoded.ts'

describe('a urlencoded form', () => {
  it('says the same in whatever pieces it arrives', () => {
    fc.assert(
      fc.property(formText, fc.array(fc.nat(40)), (text, sizes) => {
        expect(read(text, sizes)).toEqual(read(text, []))
      }),
      { numRuns: 500 },
    )
  })

  it('says what the URL standard reads in it', () => {
    fc.assert(
      fc.property(formText, text => {
        expect(read(text, [])).toEqual([...new URLSearchParams(text)])
      }),
      { numRuns: 1000 },
    )
  })

  it.each([
    [
      'a=1&b=2',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    ['a', [['a', '']]],
    ['a=', [['a', '']]],
    ['=1', [['', '1']]],
    ['a=b=c', [['a', 'b=c']]],
    ['&&a=1&', [['a', '1']]],
    ['a+b=c+d%20e', [['a b', 'c d e']]],
    ['%61=%3D%26%2b', [['a', '=&+']]],
    [
      'a=100%&b=%zz%4',
      [
        ['a', '100%'],
        ['b', '%zz%4'],
      ],
    ],
  ])('%j has the fields %j', (text, fields) => {
    expect(read(text, [1, 1, 1])).toEqual(fields)
    expect(read(text, [])).toEqual(fields)
  })
})

/** Text that is full of what means something in a form. */
const formText = fc
  .array(
    fc.oneof(fc.constantFrom('a', 'b', '=', '&', '+', '%', '%4', '%41', '%3d', '%26', 'é', ' '), fc.string()),
  )
  .map(parts => parts.join(''))
  .filter(text => text.isWellFormed() && new URLSearchParams(text).toString().indexOf('%EF%BF%BD') === -1)
  .filter(text => !text.startsWith('?'))

function read(text: string, sizes: readonly number[]): [string, string][] {
  const fields: [string, string][] = []
  const decoder = new UrlencodedDecoder(name => {
    const value: Buffer[] = []
    const key = name.toString()
    return {
      write: bytes => value.push(Buffer.from(bytes)),
      end: () => fields.push([key, Buffer.concat(value).toString()]),
    }
  })
  let rest = Buffer.from(text)
  for (const size of sizes) {
    decoder.write(rest.subarray(0, size))
    rest = rest.subarray(size)
  }
  decoder.write(rest)
  decoder.end()
  return fields
}
