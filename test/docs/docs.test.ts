/** The documentation says what the program does. */
import { access } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { readDatabase } from '../../scripts/docs/database.ts'
import { generateDocs } from '../../scripts/docs/generate.ts'
import { replacePart } from '../../scripts/docs/markdown.ts'
import { isOption } from '../../scripts/docs/settings.ts'
import { settings } from '../../src/config/settings.ts'
import { refusalCodes } from '../../src/domain/errors.ts'
import { refusalFailures } from '../../src/http/compat/refusals.ts'
import { createMetrics } from '../../src/http/metrics.ts'
import { anchorOf, codesOf, headingsOf, linksOf, markdownFiles, readPage, root } from './markdown.ts'
import { registeredRoutes } from './routes.ts'

describe('the generated parts of the documentation', () => {
  it('are what the code would write today; `npm run docs` makes them so', async () => {
    for (const page of await generateDocs()) expect(page.text, page.file).toBe(page.generated)
  })

  it('leave what stands around them alone', () => {
    const page = 'before\n<!-- generated: x -->\nold\n<!-- end: x -->\nafter\n'
    expect(replacePart(page, 'x', 'new')).toBe(
      'before\n<!-- generated: x -->\n\nnew\n\n<!-- end: x -->\nafter\n',
    )
  })

  it('cannot be lost: a page without its marks is an error', () => {
    expect(() => replacePart('<!-- generated: x -->', 'x', 'new')).toThrow('expected')
    expect(() => replacePart('<!-- end: x -->', 'x', 'new')).toThrow('expected')
  })
})

describe('docs/api-v1.md', () => {
  it('describes every route of the server, and no other', async () => {
    const described = headingsOf(await readPage('docs/api-v1.md'), 3).flatMap(heading => {
      const [, route] = /^`([A-Z]+ \/\S*)`$/.exec(heading) ?? []
      return route === undefined ? [] : [route.replace(/<\w+>/g, '<>')]
    })
    const routes = (await registeredRoutes()).filter(route => !route.includes(' /api/v2/'))
    expect(described.toSorted()).toEqual(routes.toSorted())
  })

  it('lists every refusal, and no other', async () => {
    expect(codesOf(await readPage('docs/api-v1.md'), 'refusals')).toEqual(Object.keys(refusalFailures))
  })
})

describe('docs/api-v2.md', () => {
  it('lists every operation of the server, and no other', async () => {
    const listed = codesOf(await readPage('docs/api-v2.md'), 'operations').map(route =>
      route.replace(/<[^>]+>/g, '<>'),
    )
    const ofDocument = new Set(['openapi.json', 'docs', 'problems'].map(path => `GET /api/v2/${path}`))
    const routes = (await registeredRoutes()).filter(
      route => route.includes(' /api/v2/') && !ofDocument.has(route),
    )
    expect(listed.toSorted()).toEqual(routes.toSorted())
  })

  it('lists every refusal', async () => {
    expect(codesOf(await readPage('docs/api-v2.md'), 'problems').toSorted()).toEqual(refusalCodes.toSorted())
  })
})

describe('docs/settings.md', () => {
  it('lists every setting, and no other', async () => {
    const page = await readPage('docs/settings.md')
    const options = codesOf(page, 'settings').map(option => option.split(' ')[0])
    expect(options).toEqual(settings.filter(isOption).map(({ name }) => `--${name}`))
    const variables = codesOf(page, 'variables')
    expect(variables).toEqual(
      settings.filter(setting => !isOption(setting)).map(({ variables }) => variables[0]),
    )
  })

  it('tells which options bin/vngshare adds', async () => {
    const launcher = await readPage('bin/vngshare')
    const [, list = ''] = /const defaults = \[(.*)\]/.exec(launcher) ?? []
    const added = list.split(', ').map(text => text.slice(1, -1))
    expect(added).toContain('--vngshare')
    expect(await readPage('docs/settings.md')).toContain(`\n    ${added.join(' ')}\n`)
  })
})

describe('docs/database.md', () => {
  it('explains every table, and no other', async () => {
    const explained = headingsOf(await readPage('docs/database.md'), 3)
    const tables = (await readDatabase()).map(({ name }) => name)
    expect(explained.toSorted()).toEqual(tables.toSorted())
  })
})

describe('docs/operations.md', () => {
  it('names every metric of ours, and no other', async () => {
    const [, section = ''] = (await readPage('docs/operations.md')).split(/^## Metrics$/m)
    const named = [...section.matchAll(/^\| `(ngshare_\w+)`/gm)].map(match => match[1])
    const text = await createMetrics().text()
    const existing = [...text.matchAll(/^# TYPE (ngshare_\w+)/gm)].map(match => match[1])
    expect(named.toSorted()).toEqual(existing.toSorted())
  })
})

describe('a link from one document to another', () => {
  it('leads to a file, and to a heading in it', async () => {
    const broken: string[] = []
    for (const file of await markdownFiles()) {
      for (const link of linksOf(await readPage(file))) {
        if (!(await leadsSomewhere(file, link))) broken.push(`${file}: ${link}`)
      }
    }
    expect(broken).toEqual([])
  })
})

async function leadsSomewhere(file: string, link: string): Promise<boolean> {
  const target = new URL(link, new URL(file, root))
  const exists = await access(target).then(
    () => true,
    () => false,
  )
  if (!exists || target.hash === '') return exists
  const page = await readPage(target.pathname)
  return headingsOf(page).map(anchorOf).includes(target.hash.slice(1))
}
