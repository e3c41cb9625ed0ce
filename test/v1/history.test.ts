/** `events` and `events/…`: the record of who did what to what, as far as the one who asks may see it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { purgeCommand } from '../../src/ops/hidden.ts'
import { eventually } from '../faults/eventually.ts'
import { failure, success, timestampForm } from '../support/answers.ts'
import type { Person } from '../support/client.ts'
import { placesOf, runCommand } from '../support/commands.ts'
import { lockEvents } from '../support/database.ts'
import { aFolder, aService, aServiceForTheFile, type Service } from '../support/service.ts'
import { file, noise } from '../support/trees.ts'

interface Told {
  readonly id: number
  readonly at: string
  readonly actor: string | null
  readonly actorKind: string
  readonly address: string | null
  readonly action: string
  readonly result: string
  readonly course: string | null
  readonly assignment: string | null
  readonly subject: string | null
}

const names = { first_name: '', last_name: '', email: '' }

/** `math`, taught by kevin, with marie and pierre; `ex1` is released. `physics`, taught by abigail, with pierre. */
async function fill(service: Service): Promise<Service> {
  await service.aCourse('math', {
    instructors: ['kevin'],
    students: ['marie', 'pierre'],
    assignments: { ex1: [file('a', 'the task')] },
  })
  await service.aCourse('physics', {
    instructors: ['abigail'],
    students: ['pierre'],
    assignments: { lab: [file('a', 'the lab')] },
  })
  return service
}

async function aSchool(): Promise<Service> {
  return fill(await aService())
}

async function told(person: Person, path = 'events', query: object = {}): Promise<Told[]> {
  const { json, text } = await person.get(path, { limit: '1000', ...query })
  if (json.success !== true) throw new Error(text)
  return json.events as Told[]
}

/** What only reads, or was refused, is told a moment later. */
async function soonTold(person: Person, path: string, count: number): Promise<Told[]> {
  await eventually(`${count} events`, async () => (await told(person, path)).length >= count)
  return told(person, path)
}

/** Several processes remember what only reads a moment later, each for itself: then ids are not in the order of time. */
const inTime = (events: readonly Told[]) => events.toSorted((one, other) => (one.at < other.at ? -1 : 1))

const acts = (events: readonly Told[]) =>
  events.map(({ actor, action, assignment, subject, result }) => [actor, action, assignment, subject, result])

describe('the record', () => {
  it('tells every act: who did what to what and to whom, when, from where, with what result', async () => {
    const service = await aService()
    const [root, kevin, marie] = [service.as('root'), service.as('kevin'), service.as('marie')]
    await root.post('course/math', { instructors: ['kevin'] })
    await kevin.post('student/math/marie', names)
    await kevin.post('students/math', { students: [{ username: 'pierre', ...names }] })
    await root.post('instructor/math/abigail', names)
    await kevin.post('assignment/math/ex1', { files: [file('a', 'b')] })
    await kevin.put('assignment/math/ex1', { files: [file('a', 'c')] })
    const { timestamp } = (await marie.post('submission/math/ex1', { files: [] })).json
    await kevin.post('feedback/math/ex1/marie', { timestamp, files: [] })
    await kevin.delete('student/math/pierre')
    await kevin.delete('assignment/math/ex1')
    await root.delete('instructor/math/abigail')
    const events = await told(kevin, 'events/math')
    expect(acts(events)).toEqual([
      ['root', 'set-instructor', null, 'kevin', 'done'],
      ['root', 'create-course', null, null, 'done'],
      ['kevin', 'set-student', null, 'marie', 'done'],
      ['kevin', 'set-student', null, 'pierre', 'done'],
      ['root', 'set-instructor', null, 'abigail', 'done'],
      ['kevin', 'release-assignment', 'ex1', null, 'done'],
      ['kevin', 'release-assignment', 'ex1', null, 'done'],
      ['marie', 'submit-assignment', 'ex1', null, 'done'],
      ['kevin', 'release-feedback', 'ex1', 'marie', 'done'],
      ['kevin', 'remove-student', null, 'pierre', 'done'],
      ['kevin', 'hide-assignment', 'ex1', null, 'done'],
      ['root', 'remove-instructor', null, 'abigail', 'done'],
    ])
    for (const event of events) {
      expect(event).toMatchObject({ course: 'math', actorKind: 'user', address: '127.0.0.1' })
      expect(event.at).toMatch(timestampForm)
    }
    expect(events.map(event => event.id)).toEqual(events.map(event => event.id).sort((a, b) => a - b))
    expect(events.find(event => event.action === 'submit-assignment')?.at).toBe(timestamp)
    await root.delete('course/math')
    expect((await told(root)).at(-1)).toMatchObject({ action: 'hide-course', course: 'math', actor: 'root' })
  })

  it('tells who fetched, collected and fetched feedback; who only looked at a list is not in it', async () => {
    const service = await aSchool()
    const [kevin, marie] = [service.as('kevin'), service.as('marie')]
    const timestamp = await service.submission('marie', 'math/ex1', [file('a', 'b')])
    await kevin.post('feedback/math/ex1/marie', { timestamp, files: [file('a', 'well')] })
    const before = await told(kevin, 'events/math')
    for (const list_only of ['true', 'false']) {
      await marie.get('assignment/math/ex1', { list_only })
      await kevin.get('submission/math/ex1/marie', { list_only })
      await marie.get('feedback/math/ex1/marie', { timestamp, list_only })
      await marie.get('submission/math/ex1/marie', { timestamp, list_only })
    }
    await kevin.get('submissions/math/ex1')
    await kevin.get('students/math')
    await soonTold(kevin, 'events/math', before.length + 4)
    await service.submission('marie', 'math/ex1', [])
    const later = (await told(kevin, 'events/math')).slice(before.length)
    expect(acts(inTime(later))).toEqual([
      ['marie', 'fetch-assignment', 'ex1', null, 'done'],
      ['kevin', 'collect-submission', 'ex1', 'marie', 'done'],
      ['marie', 'fetch-feedback', 'ex1', 'marie', 'done'],
      ['marie', 'collect-submission', 'ex1', 'marie', 'done'],
      ['marie', 'submit-assignment', 'ex1', null, 'done'],
    ])
    expect(later.every(event => event.address === '127.0.0.1')).toBe(true)
  })

  it('counts as fetched only what was really sent: no HEAD, nothing that the client had, nothing that was cut off', async () => {
    const service = await aService()
    await service.aCourse('math', {
      instructors: ['kevin'],
      students: ['marie'],
      assignments: { ex1: [file('a', 'the task')], large: [file('a', noise(20_000_000))] },
    })
    const [kevin, marie] = [service.as('kevin'), service.as('marie')]
    const timestamp = await service.submission('marie', 'math/ex1', [file('a', 'b')])
    await kevin.post('feedback/math/ex1/marie', { timestamp, files: [file('a', 'well')] })
    const before = (await told(kevin, 'events/math')).length
    const paths = ['assignment/math/ex1', 'submission/math/ex1/marie', 'feedback/math/ex1/marie'] as const
    for (const path of paths) {
      const { status, headers } = await marie.head(path, { timestamp })
      expect(status).toBe(200)
      const tag = { 'if-none-match': String(headers.etag) }
      expect((await marie.get(path, { timestamp }, { headers: tag })).status).toBe(304)
    }
    expect((await marie.head('assignment/math/large')).status).toBe(200)
    await getAndHangUp(`http://127.0.0.1:${service.port}/api/assignment/math/large?user=marie`)
    for (const path of paths) expect((await marie.get(path, { timestamp })).status).toBe(200)
    expect((await marie.get('assignment/math/large')).status).toBe(200)
    await soonTold(kevin, 'events/math', before + 4)
    expect(acts(inTime((await told(kevin, 'events/math')).slice(before)))).toEqual([
      ['marie', 'fetch-assignment', 'ex1', null, 'done'],
      ['marie', 'collect-submission', 'ex1', 'marie', 'done'],
      ['marie', 'fetch-feedback', 'ex1', 'marie', 'done'],
      ['marie', 'fetch-assignment', 'large', null, 'done'],
    ])
  })

  it('tells who fetched also after a while in which nobody did', async () => {
    const service = await aSchool()
    await sleep(1500)
    const before = (await told(service.as('kevin'), 'events/math')).length
    await service.as('marie').get('assignment/math/ex1')
    const events = await soonTold(service.as('kevin'), 'events/math', before + 1)
    expect(events.at(-1)).toMatchObject({ actor: 'marie', action: 'fetch-assignment' })
  })

  it('tells who tried to change what they may not, and why it was refused', async () => {
    const service = await aSchool()
    const [root, marie, kevin] = [service.as('root'), service.as('marie'), service.as('kevin')]
    const before = (await told(root, 'events/math')).length
    const files = [file('a', 'b')]
    await marie.post('assignment/math/ex2', { files })
    await marie.delete('assignment/math/ex1')
    await marie.post('student/math/friend', names)
    await marie.post('feedback/math/ex1/marie', { timestamp: '2026-01-01 00:00:00.000000', files })
    await service.as('abigail').post('submission/math/ex1', { files })
    await kevin.delete('instructor/math/kevin')
    await kevin.delete('course/math')
    await kevin.post('course/new')
    const events = (await soonTold(root, 'events/math', before + 7)).slice(before)
    expect(acts(inTime(events))).toEqual([
      ['marie', 'refused', 'ex2', null, 'not-instructor'],
      ['marie', 'refused', 'ex1', null, 'not-instructor'],
      ['marie', 'refused', null, 'friend', 'not-instructor'],
      ['marie', 'refused', 'ex1', 'marie', 'not-instructor'],
      ['abigail', 'refused', 'ex1', null, 'not-related'],
      ['kevin', 'refused', null, 'kevin', 'not-admin'],
      ['kevin', 'refused', null, null, 'not-admin'],
    ])
    expect(events.every(event => event.address === '127.0.0.1')).toBe(true)
    const own = await told(kevin)
    expect(own.at(-1)).toMatchObject({ action: 'refused', course: 'new', result: 'not-admin' })
  })

  it('tells who tried to read another’s work', async () => {
    const service = await aSchool()
    const timestamp = await service.submission('marie', 'math/ex1', [file('a', 'b')])
    const [root, pierre] = [service.as('root'), service.as('pierre')]
    const before = (await told(root, 'events/math')).length
    await pierre.get('submission/math/ex1/marie')
    await pierre.get('feedback/math/ex1/marie', { timestamp })
    await service.as('marie').get('assignment/math/ex1')
    await eventually('what came last is told', async () =>
      (await told(root, 'events/math')).some(event => event.action === 'fetch-assignment'),
    )
    expect(acts((await told(root, 'events/math')).slice(before))).toEqual([
      ['pierre', 'refused', 'ex1', 'marie', 'not-instructor'],
      ['pierre', 'refused', 'ex1', 'marie', 'not-instructor'],
      ['marie', 'fetch-assignment', 'ex1', null, 'done'],
    ])
  })

  it('is not in the way of reading: it waits while the database is busy, and has everything once in the end', async () => {
    const service = await aSchool()
    const [kevin, marie] = [service.as('kevin'), service.as('marie')]
    const before = (await told(kevin, 'events/math')).length
    const unlock = await lockEvents(service.database)
    const start = performance.now()
    for (let i = 0; i < 10; i++) expect((await marie.get('assignment/math/ex1')).status).toBe(200)
    await eventually('time passes', () => performance.now() - start > 1500)
    expect(await told(kevin, 'events/math')).toHaveLength(before)
    await unlock()
    const events = await soonTold(kevin, 'events/math', before + 10)
    expect(acts(events.slice(before))).toEqual(
      Array.from({ length: 10 }, () => ['marie', 'fetch-assignment', 'ex1', null, 'done']),
    )
    await marie.get('assignment/math/ex1')
    expect(await soonTold(kevin, 'events/math', before + 11)).toHaveLength(before + 11)
  })

  it('has at the stop what was fetched just before', async () => {
    const folder = await aFolder()
    const service = await fill(await aService({ folder }))
    await service.as('marie').get('assignment/math/ex1')
    await service.close()
    const next = await aService({ folder })
    expect((await told(next.as('root'), 'events/math')).at(-1)).toMatchObject({
      actor: 'marie',
      action: 'fetch-assignment',
    })
  })

  it('is not changed by reading it', async () => {
    const service = await aSchool()
    const before = await told(service.as('root'), 'events/math')
    for (const path of ['events', 'events/math']) await service.as('kevin').get(path)
    await service.as('marie').get('assignment/math/ex1')
    const after = await soonTold(service.as('root'), 'events/math', before.length + 1)
    expect(after.map(event => event.action)).toEqual([
      ...before.map(event => event.action),
      'fetch-assignment',
    ])
  })
})

/** After the first bytes. */
async function getAndHangUp(url: string): Promise<void> {
  const hangUp = new AbortController()
  const { body } = await fetch(url, { signal: hangUp.signal })
  await body?.getReader().read()
  hangUp.abort()
}

/** Only read. */
const school = await fill(await aServiceForTheFile())
await school.submission('marie', 'math/ex1', [file('a', 'b')])
await school.submission('pierre', 'math/ex1', [file('a', 'b')])
await school.submission('pierre', 'physics/lab', [file('a', 'b')])
await school.as('kevin').post('feedback/math/ex1/marie', {
  timestamp: (await school.submissions('kevin', 'math/ex1'))[0]?.[1],
  files: [],
})

describe('students', () => {
  it('see what they did and what was done to them, in all courses, and nothing of others', async () => {
    const ofMarie = await told(school.as('marie'))
    expect(ofMarie.map(({ actor, action, subject }) => [actor, action, subject])).toEqual([
      ['root', 'set-student', 'marie'],
      ['marie', 'submit-assignment', null],
      ['kevin', 'release-feedback', 'marie'],
    ])
    const ofPierre = await told(school.as('pierre'))
    expect(ofPierre.map(({ action, course }) => [action, course])).toEqual([
      ['set-student', 'math'],
      ['set-student', 'physics'],
      ['submit-assignment', 'math'],
      ['submit-assignment', 'physics'],
    ])
  })

  it('see their own addresses, not those of others', async () => {
    for (const event of await told(school.as('marie'))) {
      expect(event.address).toBe(event.actor === 'marie' ? '127.0.0.1' : null)
    }
  })

  it('do not come by others’ with an argument', async () => {
    const marie = school.as('marie')
    const own = await told(marie)
    const ids = new Set(own.map(event => event.id))
    for (const name of ['student', 'actor', 'subject', 'course']) {
      for (const value of ['pierre', 'physics', '']) {
        const events = await told(marie, 'events', { [name]: value })
        expect(
          events.filter(event => !ids.has(event.id)),
          `${name}=${value}`,
        ).toEqual([])
      }
    }
  })

  it('may not see a course’s', async () => {
    const denied = failure(403, 'Permission denied')
    for (const query of [{}, { student: 'marie' }, { after: '0', limit: '1' }]) {
      expect(await school.as('marie').get('events/math', query)).toMatchObject(denied)
    }
  })
})

describe('a course’s', () => {
  it('are for its instructors, and are of that course only', async () => {
    const events = await told(school.as('kevin'), 'events/math')
    expect(new Set(events.map(event => event.course))).toEqual(new Set(['math']))
    expect(events.filter(event => event.action === 'submit-assignment').map(event => event.actor)).toEqual([
      'marie',
      'pierre',
    ])
    expect(events.every(event => event.address === '127.0.0.1')).toBe(true)
  })

  it('are not for instructors of other courses, and not for strangers, who have none of their own either', async () => {
    const denied = failure(403, 'Permission denied')
    expect(await school.as('kevin').get('events/physics')).toMatchObject(denied)
    expect(await school.as('stranger').get('events/math')).toMatchObject(denied)
    expect(await school.as('stranger').get('events')).toMatchObject(success({ events: [] }))
  })

  it('are for admins, whatever the course', async () => {
    for (const course of ['math', 'physics']) {
      expect((await told(school.as('root'), `events/${course}`)).length).toBeGreaterThan(3)
    }
  })

  it('of an older course of that name, deleted or purged, are not for the instructors of the new one', async () => {
    const service = await aSchool()
    const root = service.as('root')
    await service.submission('marie', 'math/ex1', [file('a', 'b')])
    await root.delete('course/math')
    await service.aCourse('math', { instructors: ['abigail'], students: ['pierre'] })
    const own = [
      ['root', 'set-instructor', null, 'abigail', 'done'],
      ['root', 'create-course', null, null, 'done'],
      ['root', 'set-student', null, 'pierre', 'done'],
    ]
    const purge = ['math', '--yes', ...placesOf(service)]
    for (const isPurged of [false, true]) {
      if (isPurged) expect((await runCommand(purgeCommand, purge)).failure).toBeNull()
      const seen = acts(await told(service.as('abigail'), 'events/math')).filter(
        ([actor]) => actor === 'root',
      )
      expect(seen).toEqual(own)
      expect(
        acts(await told(service.as('abigail'), 'events/math', { since: '2020-01-01 00:00:00' })),
      ).toEqual(acts(await told(service.as('abigail'), 'events/math')))
      expect((await service.as('kevin').get('events/math')).status).toBe(403)
      expect(acts(await told(root, 'events/math'))).toContainEqual([
        ...['marie', 'submit-assignment', 'ex1', null, 'done'],
      ])
    }
    expect(acts(await told(service.as('marie')))).toContainEqual([
      ...['marie', 'submit-assignment', 'ex1', null, 'done'],
    ])
  })

  it('are not there without the course', async () => {
    for (const who of ['root', 'kevin', 'stranger']) {
      expect(await school.as(who).get('events/nothing')).toMatchObject(failure(404, 'Course not found'))
    }
  })
})

const kevin = school.as('kevin')
const all = await told(kevin, 'events/math')
const [submission] = all.filter(event => event.action === 'submit-assignment')

describe('of the record one may ask for', () => {
  it.each<[what: string, query: object, holds: (event: Told) => boolean]>([
    ['an assignment', { assignment: 'ex1' }, event => event.assignment === 'ex1'],
    ['an action', { action: 'submit-assignment' }, event => event.action === 'submit-assignment'],
    ['a student', { student: 'marie' }, event => event.actor === 'marie' || event.subject === 'marie'],
    ['what happened since', { since: submission?.at }, event => event.at >= (submission?.at ?? '')],
    ['what happened until', { until: submission?.at }, event => event.at < (submission?.at ?? '')],
    ['what comes after', { after: submission?.id }, event => event.id > (submission?.id ?? 0)],
    [
      'several at once',
      { student: 'pierre', action: 'submit-assignment', assignment: 'ex1' },
      event => event.actor === 'pierre' && event.action === 'submit-assignment',
    ],
    ['what an empty argument says: everything', { student: '', since: '', after: '', limit: '' }, () => true],
    ['an action that there is not', { action: 'party' }, () => false],
    ['someone whom nobody knows', { student: 'nobody' }, () => false],
  ])('%s', async (_what, query, holds) => {
    expect(await told(kevin, 'events/math', query)).toEqual(all.filter(holds))
  })

  it('the same of one’s own', async () => {
    const own = await told(school.as('pierre'))
    const asked = await told(school.as('pierre'), 'events', {
      action: 'submit-assignment',
      assignment: 'lab',
    })
    expect(asked).toEqual(own.filter(event => event.assignment === 'lab'))
    expect(asked).toHaveLength(1)
  })

  it('a page after the other', async () => {
    const pages: Told[] = []
    for (let after = 0; ; ) {
      const page = await told(kevin, 'events/math', { after, limit: 2 })
      expect(page.length).toBeLessThanOrEqual(2)
      pages.push(...page)
      const last = page.at(-1)
      if (last === undefined) break
      after = last.id
    }
    expect(pages).toEqual(all)
  })

  it('100 without saying how many, and at most 1000', async () => {
    const service = await aService()
    const students = Array.from({ length: 1100 }, (_, i) => ({ username: `student${i}`, ...names }))
    await service.as('root').post('course/large')
    await service.as('root').post('students/large', { students })
    const page = async (query: object) =>
      ((await service.as('root').get('events/large', { ...query })).json.events as Told[]).length
    expect(await page({})).toBe(100)
    expect(await page({ limit: 7 })).toBe(7)
    expect(await page({ limit: 1000 })).toBe(1000)
    expect(await page({ limit: 1_000_000 })).toBe(1000)
  })

  it.each([
    { since: 'yesterday' },
    { until: '2026-13-01 00:00:00' },
    { since: '2026-11-22' },
    { after: 'x' },
    { after: '-1' },
    { after: '1.5' },
    { limit: 'all' },
    { limit: '-1' },
    { limit: '1e3' },
    { limit: '9'.repeat(40) },
  ])('nothing that is no moment and no number: %o', async query => {
    for (const [who, path] of [
      ['kevin', 'events/math'],
      ['marie', 'events'],
    ] as const) {
      const answer = await school.as(who).get(path, query)
      expect(answer).toMatchObject({ status: 400, json: { success: false } })
      expect(answer.json.message).toBeTypeOf('string')
    }
  })
})
