/** `ngshare submission …`: the real program against a real server. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { aBadLine } from '../client/bad-line.ts'
import { noise } from '../support/trees.ts'
import { aClassAtWork, filesOf, must, submitted, write } from './classroom.ts'
import { aTerminal, program } from './terminal.ts'

const timestampOf = (receivedAt: string) => receivedAt.replace('T', ' ').replace('Z', '')

describe('submission submit', () => {
  it('tells when it was received, and saves the receipt', async () => {
    const { marie, kevin } = await aClassAtWork()
    await write(marie, 'ps1', {
      'ps1.ipynb': 'answer',
      'data/points.csv': '1,2',
      'feedback/old/ps1.html': 'x',
    })
    const done = await must(marie, 'submission', 'submit', 'math', 'ps1', '--receipt', 'receipt.json')
    expect(done.err).toBe('')
    expect(done.out.split('\n')).toEqual([
      'Submitted ps1 in math: 2 files; 6 bytes had to travel.',
      expect.stringMatching(
        /^Received \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6} UTC, receipt \d+-[0-9a-f]{12}, saved in receipt.json\.$/,
      ),
    ])
    const receipt = JSON.parse(String(await readFile(join(marie.folder, 'receipt.json'))))
    expect(receipt).toMatchObject({ course: 'math', assignment: 'ps1', student: 'marie' })
    expect((await must(kevin, 'submission', 'receipt', receipt.id)).json).toEqual(receipt)
  })

  it('warns of notebooks that are missing, and submits all the same', async () => {
    const { marie } = await aClassAtWork()
    await write(marie, 'elsewhere', { 'mine.ipynb': 'answer' })
    const done = await must(marie, 'submission', 'submit', 'math', 'ps1', 'elsewhere')
    expect(done.err).toBe('not in the folder, but in the release: ps1.ipynb')
  })

  it('is done by an instructor for a student', async () => {
    const { kevin, marie } = await aClassAtWork()
    await write(kevin, 'late', { 'ps1.ipynb': 'by mail' })
    await must(kevin, 'submission', 'submit', 'math', 'ps1', 'late', '--student', 'marie')
    expect((await must(marie, 'submission', 'list', '--own', '--json')).json).toMatchObject({
      submissions: [{ student: 'marie' }],
    })
    const unknown = await kevin.ngshare([
      'submission',
      'submit',
      'math',
      'ps1',
      'late',
      '--student',
      'nobody',
    ])
    expect(unknown).toMatchObject({
      status: 1,
      out: '',
      err: expect.stringContaining('There is no such student'),
    })
  })

  it('of nothing, or to nowhere, is an error in one line', async () => {
    const { marie } = await aClassAtWork()
    for (const args of [['ps1'], ['ps2']]) {
      const failed = await marie.ngshare(['submission', 'submit', 'math', ...args])
      expect(failed).toMatchObject({ status: 1, out: '' })
      expect(failed.err.split('\n')).toHaveLength(1)
    }
  })
})

describe('submission list', () => {
  it('shows what there is, with receipts and feedback', async () => {
    const { kevin, marie, pierre } = await aClassAtWork()
    await submitted(marie, { 'ps1.ipynb': 'first' })
    const { id } = await submitted(marie, { 'ps1.ipynb': 'second' })
    await submitted(pierre, { 'ps1.ipynb': 'only' })
    const all = await must(kevin, 'submission', 'list', 'math', 'ps1')
    expect(all.out.split('\n')).toHaveLength(4)
    expect(all.out).toContain(id)
    const newest = await must(kevin, 'submission', 'list', 'math', 'ps1', '--newest', '--json')
    expect(newest.json.submissions).toMatchObject([{ student: 'marie', id }, { student: 'pierre' }])
    expect((await must(kevin, 'submission', 'list', '--own')).out).toBe('There is no submission.')
    const { json } = await must(kevin, 'submission', 'list', 'math', '--student', 'pierre', '--json')
    expect(json.submissions).toMatchObject([{ student: 'pierre' }])
  })
})

describe('submission download', () => {
  it('brings the newest of everybody to folders that nbgrader understands', async () => {
    const { kevin, marie, pierre } = await aClassAtWork()
    await submitted(marie, { 'ps1.ipynb': 'first' })
    const ofMarie = await submitted(marie, { 'ps1.ipynb': 'second', 'timestamp.txt': 'yesterday' })
    const ofPierre = await submitted(pierre, { 'ps1.ipynb': 'only' })
    const done = await must(kevin, 'submission', 'download', 'math', 'ps1')
    expect(done.out.split('\n')).toHaveLength(3)
    expect(await filesOf(kevin, 'submitted')).toEqual({
      'marie/ps1/ps1.ipynb': 'second',
      'marie/ps1/timestamp.txt': `${timestampOf(ofMarie.receivedAt)}\n`,
      'pierre/ps1/ps1.ipynb': 'only',
      'pierre/ps1/timestamp.txt': `${timestampOf(ofPierre.receivedAt)}\n`,
    })
  })

  it('brings the second time what is new, and leaves what an instructor has changed', async () => {
    const { service, kevin, marie, pierre } = await aClassAtWork()
    await submitted(marie, { 'ps1.ipynb': 'first', 'data.bin': noise(100_000) })
    await submitted(pierre, { 'ps1.ipynb': 'only' })
    await must(kevin, 'submission', 'download', 'math', 'ps1')
    await write(kevin, 'submitted/pierre/ps1', { 'ps1.ipynb': 'made to run' })
    const line = await aBadLine(service)
    const again = await aTerminal({ NGSHARE_URL: line.url, NGSHARE_USER: 'kevin' })
    const to = join(kevin.folder, 'submitted')
    const download = async () =>
      (await must(again, 'submission', 'download', 'math', 'ps1', '--to', to, '--json')).json.submissions
    expect(await download()).toMatchObject([{ outcome: 'unchanged' }, { outcome: 'unchanged' }])
    expect(line.requests).toEqual(['GET submissions'])
    await submitted(marie, { 'ps1.ipynb': 'second' })
    expect(await download()).toMatchObject([
      { student: 'marie', outcome: 'replaced', files: 1, sizeBytes: 6 },
      { student: 'pierre', outcome: 'unchanged' },
    ])
    expect(await filesOf(kevin, 'submitted')).toMatchObject({
      'marie/ps1/ps1.ipynb': 'second',
      'pierre/ps1/ps1.ipynb': 'made to run',
    })
  })

  it('brings every attempt, or those of some students, and their receipts', async () => {
    const { kevin, marie, pierre } = await aClassAtWork()
    await submitted(marie, { 'ps1.ipynb': 'first' })
    await submitted(marie, { 'ps1.ipynb': 'second' })
    await submitted(pierre, { 'ps1.ipynb': 'only' })
    const args = ['--every-attempt', '--student', 'marie', '--receipts', 'receipts']
    await must(kevin, 'submission', 'download', 'math', 'ps1', ...args)
    const found = await filesOf(kevin, 'attempts')
    const notebooks = Object.entries(found).filter(([path]) => path.endsWith('ps1.ipynb'))
    expect(notebooks.map(([path, text]) => [path.split('/').slice(0, 2).join('/'), text])).toEqual([
      ['marie/ps1', 'first'],
      ['marie/ps1', 'second'],
    ])
    expect(Object.keys(await filesOf(kevin, 'receipts'))).toHaveLength(2)
    const none = await kevin.ngshare(['submission', 'download', 'math', 'ps1', '--student', 'nobody'])
    expect(none).toMatchObject({ status: 1, err: 'no submission to ps1 by nobody' })
  })

  it('does not touch a folder that somebody else has made, names it, and brings the others', async () => {
    const { kevin, marie, pierre } = await aClassAtWork()
    await submitted(marie, { 'ps1.ipynb': 'answer' })
    await submitted(pierre, { 'ps1.ipynb': 'answer' })
    await write(kevin, 'submitted/marie/ps1', { 'ps1.ipynb': 'on paper' })
    const done = await kevin.ngshare(['submission', 'download', 'math', 'ps1'])
    expect(done.status).toBe(1)
    expect(done.err).toMatch(
      /^1 of 2 submissions were not downloaded:\n {2}marie, .*ps1 holds files that would be lost: ps1\.ipynb; say --replace/,
    )
    expect(done.out).toContain('pierre')
    expect(await filesOf(kevin, 'submitted')).toMatchObject({
      'marie/ps1/ps1.ipynb': 'on paper',
      'pierre/ps1/ps1.ipynb': 'answer',
    })
    await must(kevin, 'submission', 'download', 'math', 'ps1', '--replace')
    expect(await filesOf(kevin, 'submitted')).toMatchObject({ 'marie/ps1/ps1.ipynb': 'answer' })
  })

  it('that is killed leaves the old copy', async () => {
    const { service, kevin, marie } = await aClassAtWork()
    await submitted(marie, { 'ps1.ipynb': 'first' })
    await must(kevin, 'submission', 'download', 'math', 'ps1')
    await submitted(marie, { 'ps1.ipynb': 'second', 'data.bin': noise(2_000_000) })
    const line = await aBadLine(service)
    line.expect({ kind: 'pass' }, { kind: 'pass' }, { kind: 'silence' }, { kind: 'silence' })
    const before = await filesOf(kevin, 'submitted')
    const child = spawn(
      process.execPath,
      [program, 'submission', 'download', 'math', 'ps1', '--url', line.url],
      {
        cwd: kevin.folder,
        env: kevin.environment,
        stdio: 'ignore',
      },
    )
    while (line.requests.length < 3) await new Promise(resolve => setTimeout(resolve, 20))
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(await filesOf(kevin, 'submitted/marie/ps1')).toEqual(
      Object.fromEntries(
        Object.entries(before).map(([path, text]) => [path.replace('marie/ps1/', ''), text]),
      ),
    )
    await must(kevin, 'submission', 'download', 'math', 'ps1')
    expect(Object.keys(await filesOf(kevin, 'submitted'))).toEqual([
      'marie/ps1/data.bin',
      'marie/ps1/ps1.ipynb',
      'marie/ps1/timestamp.txt',
    ])
  })

  it('is not possible for students but of their own', async () => {
    const { marie, pierre } = await aClassAtWork()
    await submitted(pierre, { 'ps1.ipynb': 'answer' })
    await submitted(marie, { 'ps1.ipynb': 'mine' })
    await rm(join(marie.folder, 'ps1'), { recursive: true })
    const done = await must(marie, 'submission', 'download', 'math', 'ps1', '--json')
    expect(done.json.submissions).toMatchObject([{ student: 'marie' }])
  })
})
