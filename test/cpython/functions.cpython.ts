/** The pieces of Python that the calls are made of, against Python's own, on random input. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { decodeBase64 } from '../../src/vserver/files/python/base64.ts'
import { decodeFileName, encodeFileName } from '../../src/vserver/files/python/file-names.ts'
import { compilePattern } from '../../src/vserver/files/python/fnmatch.ts'
import { parseInteger } from '../../src/vserver/files/python/integer.ts'
import { repr } from '../../src/vserver/files/python/repr.ts'
import { type Python, startPython } from './cpython.ts'

const samples = 20_000
let python: Python

beforeAll(() => {
  python = startPython()
})
afterAll(() => python.stop())

function textOf(alphabet: string, maxLength = 12): fc.Arbitrary<string> {
  return fc.array(fc.constantFrom(...alphabet), { maxLength }).map(characters => characters.join(''))
}

/** The first few that differ. */
async function differences<Input extends readonly unknown[]>(
  call: string,
  inputs: fc.Arbitrary<Input>,
  ours: (...input: Input) => unknown,
): Promise<unknown[]> {
  const items = fc.sample(inputs, { numRuns: samples, seed: 4 })
  const { results } = await python.ask('', call, items)
  return items
    .map((input, i) => ({ input, python: (results as unknown[])[i], ours: ours(...input) }))
    .filter(({ python, ours }) => python !== ours)
    .slice(0, 5)
}

it('matches names as fnmatch does', async () => {
  const pattern = textOf('aabbc***??[[[]]!!--^\\.\n😀')
  const name = textOf('aaabbbcc.-[]!\\\n😀', 8)
  expect(
    await differences('fnmatch', fc.tuple(name, pattern), (name, pattern) => compilePattern(pattern)(name)),
  ).toEqual([])
})

it('reads sets of characters as fnmatch does', async () => {
  const set = textOf('abcdz!^-]\\&~|[', 10)
  const pattern = set.map(text => `[${text}]`)
  const character = fc.constantFrom(...'abcdz!^-]\\&~|[é')
  expect(
    await differences('fnmatch', fc.tuple(character, pattern), (name, pattern) =>
      compilePattern(pattern)(name),
    ),
  ).toEqual([])
})

it('writes texts as repr does', async () => {
  // Which characters are assigned depends on each side's edition of Unicode: those of 1993 are in all.
  const character = fc.oneof(
    fc.constantFrom(
      ...`'"\\\n\r\t\0 \x7f\x85\xa0\xad\u2028\u3000\ufeff\ue000\ufffe`,
      '\udc80',
      '\udcff',
      '😀',
      '\u{e0001}',
    ),
    fc.integer({ min: 0, max: 0x2ff }).map(code => String.fromCharCode(code)),
  )
  const text = fc.array(character, { maxLength: 6 }).map(characters => characters.join(''))
  expect(await differences('repr', fc.tuple(text), repr)).toEqual([])
})

it('reads numbers as int does', async () => {
  const text = textOf('001289__+- \t\n\x1c\u00a0\u2003\u200b٣४𝟙½²a.', 6)
  expect(await differences('int', fc.tuple(text), text => parseInteger(text)?.toString() ?? null)).toEqual([])
})

it('decodes base64 as base64.decodebytes does', async () => {
  const text = textOf('AQgbz019+/=====\n *-_é', 14)
  expect(
    await differences('base64', fc.tuple(text), text => decodeBase64(text)?.toString('hex') ?? null),
  ).toEqual([])
})

it('shows file names as os.fsdecode does, and finds them again', async () => {
  const byte = fc.constantFrom(
    0x41,
    0x80,
    0x9f,
    0xa0,
    0xbf,
    0xc0,
    0xc2,
    0xdf,
    0xe0,
    0xe2,
    0xed,
    0xef,
    0xf0,
    0xf4,
    0xf5,
    0xff,
  )
  const name = fc.array(byte, { maxLength: 8 }).map(bytes => Buffer.from(bytes).toString('hex'))
  expect(
    await differences('fsdecode', fc.tuple(name), name => decodeFileName(Buffer.from(name, 'hex'))),
  ).toEqual([])
  for (const hex of fc.sample(name, samples)) {
    expect(encodeFileName(decodeFileName(Buffer.from(hex, 'hex'))).toString('hex')).toBe(hex)
  }
})
