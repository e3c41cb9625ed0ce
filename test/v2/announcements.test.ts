/** The time of a submission: when its list of files first came, so that a slow line makes nobody late. */
import { describe, expect, it } from 'vitest'
import { dropOldAnnouncements, purgeHidden } from '../../src/exchange/housekeeping.ts'
import { userCommand } from '../../src/ops/user.ts'
import { letMinutesPass, stopTheClocks } from '../support/clock.ts'
import { placesOf, runCommand } from '../support/commands.ts'
import { openedData } from '../support/open-data.ts'
import { aService, type Service } from '../support/service.ts'
import { inV2, problem, release, sha256, submit, type Tree, treeBody, type V2Person } from './people.ts'

const ps1 = { course: 'math', assignment: 'ps1' }
const ps2 = { course: 'math', assignment: 'ps2' }
const tree: Tree = { 'ps1.ipynb': 'my answer', 'data.csv': 'numbers' }

async function aClass() {
  stopTheClocks('2026-11-22T22:59:00Z')
  const service = await aService()
  await service.aCourse('math', { instructors: ['kevin'], students: ['marie', 'pierre'] })
  const [kevin, marie, pierre] = ['kevin', 'marie', 'pierre'].map(user => inV2(service, user)) as [
    V2Person,
    V2Person,
    V2Person,
  ]
  for (const to of [ps1, ps2])
    expect((await release(kevin, to, { 'ps1.ipynb': 'questions' })).status).toBe(201)
  letMinutesPass(60)
  return { service, kevin, marie, pierre }
}

interface Try {
  readonly key?: string
  readonly tree?: Tree
  readonly to?: typeof ps1
  readonly student?: string
}

/** Sends the list of files alone. */
function post(person: V2Person, { key = 'attempt', tree: files = tree, to = ps1, student }: Try = {}) {
  const query = student === undefined ? '' : `?student=${student}`
  const path = `courses/${to.course}/assignments/${to.assignment}/submissions${query}`
  return person.post(path, treeBody(files), key === '' ? {} : { 'idempotency-key': key })
}

async function sendFiles(person: V2Person, files: Tree = tree): Promise<void> {
  await person.upload('math', 'ps1', files)
}

const at = (time: string) => ({ receivedAt: expect.stringMatching(`^2026-11-${time}`) })

async function announced(service: Service) {
  const { exchange } = await openedData(service)
  return exchange.db.read.selectFrom('announcements').selectAll().execute()
}

describe('a submission whose list of files came before the deadline', () => {
  it('is in time, though its files came after it', async () => {
    const { kevin, marie } = await aClass()
    const first = await post(marie)
    expect(first).toMatchObject(problem(409, 'files-missing'))
    expect(first.json).toMatchObject({ missing: Object.values(tree).map(sha256), ...at('22T23:59:00') })
    letMinutesPass(5)
    await sendFiles(marie)
    letMinutesPass(5)
    const second = await post(marie)
    expect(second.status).toBe(201)
    expect(second.json.receivedAt).toBe(first.json.receivedAt)
    const { id } = second.json
    for (const person of [marie, kevin]) {
      expect((await person.get(`submissions/${id}`)).json).toMatchObject(at('22T23:59:00'))
      expect((await person.get(`submissions/${id}/receipt`)).json).toMatchObject({
        receivedAt: expect.stringMatching('^2026-11-22 23:59:00'),
      })
    }
  })

  it('has the time of the first of many tries, and is made once', async () => {
    const { service, marie } = await aClass()
    const first = await post(marie)
    for (let i = 0; i < 3; i++) {
      letMinutesPass(5)
      expect((await post(marie)).json.receivedAt).toBe(first.json.receivedAt)
    }
    await sendFiles(marie)
    const answers = await Promise.all(Array.from({ length: 8 }, () => post(marie)))
    letMinutesPass(90)
    answers.push(await post(marie))
    expect(new Set(answers.map(({ status, json }) => `${status} ${json.id} ${json.receivedAt}`))).toEqual(
      new Set([`201 ${answers[0]?.json.id} ${first.json.receivedAt}`]),
    )
    expect((await marie.get('submissions')).json.items).toHaveLength(1)
    expect(await announced(service)).toEqual([])
  })

  it('has the time of its completion where the client gave no key', async () => {
    const { service, marie } = await aClass()
    const first = await post(marie, { key: '' })
    expect(first).toMatchObject(problem(409, 'files-missing'))
    expect(first.json).not.toHaveProperty('receivedAt')
    letMinutesPass(5)
    await sendFiles(marie)
    expect((await post(marie, { key: '' })).json).toMatchObject(at('23T00:04:00'))
    expect(await announced(service)).toEqual([])
  })

  it('is on record when it was complete', async () => {
    const { kevin, marie } = await aClass()
    await post(marie)
    letMinutesPass(5)
    await sendFiles(marie)
    await post(marie)
    const { items } = (await kevin.get('events?course=math')).json as { items: Record<string, string>[] }
    const event = items.find(({ action }) => action === 'submit-assignment')
    expect(event?.at).toMatch('2026-11-23T00:04:00')
  })

  it('goes to the next microsecond where another one has that moment', async () => {
    const { marie } = await aClass()
    const attempts: Tree[] = [{ a: 'one' }, { a: 'two' }, { a: 'three' }]
    for (const [i, attempt] of attempts.entries()) await post(marie, { key: `k${i}`, tree: attempt })
    letMinutesPass(5)
    const moments: unknown[] = []
    for (const [i, attempt] of attempts.entries()) {
      await sendFiles(marie, attempt)
      moments.push((await post(marie, { key: `k${i}`, tree: attempt })).json.receivedAt)
    }
    expect(moments).toEqual(['00', '01', '02'].map(micros => `2026-11-22T23:59:00.0000${micros}Z`))
  })

  it('is in time when an instructor submits it for a student', async () => {
    const { kevin, marie } = await aClass()
    expect((await post(kevin, { student: 'marie' })).status).toBe(409)
    letMinutesPass(5)
    await sendFiles(kevin)
    expect((await post(kevin, { student: 'marie' })).json).toMatchObject(at('22T23:59:00'))
    expect((await marie.get('submissions?own=true')).json.items).toMatchObject([at('22T23:59:00')])
  })

  it('is answered as before when its files are long gone', async () => {
    const { service, marie } = await aClass()
    const first = await submit(marie, ps1, tree, { 'idempotency-key': 'attempt' })
    for (let i = 0; i < 4; i++) await submit(marie, ps1, { other: `${i}` })
    const { exchange } = await openedData(service)
    await exchange.db.write(trx => trx.deleteFrom('uploads').execute())
    expect(await post(marie)).toMatchObject({ status: 201, json: first.json })
  })
})

describe('a student cannot', () => {
  it('announce one tree in time, and submit another one later', async () => {
    const { marie } = await aClass()
    await post(marie)
    letMinutesPass(5)
    const better = { ...tree, 'ps1.ipynb': 'my better answer' }
    await sendFiles(marie, better)
    expect((await post(marie, { tree: better })).json).toMatchObject(at('23T00:04:00'))
  })

  it('announce the files in time, and make one executable or give it another name later', async () => {
    for (const changed of [{ path: 'a', isExecutable: true }, { path: 'b' }]) {
      const { marie } = await aClass()
      await post(marie, { tree: { a: 'x' } })
      letMinutesPass(5)
      await sendFiles(marie, { a: 'x' })
      const path = 'courses/math/assignments/ps1/submissions'
      const files = [{ sha256: sha256('x'), ...changed }]
      const answer = await marie.post(path, { files }, { 'idempotency-key': 'attempt' })
      expect(answer.json).toMatchObject(at('23T00:04:00'))
    }
  })

  it('keep a moment for longer than an hour', async () => {
    const { marie } = await aClass()
    await post(marie)
    letMinutesPass(61)
    expect((await post(marie)).json).toMatchObject(at('23T01:00:00'))
    letMinutesPass(59)
    await sendFiles(marie)
    expect((await post(marie)).json).toMatchObject(at('23T01:00:00'))
  })

  it('use the moment of one assignment for another, or of one key for another', async () => {
    const { marie } = await aClass()
    await post(marie)
    letMinutesPass(5)
    await sendFiles(marie)
    expect((await post(marie, { to: ps2 })).json).toMatchObject(at('23T00:04:00'))
    expect((await post(marie, { key: 'other' })).json).toMatchObject(at('23T00:04:00'))
  })

  it('use the moment of somebody else', async () => {
    const { kevin, marie, pierre } = await aClass()
    await post(marie)
    await post(kevin, { student: 'pierre' })
    letMinutesPass(5)
    await sendFiles(pierre)
    expect((await post(pierre)).json).toMatchObject(at('23T00:04:00'))
  })

  it('announce for another person, or where they are no member, and leaves nothing behind', async () => {
    const { service, marie } = await aClass()
    expect(await post(marie, { student: 'pierre' })).toMatchObject(problem(403, 'not-instructor'))
    expect(await post(inV2(service, 'eve'))).toMatchObject(problem(403, 'not-related'))
    expect(await post(marie, { to: { ...ps1, assignment: 'ps3' } })).toMatchObject(
      problem(404, 'assignment-not-found'),
    )
    expect(await announced(service)).toEqual([])
    const { exchange } = await openedData(service)
    const users = await exchange.db.read.selectFrom('users').select('name').execute()
    expect(users.map(({ name }) => name)).not.toContain('eve')
  })

  it('announce what is no tree', async () => {
    const { service, marie } = await aClass()
    expect(await post(marie, { tree: { '../up': 'x' } })).toMatchObject(problem(400, 'illegal-path'))
    expect(await announced(service)).toEqual([])
  })

  it('take up the room of others: the newest hundred of one person are remembered', async () => {
    const { service, marie, pierre } = await aClass()
    await post(pierre)
    for (let i = 0; i < 110; i++) {
      letMinutesPass(0.01)
      expect((await post(marie, { key: `k${i}` })).status).toBe(409)
    }
    const rows = await announced(service)
    expect(rows).toHaveLength(101)
    expect(rows.map(row => row.client_key)).toEqual(expect.arrayContaining(['k109', 'k10', 'attempt']))
  })
})

describe('an announcement', () => {
  it('is not needed for what a key has submitted, and does not hide that it was other files', async () => {
    const { service, marie } = await aClass()
    await submit(marie, ps1, tree, { 'idempotency-key': 'attempt' })
    expect(await post(marie, { tree: { a: 'not there' } })).toMatchObject(problem(422, 'key-reused'))
    expect(await announced(service)).toEqual([])
  })

  it('is made by submissions alone: releases only say which files are missing', async () => {
    const { service, kevin } = await aClass()
    const headers = { 'idempotency-key': 'attempt' }
    const answer = await kevin.post('courses/math/assignments/ps3/releases', treeBody(tree), headers)
    expect(answer).toMatchObject(problem(409, 'files-missing'))
    expect(answer.json).not.toHaveProperty('receivedAt')
    expect(await announced(service)).toEqual([])
  })

  it('is forgotten when its time is over', async () => {
    const { service, marie } = await aClass()
    await post(marie)
    letMinutesPass(30)
    await post(marie, { key: 'second' })
    letMinutesPass(31)
    const { exchange } = await openedData(service)
    await dropOldAnnouncements(exchange)
    expect((await announced(service)).map(row => row.client_key)).toEqual(['second'])
  })

  it('goes with its user and with its assignment', async () => {
    const { service, kevin, marie, pierre } = await aClass()
    await post(marie)
    await post(pierre)
    await post(kevin, { student: 'pierre' })
    await post(kevin, { to: ps2 })
    const owners = async () => (await announced(service)).length
    for (const [args, left] of [
      [['erase', 'marie', '--yes'], 3],
      [['merge', 'pierre', 'kevin', '--yes'], 1],
    ] as const) {
      const outcome = await runCommand(userCommand, [...args, ...placesOf(service)])
      expect(outcome.failure).toBeNull()
      expect(await owners()).toBe(left)
    }
    expect((await kevin.delete('courses/math/assignments/ps2')).status).toBe(204)
    const { exchange } = await openedData(service)
    await purgeHidden(exchange, { hiddenBefore: Date.now() + 60_000 })
    expect(await owners()).toBe(0)
  })
})
