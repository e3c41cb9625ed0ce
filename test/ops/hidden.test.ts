/** `ngshare hidden` and `ngshare purge`: what was deleted is listed, comes back, or goes for good. */
import Sqlite from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { hiddenCommand, purgeCommand } from '../../src/ops/hidden.ts'
import { placesOf, runCommand } from '../support/commands.ts'
import { aService, type Service } from '../support/service.ts'
import { fetched, file, noise } from '../support/trees.ts'
import { aClass, notebook, plot, shared } from './stories.ts'

const hidden = (service: Service, ...args: string[]) =>
  runCommand(hiddenCommand, [...args, ...placesOf(service), '--json'])

const purge = (service: Service, ...args: string[]) =>
  runCommand(purgeCommand, [...args, ...placesOf(service), '--json'])

const sizeBytes = 8 + 150_000 + 3 * (5000 + 300_000 + 150_000)

/** What was done, by `actor` of the command line alone. */
function recorded(service: Service): string[] {
  const sqlite = new Sqlite(service.database, { readonly: true })
  const rows = sqlite
    .prepare(
      `select action || ' ' || coalesce(course, '') || coalesce('/' || assignment, '') from events
       where actor like 'command line%' order by id`,
    )
    .pluck()
    .all()
  sqlite.close()
  return rows as string[]
}

describe('hidden', () => {
  it('lists nothing where nothing was deleted', async () => {
    const service = await aService({ testData: true })
    expect((await hidden(service)).json).toEqual({ hidden: [] })
    expect((await runCommand(hiddenCommand, placesOf(service))).text).toBe('Nothing is deleted.')
  })

  it('lists courses and assignments: since when, until when, and how much is in them', async () => {
    const service = await aService()
    await aClass(service)
    await service.aCourse('art', { assignments: { ex2: [file('a', 'four')], ex3: [] } })
    await service.as('root').delete('assignment/art/ex2')
    await service.as('root').delete('course/math')
    const outcome = await hidden(service, '--retention-days', '10')
    expect(outcome.json).toMatchObject({
      hidden: [
        { name: 'art/ex2', kind: 'assignment', submissions: 0, sizeBytes: 4, isInHiddenCourse: false },
        { name: 'math', kind: 'course', submissions: 3, sizeBytes },
      ],
    })
    const [{ hiddenAt, keptUntil }] = outcome.json.hidden as [{ hiddenAt: string; keptUntil: string }]
    expect(Date.parse(`${keptUntil}Z`) - Date.parse(`${hiddenAt}Z`)).toBe(10 * 86_400_000)
    const forGood = await hidden(service, '--retention-days', '0')
    expect(forGood.json).toMatchObject({ hidden: [{ keptUntil: null }, { keptUntil: null }] })
  })
})

describe('hidden restore', () => {
  it('brings an assignment back with its submissions', async () => {
    const service = await aService()
    const at = await aClass(service)
    await service.as('kevin').delete('assignment/math/ex1')
    expect(await hidden(service, 'restore', 'math/ex1')).toMatchObject({
      failure: null,
      json: { restored: 'math/ex1', submissions: 3, sizeBytes },
    })
    const { json } = await service.as('kevin').get('submission/math/ex1/marie')
    expect(json).toMatchObject({ timestamp: at.marie })
    expect(json.files).toEqual([
      fetched('notebook.ipynb', notebook('marie')),
      fetched('plot.png', plot('marie')),
      fetched('data.csv', shared),
    ])
    expect(recorded(service)).toEqual(['restore-assignment math/ex1'])
  })

  it('brings a course back with its people and all its work', async () => {
    const service = await aService()
    const at = await aClass(service)
    await service.as('root').delete('course/math')
    expect((await hidden(service, 'restore', 'math')).failure).toBeNull()
    expect((await service.as('marie').get('courses')).json.courses).toEqual(['math'])
    expect(await service.submissions('kevin', 'math/ex1')).toEqual(Object.entries(at))
    expect(recorded(service)).toEqual(['restore-course math'])
  })

  it('does not push a new course of the same name aside, but takes another name', async () => {
    const service = await aService()
    await aClass(service)
    await service.as('root').delete('course/math')
    await service.aCourse('math', { instructors: ['emmy'] })
    expect((await hidden(service, 'restore', 'math')).failure).toContain('--as NAME')
    expect((await hidden(service, 'restore', 'math', '--as', '..')).failure).toContain('no name')
    expect((await hidden(service, 'restore', 'math', '--as', 'math 2025')).failure).toBeNull()
    expect((await service.as('kevin').get('courses')).json.courses).toEqual(['math 2025'])
    expect((await service.as('emmy').get('courses')).json.courses).toEqual(['math', 'math 2025'])
    expect(recorded(service)).toEqual(['restore-course math', 'restore-course-as math 2025'])
  })

  it('asks which one is meant where several have that name', async () => {
    const service = await aService()
    for (const instructor of ['kevin', 'abigail']) {
      await service.aCourse('math', { instructors: [instructor] })
      await service.as('root').delete('course/math')
    }
    const { failure } = await hidden(service, 'restore', 'math')
    const [first = ''] = /course-\d+/.exec(failure ?? '') ?? []
    expect((await hidden(service, 'restore', 'math', '--key', first)).failure).toBeNull()
    expect((await service.as('kevin').get('courses')).json.courses).toEqual(['math'])
  })

  it('finds names that have slashes in them', async () => {
    const service = await aService()
    await service.aCourse('a/b', { assignments: { 'c/d': [] } })
    await service.as('root').delete('assignment/a%2Fb/c%2Fd')
    expect((await hidden(service, 'restore', 'a/b/c/d')).failure).toBeNull()
    expect((await service.as('root').get('assignments/a%2Fb')).json.assignments).toEqual(['c/d'])
  })

  it('refuses what is not deleted, and an assignment whose course is', async () => {
    const service = await aService()
    await aClass(service)
    expect((await hidden(service, 'restore', 'math')).failure).toContain('nothing deleted is called')
    await service.as('kevin').delete('assignment/math/ex1')
    await service.as('root').delete('course/math')
    expect((await hidden(service, 'restore', 'math/ex1')).failure).toContain('hidden restore math')
    expect(recorded(service)).toEqual([])
  })
})

describe('purge', () => {
  it('removes a deleted assignment for good when it is told --yes, and its files', async () => {
    const service = await aService()
    await aClass(service)
    await service.as('kevin').delete('assignment/math/ex1')
    expect((await purge(service, 'math/ex1')).failure).toContain('3 submissions, 1.5 MB')
    expect((await purge(service, 'math/ex1', '--dry-run')).json).toMatchObject({
      submissions: 3,
      purged: false,
    })
    expect(await service.storedFileCount()).toBe(4)
    expect(await purge(service, 'math/ex1', '--yes')).toMatchObject({ failure: null, json: { purged: true } })
    expect(await service.storedFileCount()).toBe(0)
    expect((await hidden(service)).json).toEqual({ hidden: [] })
    await service.as('kevin').post('assignment/math/ex1', { files: [] })
    expect(await service.submissions('kevin', 'math/ex1')).toEqual([])
    expect(recorded(service)).toEqual(['purge-assignment math/ex1'])
  })

  it('removes a deleted course for good, and not its living namesake', async () => {
    const service = await aService()
    await aClass(service)
    const more = Array.from(
      { length: 12 },
      (_, i) => [`more${i}`, [file('a', noise(70_000, `${i}`))]] as const,
    )
    for (const [name, files] of more) await service.as('root').post(`assignment/math/${name}`, { files })
    await service.as('root').delete('course/math')
    await service.aCourse('math', {
      instructors: ['kevin'],
      assignments: { ex1: [file('data.csv', shared)] },
    })
    expect((await purge(service, 'math', '--yes')).failure).toBeNull()
    expect(await service.storedFileCount()).toBe(1)
    const { json } = await service.as('kevin').get('assignment/math/ex1')
    expect(json.files).toEqual([fetched('data.csv', shared)])
    expect(recorded(service)).toHaveLength(14)
    expect(recorded(service).at(-1)).toBe('purge-course math')
  })

  it('refuses what is not deleted', async () => {
    const service = await aService()
    await aClass(service)
    expect((await purge(service, 'math', '--yes')).failure).toContain('nothing deleted is called')
    expect((await purge(service, 'math/ex1', '--yes')).failure).toContain('nothing deleted is called')
    expect(await service.submissions('kevin', 'math/ex1')).toHaveLength(3)
  })
})
