import { describe, expect, it } from 'vitest'
import { isLegalPath, TreePaths } from './directory-tree.ts'
import { isNewName } from './names.ts'

describe('a path in a directory tree', () => {
  // The contract's whole list is in test/v1/paths.test.ts; these are the limits.
  it('has at most 255 bytes a component', () => {
    expect(isLegalPath('x'.repeat(255))).toBe(true)
    expect(isLegalPath('x'.repeat(256))).toBe(false)
    expect(isLegalPath('é'.repeat(128))).toBe(false)
  })

  it('has at most 4096 bytes', () => {
    const folders = `${'x'.repeat(99)}/`.repeat(40)
    expect(isLegalPath(folders + 'y'.repeat(96))).toBe(true)
    expect(isLegalPath(folders + 'y'.repeat(97))).toBe(false)
  })

  it('stands once in a tree, and is not both a file and a folder', () => {
    const paths = new TreePaths()
    for (const path of ['a', 'b/c', 'b/d', 'bb']) paths.add(path)
    for (const path of ['a', 'b', 'a/x', 'b/c/d', 'b/c'])
      expect(() => paths.add(path)).toThrow('illegal-path')
    paths.add('b/e')
  })
})

describe('a new name', () => {
  it.each(['course1', 'a b', 'a/b', 'é', '...', 'x'.repeat(255)])('may be %j', name =>
    expect(isNewName(name)).toBe(true),
  )

  it.each(['', '.', '..', 'a\0b', 'a\nb', '\ud800', 'x'.repeat(256), 'é'.repeat(128)])(
    'may not be %j',
    name => expect(isNewName(name)).toBe(false),
  )
})
