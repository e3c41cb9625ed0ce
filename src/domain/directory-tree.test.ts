import { describe, expect, it } from 'vitest'
import { isLegalPath, TreePaths } from './directory-tree.ts'
import { isNewName } from './names.ts'

describe('a path in a directory tree', () => {
  it.each([
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
  ])('may be %j', path => expect(isLegalPath(path)).toBe(true))

  it.each([
    '',
    '/',
    '/a',
    '//',
    '//a',
    '.',
    '..',
    './',
    './a',
    '../a',
    '/..',
    'a/.',
    'a/..',
    'a/./b',
    'a/../b',
    'a/b/../../c',
    'a/',
    'a/b/',
    '..//',
    'a//b',
    'a///b',
    '...//a',
    'a\0b',
    'a\nb',
    '\u007f',
    '\ud800',
    'x'.repeat(256),
    'é'.repeat(128),
    `${'x'.repeat(99)}/`.repeat(41).slice(0, -1),
  ])('may not be %j', path => expect(isLegalPath(path)).toBe(false))

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
