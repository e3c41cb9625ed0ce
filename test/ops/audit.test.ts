/** `ngshare audit`: the record of events read, exported, and checked for whether someone has changed it. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import Sqlite from 'better-sqlite3'
import { afterAll, describe, expect, it } from 'vitest'
import { openData } from '../../src/compose.ts'
import type { Reader } from '../../src/db/database.ts'
import { type NewEvent, recordEvent } from '../../src/exchange/events.ts'
import { forgetNames, namePeriodsOf, rememberFormerName } from '../../src/exchange/former-names.ts'
import { sealEvents } from '../../src/exchange/history.ts'
import { verifyHistory } from '../../src/exchange/history-check.ts'
import { auditCommand } from '../../src/ops/audit.ts'
import { eventually } from '../faults/eventually.ts'
import { need } from '../faults/needs.ts'
import { runProgram } from '../faults/world.ts'
import { placesOf, runCommand } from '../support/commands.ts'
import { openedData } from '../support/open-data.ts'
import { aFolder, aService, aServiceForTheFile } from '../support/service.ts'
import { file } from '../support/trees.ts'

interface Place {
  readonly database: string
  readonly storage: string
}

interface Fault {
  readonly eventId: number
  readonly kind: string
}

const audit = (place: Place, ...args: string[]) => runCommand(auditCommand, [...args, ...placesOf(place)])
const auditProgram = (place: Place, ...args: string[]) => runProgram(['audit', ...args, ...placesOf(place)])

async function faultsOf(place: Place): Promise<Fault[]> {
  const { json, failure } = await audit(place, 'verify', '--json')
  const faults = json.faults as Fault[]
  expect(failure === null).toBe(faults.length === 0)
  return faults
}

/** Half a term of a course: some twenty events in at least four stretches, the links of the chain between them. */
const service = await aServiceForTheFile()
await service.aCourse('math', {
  instructors: ['kevin'],
  students: ['marie', 'pierre', 'joan'],
  assignments: { ex1: [file('a', 'the task')] },
})
const { exchange, close } = await openData({
  database: `sqlite:///${service.database}`,
  storage: service.storage,
})
afterAll(close)
for (const round of ['first', 'second', 'third']) {
  await sealEvents(exchange)
  for (const student of ['marie', 'pierre', 'joan']) {
    await service.submission(student, 'math/ex1', [file('a', round)])
  }
  const [, timestamp] = (await service.submissions('kevin', 'math/ex1')).at(-3) ?? []
  await service.as('kevin').post('feedback/math/ex1/marie', { timestamp, files: [file('a', 'well')] })
  await service.as('joan').get('assignment/math/ex1')
  await service.as('joan').delete('assignment/math/ex1')
}
await eventually('what was only read or refused is there and in the chain', () => {
  const database = new Sqlite(service.database, { readonly: true })
  const waiting = `select (select count(*) from events where action in ('fetch-assignment', 'refused')) = 6
    and (select max(id) from events) = (select max(last_event_id) from event_seals)`
  const isThere = database.prepare(waiting).pluck().get() === 1
  database.close()
  return isThere
})

/** A copy of that database, at rest. */
async function aRecord(): Promise<Place> {
  const folder = await aFolder()
  const source = new Sqlite(service.database)
  source.pragma('wal_checkpoint(truncate)')
  source.close()
  const database = join(folder, 'ngshare.db')
  await copyFile(service.database, database)
  const place = { database, storage: join(folder, 'files') }
  tamper(place, 'update leases set holder = null') // nobody serves the copy
  return place
}

/** Someone with the file in hand. */
function tamper(place: Place, ...statements: string[]): void {
  const database = new Sqlite(place.database)
  for (const statement of statements) database.exec(statement)
  database.close()
}

function look<Row>(place: Place, query: string): Row[] {
  const database = new Sqlite(place.database, { readonly: true })
  const rows = database.prepare(query).all() as Row[]
  database.close()
  return rows
}

const ids = (place: Place, where: string) =>
  look<{ id: number }>(place, `select id from events where ${where} order by id`).map(row => row.id)

const links = (place: Place) =>
  look<{ last: number }>(place, 'select last_event_id as last from event_seals order by id').map(
    row => row.last,
  )

/** The link that an event is under. */
const linkOf = (place: Place, id: number) => links(place).find(last => last >= id) ?? 0

/** By someone who knows how digests are made: the event says something else, and fits itself. */
async function rewrite(place: Place, id: number, event: NewEvent): Promise<void> {
  const scratch = await aRecord()
  const { exchange, close } = await openedData(scratch)
  await exchange.db.write(trx => recordEvent(trx, event))
  await close()
  tamper(
    place,
    `attach '${scratch.database}' as scratch`,
    `update events set (${factColumns}) = (select ${factColumns} from scratch.events order by id desc limit 1)
     where id = ${id}`,
  )
}

const factColumns = `at, action, result, course, assignment, actor, actor_kind, address, actor_salt, actor_digest,
  subject, subject_salt, subject_digest, digest`

describe('ngshare audit verify', () => {
  it('finds nothing wrong with a record that nobody touched, and says how long it is, and its head', async () => {
    const place = await aRecord()
    const { code, said, complained } = await auditProgram(place, 'verify', '--json')
    expect({ code, complained }).toEqual({ code: 0, complained: '' })
    const [newest] = look<{ hash: string }>(place, 'select hash from event_seals order by id desc limit 1')
    expect(JSON.parse(said)).toMatchObject({
      events: ids(place, 'true').length,
      seals: links(place).length,
      head: newest?.hash,
      faults: [],
    })
    expect(links(place).length).toBeGreaterThanOrEqual(4)
  })

  it('finds nothing wrong with an empty record', async () => {
    const service = await aService()
    expect(await audit(service, 'verify', '--json')).toMatchObject({
      failure: null,
      json: { events: 0, seals: 0, head: null, faults: [] },
    })
  })

  it('does not take a database that is not there for one without faults, and makes none', async () => {
    const folder = await aFolder()
    const { code, said, complained } = await auditProgram(
      { database: join(folder, 'mistyped.db'), storage: join(folder, 'files') },
      'verify',
    )
    expect(code).not.toBe(0)
    expect(said).toBe('')
    expect(complained).toContain('mistyped.db')
    expect(await readdir(folder)).toEqual([])
  })

  it('names the row that was edited, ends with status 1 and says why', async () => {
    const place = await aRecord()
    const id = ids(place, `action = 'submit-assignment'`)[4] ?? 0
    tamper(place, `update events set at = at - 3600000000 where id = ${id}`)
    const asText = await auditProgram(place, 'verify')
    expect(asText.code).toBe(1)
    expect(asText.said.match(/^Event \d+ .*$/gm)).toEqual([`Event ${id} was changed.`])
    expect(asText.complained).toMatch(/\S/)
    expect(asText.complained).not.toMatch(/\n {4}at /)
    const asJson = await auditProgram(place, 'verify', '--json')
    expect(asJson.code).toBe(1)
    expect(JSON.parse(asJson.said).faults).toEqual([{ eventId: id, kind: 'changed' }])
  })

  it.each([
    ['moment', `at = at + 1`, 'changed'],
    ['action', `action = 'fetch-feedback'`, 'changed'],
    ['result', `result = 'not-instructor'`, 'changed'],
    ['course', `course = 'physics'`, 'changed'],
    ['course, to none', `course = null`, 'changed'],
    ['assignment', `assignment = 'ex2'`, 'changed'],
    ['actor', `actor = 'pierre'`, 'name-changed'],
    ['actor, to none', `actor = null`, 'name-changed'],
    ['kind of actor', `actor_kind = 'service'`, expect.stringMatching(/^(name-)?changed$/)],
    ['address', `address = '192.0.2.1'`, 'name-changed'],
    ['address, to none', `address = null`, 'name-changed'],
    ['salt of the actor', `actor_salt = '00'`, 'name-changed'],
    ['subject', `subject = 'joan'`, 'name-changed'],
    ['subject, to none', `subject = null`, 'name-changed'],
    ['salt of the subject', `subject_salt = null`, 'name-changed'],
  ])('names exactly the event of which this was edited: the %s', async (_what, change, kind) => {
    const place = await aRecord()
    const [, id] = ids(place, `action = 'release-feedback'`)
    tamper(place, `update events set ${change} where id = ${id}`)
    expect(await faultsOf(place)).toEqual([{ eventId: id, kind }])
  })

  it('names an event that never had a subject and was given one', async () => {
    const place = await aRecord()
    const [id] = ids(place, `action = 'submit-assignment'`)
    for (const salt of ['null', `'00'`]) {
      tamper(place, `update events set subject = 'joan', subject_salt = ${salt} where id = ${id}`)
      expect(await faultsOf(place)).toEqual([{ eventId: id, kind: 'name-changed' }])
    }
  })

  it('names a refusal that was made a success, and one that was done that was made a refusal', async () => {
    const place = await aRecord()
    const [refused] = ids(place, `action = 'refused'`)
    const [done] = ids(place, `action = 'submit-assignment'`)
    tamper(
      place,
      `update events set result = 'done' where id = ${refused}`,
      `update events set result = 'not-related' where id = ${done}`,
    )
    expect(await faultsOf(place)).toEqual([
      { eventId: done, kind: 'changed' },
      { eventId: refused, kind: 'changed' },
    ])
  })

  it('names the stretch of an event that was edited together with all its digests, and no other', async () => {
    const place = await aRecord()
    const [, id = 0] = ids(place, `action = 'submit-assignment' and actor = 'pierre'`)
    for (const name of ['pierre', 'joan']) {
      const caller = { name, kind: 'user', isAdmin: false, address: '127.0.0.1' } as const
      const act = { action: 'submit-assignment', course: 'math', assignment: 'ex1' } as const
      await rewrite(place, id, { at: 1_700_000_000_000_000, caller, ...act })
      expect(ids(place, `actor = '${name}' and at = 1700000000000000`)).toEqual([id])
      expect(await faultsOf(place)).toMatchObject([{ eventId: linkOf(place, id), kind: 'chain-broken' }])
    }
  })

  it('names exactly the event that was deleted, be it the first under a link, the last, or the newest of all', async () => {
    const [, second = 0, third = 0] = links(await aRecord())
    const newest = links(await aRecord()).at(-1) ?? 0
    for (const id of [second + 1, second + 2, third, newest]) {
      const place = await aRecord()
      tamper(place, `delete from events where id = ${id}`)
      expect(await faultsOf(place)).toEqual([{ kind: 'removed', eventId: id, lastEventId: id }])
    }
  })

  it('names all events that were deleted, those of a row together', async () => {
    const [first = 0, second = 0, third = 0] = links(await aRecord())
    const place = await aRecord()
    tamper(place, `delete from events where id in (2, 3, 4, ${second}, ${second + 1}, ${third})`)
    const removed = (eventId: number, lastEventId = eventId) => ({ kind: 'removed', eventId, lastEventId })
    expect(first).toBeGreaterThan(4)
    expect(await faultsOf(place)).toEqual([
      removed(2, 4),
      removed(second),
      removed(second + 1),
      removed(third),
    ])
    expect((await audit(place, 'verify')).text).toContain(
      `Events 2 to 4 were removed.\nEvent ${second} was removed.\n`,
    )
    tamper(place, 'delete from events')
    const starts = [0, ...links(place)]
    expect(await faultsOf(place)).toEqual(
      links(place).map((last, at) => removed((starts[at] ?? 0) + 1, last)),
    )
  })

  it('says of a deletion only where it was, when there are other reasons why ids are missing', async () => {
    const place = await aRecord()
    const [, first = 0, second = 0] = links(place)
    tamper(
      place,
      `delete from events where id in (${first + 1}, ${first + 2})`,
      `update event_seals set event_count = event_count - 1 where last_event_id = ${second}`,
    )
    expect(await faultsOf(place)).toEqual([
      { kind: 'chain-broken', eventId: second, firstEventId: first + 1 },
    ])
  })

  it('names exactly the events that were put among others, where there was a gap', async () => {
    const folder = await aFolder()
    const place = { database: join(folder, 'ngshare.db'), storage: join(folder, 'files') }
    const { exchange, close } = await openedData(place)
    const caller = { name: 'root', kind: 'user', isAdmin: true, address: null } as const
    const record = () =>
      exchange.db.write(async trx => {
        for (let at = 1; at <= 5; at++) await recordEvent(trx, { at, caller, action: 'create-course' })
      })
    await record()
    tamper(place, `update sqlite_sequence set seq = 20 where name = 'events'`) // as other engines do it
    await record()
    await sealEvents(exchange)
    await record()
    await sealEvents(exchange)
    await close()
    expect(await faultsOf(place)).toEqual([])
    for (const [from, to] of [
      [9, 9],
      [7, 10],
    ] as const) {
      const ids = Array.from({ length: to - from + 1 }, (_, at) => from + at)
      const insert = (id: number) =>
        `insert into events (id, ${factColumns}) select ${id}, ${factColumns} from events where id = 2`
      tamper(place, ...ids.map(insert))
      expect(await faultsOf(place)).toEqual([{ kind: 'added', eventId: from, lastEventId: to }])
      tamper(place, `delete from events where id between ${from} and ${to}`)
    }
    tamper(place, 'delete from events where id = 3')
    expect(await faultsOf(place)).toEqual([{ kind: 'chain-broken', eventId: 25, firstEventId: 1 }])
  })

  it('names an event that was made up', async () => {
    const place = await aRecord()
    const [id] = ids(place, `action = 'submit-assignment'`)
    const newest = links(place).at(-1) ?? 0
    tamper(
      place,
      `insert into events (${factColumns}) select ${factColumns} from events where id = ${id}`,
      `update events set at = at - 1, actor = 'joan' where id > ${newest}`,
    )
    expect(await faultsOf(place)).toEqual([
      { eventId: newest + 1, kind: 'changed' },
      { eventId: newest + 1, kind: 'name-changed' },
    ])
  })

  it('names the stretch into which an event was put in place of another', async () => {
    const place = await aRecord()
    const [, id = 0] = ids(place, `action = 'submit-assignment' and actor = 'marie'`)
    const [other] = ids(place, `action = 'submit-assignment' and actor = 'pierre'`)
    tamper(
      place,
      `delete from events where id = ${id}`,
      `insert into events (id, ${factColumns}) select ${id}, ${factColumns} from events where id = ${other}`,
    )
    expect(await faultsOf(place)).toMatchObject([{ eventId: linkOf(place, id), kind: 'chain-broken' }])
  })

  it('names two events that were swapped, and where they were under different links, those', async () => {
    const [before = 0, first = 0, second = 0] = links(await aRecord())
    const broken = (firstEventId: number, eventId: number) => ({
      kind: 'chain-broken',
      eventId,
      firstEventId,
    })
    const swaps: [one: number, other: number, named: object[]][] = [
      [first + 1, first + 2, [{ kind: 'swapped', eventId: first + 1, otherEventId: first + 2 }]],
      [first + 1, second, [{ kind: 'swapped', eventId: first + 1, otherEventId: second }]],
      [first, first + 1, [broken(before + 1, first), broken(first + 1, second)]],
    ]
    for (const [one, other, named] of swaps) {
      const place = await aRecord()
      tamper(
        place,
        `update events set id = -1 where id = ${one}`,
        `update events set id = ${one} where id = ${other}`,
        `update events set id = ${other} where id = -1`,
      )
      expect(await faultsOf(place)).toEqual(named)
    }
  })

  it('names the stretch after which a link was taken away, the newest link, too', async () => {
    const [first, second, third] = links(await aRecord())
    for (const [removed, named] of [
      [first, second],
      [second, third],
    ]) {
      const place = await aRecord()
      tamper(place, `delete from event_seals where last_event_id = ${removed}`)
      expect(await faultsOf(place)).toMatchObject([{ eventId: named, kind: 'chain-broken' }])
    }
    const place = await aRecord()
    tamper(place, 'delete from event_seals where id = (select max(id) from event_seals)')
    expect(await faultsOf(place)).not.toEqual([])
  })

  it('notices that the newest events were cut off together with their link', async () => {
    const place = await aRecord()
    const cut = links(place).at(-2)
    tamper(
      place,
      `delete from events where id > ${cut}`,
      `delete from event_seals where last_event_id > ${cut}`,
    )
    expect(await faultsOf(place)).not.toEqual([])
  })

  it.each([
    ['hash', `hash = '${'0'.repeat(64)}'`],
    ['end', 'last_event_id = last_event_id - 1'],
    ['count', 'event_count = event_count + 1'],
    ['moment', 'sealed_at = sealed_at - 1'],
  ])('notices a link of which the %s was edited', async (_what, change) => {
    const place = await aRecord()
    const [, link] = links(place)
    tamper(place, `update event_seals set ${change} where last_event_id = ${link}`)
    const faults = await faultsOf(place)
    expect(faults).not.toEqual([])
    for (const fault of faults) expect(fault.kind).toBe('chain-broken')
  })

  it('tells with an earlier head whether the whole chain was made anew', async () => {
    const place = await aRecord()
    const heads = look<{ hash: string }>(place, 'select hash from event_seals order by id').map(
      row => row.hash,
    )
    for (const head of heads) expect((await audit(place, 'verify', '--head', head)).failure).toBeNull()
    const [id = 0] = ids(place, `action = 'submit-assignment'`)
    const caller = { name: 'pierre', kind: 'user', isAdmin: false, address: null } as const
    await rewrite(place, id, { at: 1, caller, action: 'submit-assignment', course: 'math' })
    tamper(place, 'delete from event_seals', 'update event_chain set last_seal_id = 0')
    const { exchange, close } = await openedData(place)
    while ((await sealEvents(exchange)) > 0);
    await close()
    expect(await faultsOf(place)).toEqual([])
    for (const head of heads) {
      const { json, failure } = await audit(place, 'verify', '--json', '--head', head)
      expect(json.faults).toEqual([{ kind: 'head-not-found', eventId: null }])
      expect(failure).not.toBeNull()
    }
    expect((await auditProgram(place, 'verify', '--head', heads[0] ?? '')).said).toContain('made anew')
    const mistyped = await auditProgram(place, 'verify', '--head', 'ABC')
    expect(mistyped).toMatchObject({ code: 2, complained: expect.stringContaining('--head') as unknown })
  })

  it('names all there is to name, in order', async () => {
    const place = await aRecord()
    const [one = 0, two = 0, three = 0] = ids(place, `action = 'release-feedback'`)
    tamper(
      place,
      `update events set subject = 'joan' where id = ${three}`,
      `update events set course = 'physics' where id = ${two}`,
      `update events set actor = 'root', at = 0 where id = ${one}`,
    )
    expect(await faultsOf(place)).toEqual([
      { eventId: one, kind: 'changed' },
      { eventId: one, kind: 'name-changed' },
      { eventId: two, kind: 'changed' },
      { eventId: three, kind: 'name-changed' },
    ])
  })

  it('does not repair what it finds, and the chain goes on behind it', async () => {
    const place = await aRecord()
    const [id] = ids(place, `action = 'release-feedback'`)
    tamper(place, `update events set at = 0 where id = ${id}`)
    const next = await aService({ folder: join(place.database, '..') })
    await next.as('root').post('course/physics')
    await next.close()
    for (const _ of ['once', 'and again']) {
      expect(await faultsOf(place)).toEqual([{ eventId: id, kind: 'changed' }])
    }
    expect(links(place).at(-1)).toBe(ids(place, `action = 'create-course'`).at(-1))
  })
})

describe('names that are forgotten', () => {
  it('are gone, former ones and addresses too; the events are there, and the record is as good as before', async () => {
    const place = await aRecord()
    const count = ids(place, 'true').length
    const byJoan = ids(place, `actor = 'joan'`)
    expect(ids(place, `subject = 'joan'`)).toHaveLength(1)
    const { exchange } = await openedData(place)
    const { id: userId } = await exchange.db.read
      .selectFrom('users')
      .select('id')
      .where('name', '=', 'joan')
      .executeTakeFirstOrThrow()
    const caller = { name: 'jeanne', kind: 'user', isAdmin: false, address: '192.0.2.7' } as const
    await exchange.db.write(async trx => {
      await rememberFormerName(trx, { userId, name: 'jeanne', at: 1 })
      await recordEvent(trx, { at: 1, caller, action: 'submit-assignment', course: 'math' })
    })
    await sealEvents(exchange)
    await exchange.db.write(async trx => {
      await forgetNames(trx, await namePeriodsOf(trx, userId))
      await trx.deleteFrom('former_names').execute()
    })
    expect(await faultsOf(place)).toEqual([])
    const rows = look<object>(place, 'select * from events')
    expect(rows).toHaveLength(count + 1)
    const { text } = await audit(place, 'list', '--format', 'jsonl')
    const formerNames = look<object>(place, 'select * from former_names')
    for (const gone of ['joan', 'jeanne', '192.0.2.7']) {
      expect(JSON.stringify([rows, formerNames]) + text).not.toContain(gone)
    }
    expect(ids(place, `actor is null`)).toEqual([...byJoan, count + 1])
    expect(ids(place, `actor = 'marie'`).length).toBeGreaterThan(0)
  })

  it('leave a record in which every edit still shows', async () => {
    const place = await aRecord()
    const { exchange } = await openedData(place)
    await exchange.db.write(trx => forgetNames(trx, [{ name: 'marie', from: 0, before: null }]))
    const [id] = ids(place, `actor is null and action = 'submit-assignment'`)
    for (const [change, undo] of [
      [`actor = 'pierre'`, 'actor = null'],
      [`actor = 'pierre', actor_salt = '00'`, 'actor = null, actor_salt = null'],
      [`address = '192.0.2.1'`, 'address = null'],
      [`actor_kind = 'service'`, `actor_kind = 'user'`],
      [`action = 'fetch-feedback'`, `action = 'submit-assignment'`],
    ]) {
      tamper(place, `update events set ${change} where id = ${id}`)
      expect(await faultsOf(place), change).toMatchObject([{ eventId: id }])
      tamper(place, `update events set ${undo} where id = ${id}`)
      expect(await faultsOf(place), undo).toEqual([])
    }
  })
})

describe('the chain', () => {
  it('takes in events about a second after they happened, while the server runs', async () => {
    const service = await aService()
    await service.as('root').post('course/math')
    const [newest] = ids(service, `action = 'create-course'`)
    await eventually('it is in the chain', () => links(service).at(-1) === newest, 4000)
    expect(await faultsOf(service)).toEqual([])
  })

  it('goes on after a restart', async () => {
    const folder = await aFolder()
    let before: { head: unknown; events: number } = { head: null, events: 0 }
    for (const course of ['first', 'second', 'third']) {
      const service = await aService({ folder })
      await service.as('root').post(`course/${course}`)
      await service.close()
      const { json, failure } = await audit(service, 'verify', '--json')
      expect(failure).toBeNull()
      expect(json).toMatchObject({ events: before.events + 1, faults: [] })
      expect(json.head).not.toBe(before.head)
      expect(links(service).at(-1)).toBe(ids(service, 'true').at(-1))
      before = { head: json.head, events: Number(json.events) }
    }
  })

  it('takes in what a server was killed over before it could', async () => {
    const folder = await aFolder()
    const place = { database: join(folder, 'ngshare.db'), storage: join(folder, 'files') }
    const { exchange } = await openedData(place)
    const caller = { name: 'root', kind: 'user', isAdmin: true, address: null } as const
    await exchange.db.write(trx => recordEvent(trx, { at: 1, caller, action: 'create-course', course: 'x' }))
    expect(links(place)).toEqual([])
    await (await aService({ folder })).close()
    expect(links(place)).toEqual([1])
    expect(await faultsOf(place)).toEqual([])
  })

  it('is one, also where two servers write at the same time', async () => {
    const folder = await aFolder()
    const [one, other] = [await aService({ folder }), await aService({ folder })]
    await one.aCourse('math', { students: ['marie', 'pierre'], assignments: { ex1: [] } })
    for (let round = 0; round < 3; round++) {
      await Promise.all(
        Array.from({ length: 20 }, async (_, i) => {
          const service = i % 2 === 0 ? one : other
          await service.submission(i % 3 === 0 ? 'marie' : 'pierre', 'math/ex1', [])
          await service.as('marie').get('assignment/math/ex1')
        }),
      )
      const data = await Promise.all([openedData(one), openedData(one)])
      await Promise.all(data.map(({ exchange }) => sealEvents(exchange)))
      expect(await faultsOf(one)).toEqual([])
    }
    await Promise.all([one.close(), other.close()])
    expect(await faultsOf(one)).toEqual([])
    expect(ids(one, `action = 'fetch-assignment'`)).toHaveLength(60)
    expect(links(one).at(-1)).toBe(ids(one, 'true').at(-1))
  })

  it('is found whole by whoever checks it while it grows', async () => {
    const folder = await aFolder()
    const place = { database: join(folder, 'ngshare.db'), storage: join(folder, 'files') }
    const { exchange } = await openedData(place)
    const caller = { name: 'root', kind: 'user', isAdmin: true, address: null } as const
    await exchange.db.write(async trx => {
      for (let at = 1; at <= 4500; at++) await recordEvent(trx, { at, caller, action: 'create-course' })
    })
    expect(await verifyHistory(exchange.db.read)).toMatchObject({ events: 4500, faults: [] })
    const copy = { database: join(folder, 'copy.db'), storage: place.storage }
    await exchange.db.copyTo(copy.database)
    const { exchange: sealing } = await openedData(copy)
    while ((await sealEvents(sealing)) > 0);
    const read = between(exchange.db.read, 2, () => sealAll(place, copy))
    const check = await verifyHistory(read)
    expect(links(place).at(-1)).toBe(4500)
    expect(check.faults).toEqual([])
  })
})

/** A reader during whose work, after so many queries, something else happens. */
function between(reader: Reader, queries: number, happens: () => void): Reader {
  let count = 0
  return new Proxy(reader, {
    get(target, name) {
      if (name === 'selectFrom' && count++ === queries) happens()
      const value = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** As another process might: the links that a copy of the record has been given. */
function sealAll(place: Place, copy: Place): void {
  tamper(place, `attach '${copy.database}' as copy`, 'insert into event_seals select * from copy.event_seals')
}

interface Listed {
  readonly id: number
  readonly at: string
  readonly actor: string | null
  readonly action: string
  readonly result: string
  readonly assignment: string | null
  readonly subject: string | null
  readonly course: string | null
}

async function list(place: Place, ...args: string[]): Promise<Listed[]> {
  const { text, failure } = await audit(place, 'list', '--format', 'jsonl', ...args)
  expect(failure).toBeNull()
  return text === '' ? [] : text.split('\n').map(line => JSON.parse(line))
}

const all = await list(service)
const [submitted] = all.filter(event => event.action === 'submit-assignment')

describe('ngshare audit list', () => {
  it('shows who did what to what, from where and with what result, an event a line', async () => {
    const { code, said, complained } = await auditProgram(service)
    expect({ code, complained }).toEqual({ code: 0, complained: '' })
    const lines = said.trimEnd().split('\n')
    expect(lines).toHaveLength(all.length)
    const refused = lines[all.findIndex(event => event.action === 'refused')]
    for (const word of ['joan', 'math/ex1', '127.0.0.1', 'not-instructor']) expect(refused).toContain(word)
  })

  it.each<[args: string[], holds: (event: Listed) => boolean]>([
    [['--course', 'math'], event => event.course === 'math'],
    [['--course', 'physics'], () => false],
    [['--assignment', 'ex1'], event => event.assignment === 'ex1'],
    [['--user', 'marie'], event => event.actor === 'marie' || event.subject === 'marie'],
    [['--action', 'submit-assignment'], event => event.action === 'submit-assignment'],
    [['--result', 'not-instructor'], event => event.action === 'refused'],
    [['--result', 'done'], event => event.action !== 'refused'],
    [['--since', submitted?.at ?? ''], event => event.at >= (submitted?.at ?? '')],
    [['--until', submitted?.at ?? ''], event => event.at < (submitted?.at ?? '')],
    [['--since', '2020-01-01'], () => true],
    [['--until', '2020-01-01'], () => false],
    [
      ['--user', 'marie', '--action', 'submit-assignment', '--course', 'math'],
      event => event.actor === 'marie' && event.action === 'submit-assignment',
    ],
  ])('filters: %j', async (args, holds) => {
    expect(await list(service, ...args)).toEqual(all.filter(holds))
  })

  it.each([
    ['--since', 'yesterday'],
    ['--until', '2026-13-01 00:00:00'],
    ['--format', 'xml'],
  ])('refuses %s %s', async (option, value) => {
    const { code, said, complained } = await auditProgram(service, 'list', option, value)
    expect({ code, said }).toEqual({ code: 2, said: '' })
    expect(complained).toContain(option)
  })

  it('reads a record that is longer than a page', async () => {
    const folder = await aFolder()
    const place = { database: join(folder, 'ngshare.db'), storage: join(folder, 'files') }
    const { exchange } = await openedData(place)
    const caller = { name: 'root', kind: 'user', isAdmin: true, address: null } as const
    await exchange.db.write(async trx => {
      for (let at = 1; at <= 2500; at++) await recordEvent(trx, { at, caller, action: 'create-course' })
    })
    expect((await list(place)).map(event => event.id)).toEqual(Array.from({ length: 2500 }, (_, i) => i + 1))
  })

  it('stops when nobody reads on, without a word', async () => {
    const folder = await aFolder()
    const place = { database: join(folder, 'ngshare.db'), storage: join(folder, 'files') }
    const { exchange } = await openedData(place)
    const caller = { name: 'root', kind: 'user', isAdmin: true, address: null } as const
    await exchange.db.write(async trx => {
      for (let at = 1; at <= 5000; at++) await recordEvent(trx, { at, caller, action: 'create-course' })
    })
    const script = `"$@" | head -n 1`
    const command = [process.execPath, join(import.meta.dirname, '../../bin/ngshare'), 'audit']
    const { stdout, stderr } = await promisify(execFile)('sh', [
      ...['-c', script, 'sh'],
      ...command,
      ...placesOf(place),
    ])
    expect(stdout.split('\n')).toHaveLength(2)
    expect(stderr).toBe('')
  })

  it('needs no more memory for a long record, and waits for whoever reads it slowly', async context => {
    need(context, process.platform === 'linux' ? null : 'memory is read from /proc')
    const folder = await aFolder()
    const place = { database: join(folder, 'ngshare.db'), storage: join(folder, 'files') }
    await (await openedData(place)).close()
    const count = 300_000
    tamper(
      place,
      `with recursive n (id) as (select 1 union all select id + 1 from n where id < ${count})
       insert into events (id, at, action, result, actor, actor_kind, actor_salt, actor_digest, digest)
       select id, id, 'create-course', 'done', 'root', 'user', '', '', hex(zeroblob(32)) from n`,
    )
    const bin = join(import.meta.dirname, '../../bin/ngshare')
    const listing = spawn(process.execPath, [bin, 'audit', '--json', ...placesOf(place)])
    const memoryNow = async () =>
      Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${listing.pid}/status`, 'utf8'))?.[1]) / 1024
    let [lines, bytes, most] = [0, 0, 0]
    await once(listing.stdout, 'readable')
    await sleep(1500) // long enough to write all of it, if it did not wait
    for await (const chunk of listing.stdout) {
      if (bytes % 10_000_000 < chunk.length) most = Math.max(most, await memoryNow().catch(() => 0))
      bytes += chunk.length
      for (const byte of chunk) if (byte === 10) lines++
    }
    expect(lines).toBe(count)
    expect(bytes).toBeGreaterThan(40_000_000)
    console.info(`${bytes} bytes, at most ${most} MB of memory`)
    expect(most).toBeGreaterThan(20)
    expect(most).toBeLessThan(250) // 370 when it does not wait
  })

  it('does not change the record by reading it', async () => {
    await audit(service)
    expect(await list(service)).toEqual(all)
  })
})

describe('the export', () => {
  /** As someone with a spreadsheet in mind might call themselves. */
  const odd = ['=1+1', '+1', '-1', '@SUM(A1)', 'a,b', 'say "hi"', ' lead', 'größe', `'quoted'`, '=a,"b"']

  async function anOddClass() {
    const service = await aService()
    await service.aCourse('math, "advanced"', { instructors: ['kevin'], students: odd })
    return service
  }

  it('as JSON Lines has each event as an object, names as they are', async () => {
    const service = await anOddClass()
    const events = await list(service, '--action', 'set-student')
    expect(events.map(event => event.subject)).toEqual(odd)
    expect(events[0]).toEqual({
      id: expect.any(Number),
      at: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/),
      actor: 'root',
      actorKind: 'user',
      address: '127.0.0.1',
      action: 'set-student',
      result: 'done',
      course: 'math, "advanced"',
      assignment: null,
      subject: '=1+1',
    })
  })

  it('as CSV has a head and a row for each event, quoted where it must be', async () => {
    const service = await anOddClass()
    const { text } = await audit(service, 'list', '--format', 'csv')
    const [head = [], ...rows] = parseCsv(text)
    const events = await list(service)
    expect(head).toEqual(
      expect.arrayContaining(['id', 'at', 'actor', 'address', 'action', 'result', 'course', 'subject']),
    )
    expect(rows).toHaveLength(events.length)
    for (const [i, row] of rows.entries()) {
      expect(row).toHaveLength(head.length)
      const cell = (name: string) => row[head.indexOf(name)]
      const { id, at, course } = events[i] ?? {}
      expect([cell('id'), cell('at'), cell('course')]).toEqual([String(id), at, course])
      expect(cell('assignment')).toBe('')
    }
  })

  it('as CSV has nothing that a spreadsheet would take for a formula', async () => {
    const service = await anOddClass()
    const { text } = await audit(service, 'list', '--format', 'csv', '--action', 'set-student')
    const [head = [], ...rows] = parseCsv(text)
    const subjects = rows.map(row => row[head.indexOf('subject')] ?? '')
    expect(subjects.map(subject => subject.replace(/^'(?=[=+\-@])/, ''))).toEqual(odd)
    for (const cell of rows.flat()) expect(cell).not.toMatch(/^[=+\-@\t\r]/)
  })

  it('keeps a line break in an old name within its row, and its event', async () => {
    const folder = await aFolder()
    const place = { database: join(folder, 'ngshare.db'), storage: join(folder, 'files') }
    const { exchange } = await openedData(place)
    const caller = { name: 'line\nbreak', kind: 'user', isAdmin: true, address: null } as const
    await exchange.db.write(trx =>
      recordEvent(trx, { at: 1, caller, action: 'submit-assignment', subject: '\t=1' }),
    )
    const [, ...rows] = parseCsv((await audit(place, 'list', '--format', 'csv')).text)
    expect(rows).toHaveLength(1)
    expect(rows[0]).toContain('line\nbreak')
    expect((await list(place))[0]).toMatchObject({ actor: 'line\nbreak', subject: '\t=1' })
    expect((await audit(place)).text.split('\n')).toHaveLength(1)
  })

  it('for people has no control characters of somebody’s making', async () => {
    const folder = await aFolder()
    const place = { database: join(folder, 'ngshare.db'), storage: join(folder, 'files') }
    const { exchange } = await openedData(place)
    const caller = { name: '\u001b[31mred', kind: 'user', isAdmin: true, address: null } as const
    await exchange.db.write(trx => recordEvent(trx, { at: 1, caller, action: 'submit-assignment' }))
    expect((await audit(place)).text).not.toContain('\u001b')
  })
})

/** RFC 4180. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [[]]
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y
  while (cell.lastIndex < text.length) {
    const match = cell.exec(text)
    if (match === null) throw new Error('no CSV')
    const [, quoted, plain = '', end] = match
    rows.at(-1)?.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'))
    if (end !== ',' && cell.lastIndex < text.length) rows.push([])
    if (end === ',' && cell.lastIndex === text.length) rows.at(-1)?.push('')
  }
  return rows
}
