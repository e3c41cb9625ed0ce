/** `ngshare feedback …`: the real program against a real server. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { aClassAtWork, filesOf, must, submitted, write } from './classroom.ts'

const timestampOf = (receivedAt: string) => receivedAt.replace('T', ' ').replace('Z', '')

/** marie has submitted twice, pierre once; kevin has feedback to marie's first and to pierre's. */
async function aGradedClass() {
  const people = await aClassAtWork()
  const { kevin, marie, pierre } = people
  const first = await submitted(marie, { 'ps1.ipynb': 'first' })
  const second = await submitted(marie, { 'ps1.ipynb': 'second' })
  const only = await submitted(pierre, { 'ps1.ipynb': 'only' })
  await write(kevin, 'feedback', {
    'marie/ps1/ps1.html': 'nearly',
    'marie/ps1/timestamp.txt': `${timestampOf(first.receivedAt)} UTC`,
    'marie/ps1/data.csv': 'along with it',
    'pierre/ps1/ps1.html': 'well done',
    'pierre/ps1/timestamp.txt': timestampOf(only.receivedAt),
    'pierre/ps2/ps2.html': 'another',
  })
  return { ...people, first, second, only }
}

describe('feedback upload', () => {
  it('returns the pages to the attempts that they are about', async () => {
    const { kevin, marie, first, only } = await aGradedClass()
    const done = await must(kevin, 'feedback', 'upload', 'math', 'ps1', '--json')
    expect(done.json.feedback).toMatchObject([
      { student: 'marie', submission: first.id, outcome: 'new', files: 1 },
      { student: 'pierre', submission: only.id, outcome: 'new', files: 1 },
    ])
    await must(marie, 'feedback', 'download', 'math', 'ps1', '--to', 'got')
    expect(await filesOf(marie, 'got')).toEqual({ [`${timestampOf(first.receivedAt)}/ps1.html`]: 'nearly' })
  })

  it('sends the second time what has changed', async () => {
    const { kevin } = await aGradedClass()
    const upload = async (...more: string[]) =>
      (await must(kevin, 'feedback', 'upload', 'math', 'ps1', '--json', ...more)).json.feedback
    await upload()
    await write(kevin, 'feedback/pierre/ps1', { 'ps1.html': 'very well done' })
    const expected = [
      { student: 'marie', outcome: 'unchanged', sentBytes: 0 },
      { student: 'pierre', outcome: 'replaced' },
    ]
    expect(await upload('--dry-run')).toMatchObject(expected)
    expect(await upload()).toMatchObject(expected)
    expect(await upload('--student', 'pierre')).toMatchObject([{ student: 'pierre', outcome: 'unchanged' }])
  })

  it('names whom it could not be returned to, and why, and goes on', async () => {
    const { kevin, pierre } = await aGradedClass()
    await write(kevin, 'feedback', { 'albert/ps1/ps1.html': 'who?' })
    await rm(join(kevin.folder, 'feedback/marie/ps1/timestamp.txt'))
    const done = await kevin.ngshare(['feedback', 'upload', 'math', 'ps1'])
    expect(done.status).toBe(1)
    expect(done.err.split('\n')).toEqual([
      '2 of 3 students did not get their feedback:',
      '  albert: has submitted nothing',
      '  marie: feedback/marie/ps1/timestamp.txt should say which submission this is about; say --newest for the newest',
    ])
    expect(done.out).toContain('pierre')
    expect((await must(pierre, 'feedback', 'download', 'math', 'ps1', '--json')).json.feedback).toHaveLength(
      1,
    )
    await rm(join(kevin.folder, 'feedback/albert'), { recursive: true })
    await must(kevin, 'feedback', 'upload', 'math', 'ps1', '--newest')
  })

  it('needs feedback, and an instructor', async () => {
    const { kevin, marie } = await aGradedClass()
    const none = await kevin.ngshare(['feedback', 'upload', 'math', 'ps7'])
    expect(none).toMatchObject({
      status: 1,
      out: '',
      err: expect.stringContaining('no feedback to ps7 in feedback'),
    })
    await write(marie, 'feedback/marie/ps1', { 'ps1.html': 'excellent' })
    const refused = await marie.ngshare(['feedback', 'upload', 'math', 'ps1', '--newest'])
    expect(refused.status).toBe(1)
    expect(refused.err).toContain('marie: Only instructors of the course may do this')
  })
})

describe('feedback download', () => {
  it('brings it where nbgrader looks for it, and the second time nothing', async () => {
    const { kevin, marie, first } = await aGradedClass()
    expect((await must(marie, 'feedback', 'download', 'math', 'ps1')).out).toBe('There is no feedback yet.')
    await must(kevin, 'feedback', 'upload', 'math', 'ps1')
    const download = async () => (await must(marie, 'feedback', 'download', 'math', 'ps1', '--json')).json
    expect(await download()).toMatchObject({
      feedback: [{ id: first.id, outcome: 'new', files: 1 }],
      waiting: 1,
    })
    expect(await filesOf(marie, 'ps1/feedback')).toEqual({
      [`${timestampOf(first.receivedAt)}/ps1.html`]: 'nearly',
    })
    expect(await download()).toMatchObject({ feedback: [{ outcome: 'unchanged', files: 0 }] })
  })
})

describe('feedback list', () => {
  it('shows what was returned, and what still waits', async () => {
    const { kevin, marie, first, second, only } = await aGradedClass()
    await must(kevin, 'feedback', 'upload', 'math', 'ps1', '--student', 'marie')
    const { json } = await must(kevin, 'feedback', 'list', 'math', '--json')
    expect(json.submissions).toMatchObject([
      { id: first.id, feedback: { files: [{ path: 'ps1.html' }] } },
      { id: second.id, feedback: null },
      { id: only.id, feedback: null },
    ])
    const listed = await must(marie, 'feedback', 'list', 'math', 'ps1')
    expect(listed.out.split('\n').map(line => line.includes('none yet'))).toEqual([false, false, true])
  })
})
