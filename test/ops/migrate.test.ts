/** `ngshare migrate`: all of it arrives, the old place takes nothing any more, and nobody who was told "submitted" is forgotten. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openData } from '../../src/compose.ts'
import { freeze, markArriving, thaw } from '../../src/db/freeze.ts'
import { purgeHidden } from '../../src/exchange/housekeeping.ts'
import { auditCommand } from '../../src/ops/audit.ts'
import { migrateCommand } from '../../src/ops/migrate.ts'
import { userCommand } from '../../src/ops/user.ts'
import { verifyCommand } from '../../src/ops/verify.ts'
import { Classroom, openClassroom } from '../faults/classroom.ts'
import { forEach } from '../faults/eventually.ts'
import { aNotebook, summaryOf } from '../faults/student-work.ts'
import { aWorld, type Place, placeOptions, runProgram } from '../faults/world.ts'
import { failure } from '../support/answers.ts'
import { placesOf, runCommand } from '../support/commands.ts'
import { openedData } from '../support/open-data.ts'
import { aPostgresForTheFile } from '../support/postgres-for-the-file.ts'
import { aFolder, aService, type Service } from '../support/service.ts'
import { fetched, file, noise } from '../support/trees.ts'
import { changeStoredBytes, storedFile } from './damage.ts'
import { aClass, notebook, plot, shared, students } from './stories.ts'

const program = fileURLToPath(new URL('../../bin/ngshare', import.meta.url))

const toOptions = (to: Place) => ['--to-database', `sqlite:///${to.database}`, '--to-storage', to.storage]

const migrate = (from: Place, to: Place, ...args: string[]) =>
  runCommand(migrateCommand, [...placesOf(from), ...toOptions(to), '--json', ...args])

const takeBack = (from: Place) => runCommand(migrateCommand, [...placesOf(from), '--take-back', '--json'])

/** Where a service in that folder keeps its data: nothing is there yet. */
async function anEmptyPlace(): Promise<Place & { folder: string }> {
  const folder = await aFolder()
  return { folder, database: join(folder, 'ngshare.db'), storage: join(folder, 'files') }
}

const workOf = async (service: Service, student: string) =>
  (await service.as('kevin').get(`submission/math/ex1/${student}`)).json

const receiptOf = async (service: Service, student: string) =>
  (await service.as(student).get(`receipt/math/ex1/${student}`)).json

describe('a move', () => {
  it('brings everything to where a server goes on with it', async () => {
    const service = await aService()
    const timestamps = await aClass(service)
    await service.as('kevin').post('feedback/math/ex1/marie', {
      timestamp: timestamps.marie,
      files: [file('well.html', 'well done')],
    })
    const receipt = await receiptOf(service, 'marie')
    const place = await anEmptyPlace()
    const moved = await migrate(service, place)
    expect(moved).toMatchObject({ failure: null, json: { moved: true, newFiles: 4, damaged: [] } })
    expect(moved.json.tables).toMatchObject({ submissions: { rows: 3 }, blobs: { rows: 9 } })
    expect(moved.json.settings).toEqual({
      NGSHARE_DATABASE: `sqlite:///${place.database}`,
      NGSHARE_STORAGE: place.storage,
    })
    expect((await runCommand(verifyCommand, [...placesOf(place), '--json'])).failure).toBeNull()
    expect((await runCommand(auditCommand, ['verify', ...placesOf(place)])).failure).toBeNull()
    const there = await aService({ folder: place.folder })
    for (const student of students)
      expect(await workOf(there, student)).toEqual(await workOf(service, student))
    expect(await receiptOf(there, 'marie')).toEqual(receipt)
    const feedback = await there.as('marie').get('feedback/math/ex1/marie', { timestamp: timestamps.marie })
    expect(feedback.json.files).toEqual([fetched('well.html', 'well done')])
    await there.submission('marie', 'math/ex1', [file('a', noise(100_000))])
    expect(there.log).toEqual([])
  })

  it('leaves the old server reading, and refusing all that would be lost', async () => {
    const service = await aService()
    await aClass(service)
    await migrate(service, await anEmptyPlace())
    const before = await service.storedFileCount()
    const files = [file('late.bin', noise(200_000))]
    const refused = await service.as('marie').post('submission/math/ex1', { files })
    expect(refused).toMatchObject(
      failure(
        503,
        'The exchange is being moved, and takes nothing new just now. Nothing was stored; try again in a minute.',
      ),
    )
    expect(refused.headers['retry-after']).toMatch(/^\d+$/)
    expect(await service.storedFileCount()).toBe(before)
    for (const [method, path] of [
      ['POST', 'course/physics'],
      ['DELETE', 'assignment/math/ex1'],
      ['DELETE', 'student/math/marie'],
    ] as const) {
      expect((await service.ask(method, `/api/${path}?user=root`)).status).toBe(503)
    }
    expect((await service.ask('GET', '/readyz')).status).toBe(200)
    expect((await workOf(service, 'marie')).success).toBe(true)
  })

  it('keeps the old server from being started by mistake, until it is taken back', async () => {
    const folder = await aFolder()
    const service = await aService({ folder })
    await aClass(service)
    const place = await anEmptyPlace()
    await migrate(service, place)
    await service.close()
    await expect(aService({ folder })).rejects.toThrow(
      `this installation was moved to sqlite:///${place.database} and ${place.storage}`,
    )
    expect((await migrate(service, await anEmptyPlace())).failure).toContain('it was moved to')
    expect(await takeBack(service)).toMatchObject({ failure: null, json: { takenBack: true } })
    const again = await aService({ folder })
    await again.submission('marie', 'math/ex1', [file('a', 'b')])
    expect((await takeBack(service)).json).toMatchObject({ takenBack: false })
  })

  it('is ended by the next one when it was cut off after the old place had been closed, and before the new one was opened', async () => {
    const service = await aService()
    await aClass(service)
    const place = await anEmptyPlace()
    await migrate(service, place)
    const cutOff = (await openedData(place)).exchange
    await markArriving(cutOff.db, `sqlite:///${service.database} and ${service.storage}`)
    await expect(aService({ folder: place.folder })).rejects.toThrow('has not all arrived')
    expect(await migrate(service, place)).toMatchObject({
      failure: null,
      json: { moved: true, newFiles: 0, tables: { submissions: { rows: 3 } } },
    })
    const there = await aService({ folder: place.folder })
    await there.submission('marie', 'math/ex1', [file('a', 'b')])
    expect((await migrate(service, place)).failure).toContain('it was moved to')
  })

  it('only tells what it would do, when asked', async () => {
    const service = await aService()
    await aClass(service)
    const place = await anEmptyPlace()
    const told = await migrate(service, place, '--dry-run')
    expect(told).toMatchObject({ failure: null, json: { moved: false, files: 4, rows: { submissions: 3 } } })
    await service.submission('marie', 'math/ex1', [file('a', 'b')])
    await expect(openedData(place)).resolves.toMatchObject({}) // a new one: nothing was there
    expect((await migrate(service, place)).failure).toBeNull()
  })

  it('goes to an empty place only', async () => {
    const [service, other] = [await aService(), await aService({ testData: true })]
    await aClass(service)
    expect((await migrate(service, other)).failure).toContain('there is an installation already')
    expect((await migrate(service, service)).failure).toContain('must both be others')
    const place = await anEmptyPlace()
    await migrate(other, place)
    expect((await migrate(service, place)).failure).toContain('there is an installation already')
    await service.submission('marie', 'math/ex1', [file('a', 'b')])
  })

  it('brings damaged files as they are, and says whose they are to be looked at', async () => {
    const service = await aService()
    await aClass(service)
    changeStoredBytes(service, notebook('lise'), noise(5000, 'other bytes'))
    const place = await anEmptyPlace()
    const moved = await migrate(service, place)
    expect(moved.failure).toContain('moved, but 1 blob had been damaged before')
    expect(moved.json).toMatchObject({ moved: true, damaged: [{ location: null }] })
    const there = await aService({ folder: place.folder })
    expect((await workOf(there, 'marie')).files).toContainEqual(fetched('plot.png', plot('marie')))
    expect(storedFile(there, shared)).not.toBeNull()
  })
})

describe('a move that was cut off', () => {
  it('goes on with what has come, and with what was purged, forgotten and changed since', async () => {
    const service = await aService()
    await aClass(service)
    const place = await anEmptyPlace()
    // The first run comes to where the source must be frozen, and cannot.
    const source = await openedData(service)
    await freeze(source.exchange.db, { place: 'elsewhere', tables: [], forSeconds: 60 })
    expect((await migrate(service, place)).failure).toContain('another `ngshare migrate` is at work')
    await thaw(source.exchange.db, [])
    await migrate(service, place)
    await takeBack(service)
    await service.as('root').post('course/physics', {})
    await service.submission('marie', 'math/ex1', [file('new.bin', noise(90_000, 'new'))])
    await runCommand(userCommand, ['erase', 'lise', '--yes', ...placesOf(service)])
    await runCommand(userCommand, ['rename', 'emmy', 'noether', ...placesOf(service)])
    const target = await openedData(place)
    await markArriving(target.exchange.db, `sqlite:///${service.database} and ${service.storage}`)
    expect(await migrate(service, place)).toMatchObject({ failure: null, json: { moved: true } })
    expect((await runCommand(verifyCommand, [...placesOf(place), '--json'])).failure).toBeNull()
    expect((await runCommand(auditCommand, ['verify', ...placesOf(place)])).failure).toBeNull()
    const there = await aService({ folder: place.folder })
    expect((await there.as('root').get('courses')).json.courses).toEqual(['math', 'physics'])
    expect(await there.submissions('kevin', 'math/ex1')).toEqual(
      await service.submissions('kevin', 'math/ex1'),
    )
    expect((await workOf(there, 'noether')).files).toContainEqual(fetched('plot.png', plot('emmy')))
  })

  it('keeps servers from starting on what is not whole', async () => {
    const service = await aService()
    await aClass(service)
    const place = await anEmptyPlace()
    const target = await openedData(place)
    await markArriving(target.exchange.db, 'sqlite:////somewhere and /files')
    await expect(aService({ folder: place.folder })).rejects.toThrow('has not all arrived')
    expect((await migrate(service, place)).failure).toContain('take an empty place')
  })
})

describe('a move between engines', () => {
  const postgres = aPostgresForTheFile()
  const aDatabase = async () => postgres().url(await postgres().newDatabase())
  const placesAt = (database: string, storage: string) => ['--database', database, '--storage', storage]
  const moved = (from: readonly string[], [, toDatabase = '', , toStorage = '']: readonly string[]) =>
    runCommand(migrateCommand, [...from, '--to-database', toDatabase, '--to-storage', toStorage, '--json'])

  it('from SQLite to PostgreSQL, and back, changes no row and no digest', async () => {
    const service = await aService()
    const timestamps = await aClass(service)
    await service.as('kevin').post('feedback/math/ex1/lise', {
      timestamp: timestamps.lise,
      files: [file('well.html', 'well done')],
    })
    await service.as('kevin').delete('student/math/emmy')
    await service.as('kevin').post('assignment/math/gone', { files: [] })
    await service.submission('marie', 'math/gone', [file('gone', noise(70_000, 'gone'))])
    await service.as('kevin').delete('assignment/math/gone')
    expect(await purgeHidden((await openedData(service)).exchange, { hiddenBefore: Date.now() + 1 })).toBe(1)
    await receiptOf(service, 'marie')
    await runCommand(userCommand, ['erase', 'emmy', '--yes', ...placesOf(service)])
    const large = placesAt(await aDatabase(), join(await aFolder(), 'files'))
    const there = await moved(placesOf(service), large)
    expect(there).toMatchObject({ failure: null, json: { moved: true, damaged: [] } })
    expect((await runCommand(verifyCommand, [...large, '--json'])).failure).toBeNull()
    expect((await runCommand(auditCommand, ['verify', ...large])).failure).toBeNull()
    const place = await anEmptyPlace()
    const back = await moved(large, placesOf(place))
    expect(back).toMatchObject({ failure: null, json: { moved: true } })
    expect(back.json.tables).toEqual(there.json.tables)
    expect((await runCommand(verifyCommand, [...placesOf(place), '--json'])).failure).toBeNull()
    const again = await aService({ folder: place.folder })
    expect(await workOf(again, 'lise')).toEqual(await workOf(service, 'lise'))
    expect(await receiptOf(again, 'marie')).toEqual(await receiptOf(service, 'marie'))
    await again.submission('marie', 'math/ex1', [file('a', 'b')])
  })

  it('leaves PostgreSQL refusing changes, until that is taken back', async () => {
    const large = placesAt(await aDatabase(), join(await aFolder(), 'files'))
    const [, database = '', , storage = ''] = large
    const open = await openData({ database, storage })
    onTestFinished(() => open.close())
    const add = (name: string) =>
      open.exchange.db.write(trx => trx.insertInto('users').values({ name, created_at: 1 }).execute())
    await add('ann')
    expect((await moved(large, placesOf(await anEmptyPlace()))).failure).toBeNull()
    await expect(add('bob')).rejects.toMatchObject({ kind: 'frozen' })
    expect((await runCommand(migrateCommand, [...large, '--take-back'])).failure).toBeNull()
    await add('bob')
  })

  it('gives new rows ids that no row had before, also of rows that are gone', async () => {
    const service = await aService()
    await aClass(service)
    await service.as('root').post('instructor/math/last', { first_name: '', last_name: '', email: '' })
    await runCommand(userCommand, ['merge', 'last', 'emmy', '--yes', ...placesOf(service)])
    const before = await nextUserId(placesOf(service))
    const large = placesAt(await aDatabase(), join(await aFolder(), 'files'))
    expect((await moved(placesOf(service), large)).failure).toBeNull()
    expect(await nextUserId(large)).toBe(before)
  })

  async function nextUserId([, database = '', , storage = '']: readonly string[]): Promise<number> {
    const { exchange, close } = await openData({ database, storage })
    try {
      const giveUp = new Error('only looking')
      let id = 0
      await exchange.db
        .write(async trx => {
          const row = { name: 'nobody', created_at: 1 }
          ;({ id } = await trx.insertInto('users').values(row).returning('id').executeTakeFirstOrThrow())
          throw giveUp
        })
        .catch(error => {
          if (error !== giveUp) throw error
        })
      return id
    } finally {
      await close()
    }
  }
})

describe('a move of a server under load', () => {
  it('loses nothing that was acknowledged, even if it is killed several times', async () => {
    const world = aWorld()
    const classmates = Array.from({ length: 30 }, (_, number) => `student${number}`)
    const classroom = await openClassroom(await world.start(), { students: classmates })
    const place = {
      database: join(world.folder, 'new', 'ngshare.db'),
      storage: join(world.folder, 'new', 'files'),
    }
    const acknowledged = new Map<string, string>()
    const refusals: number[] = []
    let isOver = false
    const submitting = Array.from({ length: 4 }, async (_, lane) => {
      for (let number = 0; !isOver; number++) {
        const student = classmates[(number * 4 + lane) % classmates.length] ?? ''
        const work = aNotebook(`${lane} ${number}`, number % 3 === 0 ? 100_000 : 4000)
        const { status, fields } = await classroom.submit(student, work)
        if (status === 200) acknowledged.set(`${student} ${fields.timestamp as string}`, summaryOf(work))
        else refusals.push(status)
        await sleep(status === 200 ? 5 : 50)
      }
    })
    const args = ['migrate', ...placeOptions(world), ...toOptions(place), '--json']
    for (const ms of [400, 700, 1000]) {
      await sleep(200)
      const killed = spawn(process.execPath, [program, ...args], { stdio: 'ignore' })
      const exited = once(killed, 'exit')
      await sleep(ms)
      killed.kill('SIGKILL')
      await exited
    }
    let last = await runProgram(args)
    // Killed while nobody could change anything: the old server takes uploads again a minute later at the latest.
    while (last.complained.includes('another `ngshare migrate` is at work')) {
      await sleep(3000)
      last = await runProgram(args)
    }
    // The last of those that were to be killed may have ended before.
    const hadEnded = last.complained.includes('it was moved to')
    expect(hadEnded ? '' : last.complained).not.toContain('Error')
    expect(hadEnded || last.code === 0, last.complained).toBe(true)
    await sleep(300)
    isOver = true
    await Promise.all(submitting)
    expect(acknowledged.size).toBeGreaterThan(10)
    expect(new Set(refusals)).toEqual(new Set([503]))

    const there = new Classroom(await world.start(place))
    const listed = await there.list()
    const keys = new Map(listed.map(each => [`${each.student_id} ${each.timestamp}`, each]))
    const lost: string[] = []
    await forEach(acknowledged, 8, async ([key, summary]) => {
      const submission = keys.get(key)
      if (submission === undefined || (await there.summary(submission)) !== summary) lost.push(key)
    })
    expect(lost).toEqual([])
    expect(listed.length).toBe(acknowledged.size)
    expect((await runProgram(['verify', ...placeOptions(place)])).code).toBe(0)
  }, 150_000)
})
