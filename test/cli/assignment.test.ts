/** `ngshare assignment …`: the real program against a real server. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { aClassAtWork, aClassroom, filesOf, must, submitted, write } from './classroom.ts'

describe('assignment release', () => {
  it('publishes what nbgrader has put together, without what does not belong there', async () => {
    const { kevin, marie } = await aClassroom()
    await write(kevin, 'release/ps1', {
      'ps1.ipynb': 'task',
      'data/points.csv': '1,2',
      '.ipynb_checkpoints/ps1-checkpoint.ipynb': 'old',
      'notes.tmp': 'mine',
    })
    const released = await kevin.ngshare(['assignment', 'release', '--ignore', '*.tmp', 'math', 'ps1'])
    expect(released).toMatchObject({ status: 0, err: '' })
    expect(released.out).toBe('Released ps1 in math, version 1: 2 files, 7 bytes.')
    await must(marie, 'assignment', 'download', 'math', 'ps1')
    expect(await filesOf(marie, 'ps1')).toEqual({ 'data/points.csv': '1,2', 'ps1.ipynb': 'task' })
  })

  it('of what is out already is refused, shown, and done when it is meant', async () => {
    const { kevin, marie } = await aClassAtWork()
    await submitted(marie, { 'ps1.ipynb': 'answer' })
    await write(kevin, 'release/ps1', { 'ps1.ipynb': 'corrected', 'hint.md': 'look' })
    await rm(join(kevin.folder, 'release/ps1/data'), { recursive: true })
    const refused = await kevin.ngshare(['assignment', 'release', 'math', 'ps1'])
    expect(refused).toMatchObject({ status: 1, out: '' })
    expect(refused.err).toBe(
      'ps1 is released already, as version 1: say --overwrite for a new version, or --dry-run to see what would change',
    )
    const changes = ['  added    hint.md', '  changed  ps1.ipynb', '  removed  data/points.csv']
    const preview = await must(kevin, 'assignment', 'release', 'math', 'ps1', '--dry-run')
    expect(preview.out.split('\n')).toEqual(['ps1 would be version 2:', ...changes])
    const released = await must(kevin, 'assignment', 'release', 'math', 'ps1', '--overwrite')
    expect(released.out.split('\n')).toEqual([
      'Released ps1 in math, version 2: 2 files, 13 bytes.',
      ...changes,
    ])
    const { json } = await must(kevin, 'submission', 'list', 'math', '--json')
    expect(json.submissions).toHaveLength(1)
  })

  it('is for instructors, and needs something to release', async () => {
    const { kevin, marie } = await aClassroom()
    await write(marie, 'work', { 'ps1.ipynb': 'mine' })
    const refused = await marie.ngshare(['assignment', 'release', 'math', 'ps1', 'work'])
    expect(refused).toMatchObject({ status: 1, out: '' })
    expect(refused.err).toContain('Only instructors of the course may do this')
    const missing = await kevin.ngshare(['assignment', 'release', 'math', 'ps1'])
    expect(missing).toMatchObject({ status: 1, out: '' })
    expect(missing.err).toBe('there is no such file or folder: release/ps1')
  })
})

describe('assignment list and releases', () => {
  it('show what is out, and all its versions', async () => {
    const { kevin, marie } = await aClassAtWork()
    await must(kevin, 'assignment', 'release', 'math', 'ps1', '--overwrite')
    const listed = await must(marie, 'assignment', 'list')
    expect(listed.out.split('\n')).toEqual([
      'course  assignment  released (UTC)    version  files     size',
      expect.stringMatching(/^math {4}ps1 {9}\d{4}-\d\d-\d\d \d\d:\d\d {8}2 {6}2 {2}7 bytes$/),
    ])
    const { json } = await must(kevin, 'assignment', 'releases', 'math', 'ps1', '--json')
    expect(json.releases).toMatchObject([{ version: 2, releasedBy: 'kevin' }, { version: 1 }])
  })

  it('say so where there is nothing', async () => {
    const { marie } = await aClassroom()
    expect((await must(marie, 'assignment', 'list', 'math')).out).toBe('No assignment is out.')
    expect(await marie.ngshare(['assignment', 'releases', 'math', 'ps9'])).toMatchObject({
      status: 1,
      err: 'There is no such assignment: `ngshare assignment list` lists those that are out',
    })
  })
})

describe('assignment download', () => {
  it('brings only what is not there, and an older version where it is asked for', async () => {
    const { kevin, marie } = await aClassAtWork()
    const download = (...more: string[]) => must(marie, 'assignment', 'download', 'math', 'ps1', ...more)
    expect((await download()).out).toBe('ps1, version 1, is in ps1: new, 2 files came, 7 bytes.')
    expect((await download()).out).toBe('ps1, version 1, is in ps1: unchanged.')
    await write(kevin, 'release/ps1', { 'ps1.ipynb': 'corrected' })
    await must(kevin, 'assignment', 'release', 'math', 'ps1', '--overwrite')
    expect((await download('--replace', '--json')).json).toMatchObject({
      version: 2,
      outcome: 'replaced',
      files: 1,
    })
    await download('--release', '1', '--to', 'old')
    expect(await filesOf(marie, 'old')).toMatchObject({ 'ps1.ipynb': 'task' })
  })

  it('does not overwrite the answers of a student', async () => {
    const { marie } = await aClassAtWork()
    await must(marie, 'assignment', 'download', 'math', 'ps1')
    await write(marie, 'ps1', { 'ps1.ipynb': 'my answer' })
    const refused = await marie.ngshare(['assignment', 'download', 'math', 'ps1'])
    expect(refused).toMatchObject({ status: 1, out: '' })
    expect(refused.err).toMatch(
      /ps1 holds files that would be lost: ps1\.ipynb; say --replace if they may be$/,
    )
    expect(await filesOf(marie, 'ps1')).toMatchObject({ 'ps1.ipynb': 'my answer' })
  })
})

describe('assignment withdraw', () => {
  it('asks first, and takes nothing away from students', async () => {
    const { kevin, marie } = await aClassAtWork()
    await submitted(marie, { 'ps1.ipynb': 'answer' })
    expect(await kevin.ngshare(['assignment', 'withdraw', 'math', 'ps1'])).toMatchObject({
      status: 1,
      err: 'nothing was changed: say --yes to do it',
    })
    expect((await must(kevin, 'assignment', 'withdraw', 'math', 'ps1', '--yes')).out).toBe(
      'ps1 is no longer out.',
    )
    expect((await must(marie, 'assignment', 'list')).out).toBe('No assignment is out.')
    await must(kevin, 'assignment', 'release', 'math', 'ps1')
    expect((await must(marie, 'submission', 'list', '--json')).json.submissions).toHaveLength(1)
  })
})
