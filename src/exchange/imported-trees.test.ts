import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TreePaths } from '../domain/directory-tree.ts'
import { withLegalPaths } from './imported-trees.ts'

describe('paths that come from elsewhere', () => {
  it('become legal ones, each of one file', () => {
    const component = fc.oneof(
      fc.constantFrom(
        'a',
        'b',
        '',
        '.',
        '..',
        'a\nb',
        'x'.repeat(255),
        'é'.repeat(200),
        'a.duplicate-1',
        '\ud800',
      ),
      fc.string(),
    )
    const path = fc.array(component, { maxLength: 5 }).map(components => components.join('/'))
    fc.assert(
      fc.property(fc.array(path, { maxLength: 12 }), paths => {
        const { files, renamed } = withLegalPaths(paths.map(fileAt))
        const legal = new TreePaths()
        for (const file of files) legal.add(file.path)
        expect(files).toHaveLength(paths.length)
        const changed = files.filter((file, at) => file.path !== paths[at])
        expect(renamed.map(({ to }) => to)).toEqual(changed.map(file => file.path))
      }),
    )
  })

  it('stay as they are where they can, and the last of several files has the path', () => {
    const { files } = withLegalPaths(['a', 'b/c', 'a', 'b', 'é/日本'].map(fileAt))
    expect(files.map(file => file.path)).toEqual(['a.duplicate-1', 'b/c', 'a', 'b.duplicate-1', 'é/日本'])
  })
})

function fileAt(path: string) {
  return { path, isExecutable: false, md5: null, stage: async () => null }
}
