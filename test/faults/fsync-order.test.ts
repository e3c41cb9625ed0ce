/** Power loss, argued from the system calls: what an answer promises has reached the disk before the answer leaves. */
import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { openClassroom } from './classroom.ts'
import { need } from './needs.ts'
import { aNotebook, type Work } from './student-work.ts'
import { readTrace, type SystemCall, tracing, whyNoTracing } from './system-calls.ts'
import { aWorld, type Place } from './world.ts'

vi.setConfig({ testTimeout: 90_000 })

test('a small submission is answered after its commit in the write-ahead log is durable', async context => {
  need(context, whyNoTracing())
  const { calls, place, timestamps } = await traceOf({ submissions: [aNotebook('small', 20_000)] })
  const { during, answer } = exchangeOf(calls, timestamps[0])

  const logWrites = writesTo(during, logOf(place))
  expect(sizeOf(logWrites)).toBeGreaterThan(20_000)
  const logSync = syncOf(during, logOf(place), { after: last(logWrites) })
  expect(logSync.end).toBeLessThan(answer.begin)
  expect(during.filter(call => isAbout(call, join(place.storage, 'staging')))).toEqual([])
})

test('a large submission is durable in its place before its row is written, and its row before the answer', async context => {
  need(context, whyNoTracing())
  const { calls, place, timestamps } = await traceOf({ submissions: [aNotebook('large', 300_000)] })
  const { during, answer } = exchangeOf(calls, timestamps[0])

  const rename = only(during.filter(call => call.name.startsWith('rename')))
  const [staged = '', placed = ''] = rename.texts
  expect(dirname(staged)).toBe(join(place.storage, 'staging'))
  expect(dirname(dirname(placed))).toBe(join(place.storage, 'blobs'))

  const staging = writesTo(during, staged)
  expect(sizeOf(staging)).toBe(300_000)
  const stagedSync = syncOf(during, staged, { after: last(staging) })
  expect(stagedSync.end).toBeLessThan(rename.begin)
  const folderSync = syncOf(during, dirname(placed), { after: rename })
  const logWrites = writesTo(during, logOf(place))
  expect(folderSync.end).toBeLessThan(first(logWrites).begin)
  const logSync = syncOf(during, logOf(place), { after: last(logWrites) })
  expect(logSync.end).toBeLessThan(answer.begin)
})

test('a new folder of blobs is durable in its parent before a row points into it', async context => {
  need(context, whyNoTracing())
  const { calls, place, timestamps } = await traceOf({ submissions: [aNotebook('new folder', 300_000)] })
  const { during } = exchangeOf(calls, timestamps[0])

  const blobs = join(place.storage, 'blobs')
  const created = only(during.filter(isCreation).filter(call => dirname(nameOf(call)) === blobs))
  const parentSync = syncOf(during, blobs, { after: created })
  expect(parentSync.end).toBeLessThan(first(writesTo(during, logOf(place))).begin)
})

test('a folder of blobs that somebody else has made is durable, too, before a row points into it', async context => {
  need(context, whyNoTracing())
  const work = aNotebook('folder of another', 300_000)
  const sha256 = createHash('sha256')
  for (const { bytes } of work) sha256.update(bytes)
  const folder = sha256.digest('hex').slice(0, 2)
  const { calls, place, timestamps } = await traceOf({
    submissions: [work],
    // As a server does that is killed, or is not yet done, between making a folder and making it durable.
    beforeSubmitting: ({ storage }) => mkdirSync(join(storage, 'blobs', folder)),
  })
  const { during } = exchangeOf(calls, timestamps[0])

  const parentSync = during.find(call => isSyncOf(call, join(place.storage, 'blobs')))
  expect(parentSync, 'a sync of the parent').toBeDefined()
  expect(parentSync?.end).toBeLessThan(first(writesTo(during, logOf(place))).begin)
})

test('of many submissions at once none is answered before a sync that began after its own commit', async context => {
  need(context, whyNoTracing())
  const marks = Array.from({ length: 40 }, (_, number) => `<this is the work of student ${number}>`)
  const submissions = marks.map(mark => [{ path: 'notebook.ipynb', bytes: Buffer.from(mark.repeat(500)) }])
  const { calls, place, timestamps } = await traceOf({ submissions })

  const logWrites = writesTo(calls, logOf(place))
  const syncs = calls.filter(call => isSyncOf(call, logOf(place)))
  for (const [number, mark] of marks.entries()) {
    const { answer } = exchangeOf(calls, timestamps[number])
    const commit = commitBehind(
      logWrites,
      logWrites.findLastIndex(write => says(write, mark)),
    )
    const sync = syncs.find(({ begin, end }) => begin > commit.end && end < answer.begin)
    expect(sync, `a sync between the commit and the answer of student ${number}`).toBeDefined()
  }
  console.info(`${marks.length} submissions at once, ${syncs.length} syncs in the whole life of the server`)
})

test('the folders and files of a first start are durable before anything is answered', async context => {
  need(context, whyNoTracing())
  const { calls, place } = await traceOf({ submissions: [] })
  const firstAnswer = first(calls.filter(isAnswer))
  const before = calls.filter(call => call.end < firstAnswer.begin)

  const made = new Map<string, SystemCall>()
  for (const call of before.filter(isCreation)) if (!made.has(nameOf(call))) made.set(nameOf(call), call)
  const lasting = [
    ...[dirname(dirname(place.database)), dirname(place.database), place.database, logOf(place)],
    ...[place.storage, join(place.storage, 'blobs'), join(place.storage, 'staging')],
  ]
  const forgotten = lasting.filter(path => {
    const creation = made.get(path)
    if (creation === undefined) throw new Error(`${path} was never made`)
    return !before.some(sync => isSyncOf(sync, dirname(path)) && sync.begin > creation.end)
  })
  expect(forgotten, 'made, but not durable in their parents').toEqual([])
})

interface Trace {
  readonly calls: readonly SystemCall[]
  readonly place: Place
  /** What each submission was answered. */
  readonly timestamps: readonly string[]
}

interface TraceOptions {
  readonly submissions: readonly Work[]
  readonly beforeSubmitting?: (place: Place) => void
}

/** Starts a server on folders that are not there yet, submits everything at once, stops it. */
async function traceOf({ submissions, beforeSubmitting }: TraceOptions): Promise<Trace> {
  const world = aWorld()
  const place = {
    database: join(world.folder, 'new', 'data', 'ngshare.db'),
    storage: join(world.folder, 'new', 'files'),
  }
  const file = join(world.folder, 'trace')
  const server = await world.start({ ...place, under: tracing(file) })
  const students = submissions.map((_, number) => `student${number}`)
  const classroom = await openClassroom(server, { students: [...students, 'somebody else'] })
  beforeSubmitting?.(place)
  const timestamps = await Promise.all(
    submissions.map((work, number) => classroom.submitted(`student${number}`, work)),
  )
  classroom.client.close()
  expect(await server.stop()).toEqual({ code: 0, signal: null })
  return { calls: await readTrace(file, server.pid), place, timestamps }
}

/** The answer that carries this timestamp, and what happened since its connection was taken, or answered before. */
function exchangeOf(
  calls: readonly SystemCall[],
  timestamp: string | undefined,
): { during: SystemCall[]; answer: SystemCall } {
  const answer = only(calls.filter(call => isAnswer(call) && says(call, `"timestamp": "${timestamp}"`)))
  const earlier = calls.filter(call => call.begin < answer.begin)
  const start = last(
    earlier.filter(call =>
      call.name.startsWith('accept')
        ? call.result === answer.descriptor
        : isAnswer(call) && call.descriptor === answer.descriptor,
    ),
  )
  return { during: earlier.filter(call => call.begin > start.end), answer }
}

function isAnswer(call: SystemCall): boolean {
  return /^(write|writev|sendto|sendmsg)$/.test(call.name) && says(call, 'HTTP/1.1 200 ')
}

function isCreation(call: SystemCall): boolean {
  if (call.result === null || call.result < 0) return false
  return call.name.startsWith('mkdir') || (call.name.startsWith('open') && call.args.includes('O_CREAT'))
}

function isSyncOf(call: SystemCall, path: string): boolean {
  return (call.name === 'fsync' || call.name === 'fdatasync') && call.result === 0 && call.path === path
}

/** The first sync of the file that began after the call, and succeeded. */
function syncOf(calls: readonly SystemCall[], path: string, { after }: { after: SystemCall }): SystemCall {
  return first(calls.filter(call => isSyncOf(call, path) && call.begin > after.end))
}

function writesTo(calls: readonly SystemCall[], path: string): SystemCall[] {
  return calls.filter(call => /^p?write/.test(call.name) && call.path === path)
}

/**
 * The last write of the transaction that the page belongs to. Headers and pages of frames alternate; the header of
 * the last says how large the database is from now on (https://sqlite.org/walformat.html), the others say nothing.
 */
function commitBehind(logWrites: readonly SystemCall[], page: number): SystemCall {
  const header = logWrites.findIndex((write, index) => {
    const [text = ''] = write.texts
    return index >= page - 1 && text.length === 24 && text.slice(4, 8) !== '\0\0\0\0'
  })
  return first(header === -1 ? [] : logWrites.slice(header + 1))
}

function says(call: SystemCall, text: string): boolean {
  return call.texts.some(said => said.includes(text))
}

function isAbout(call: SystemCall, folder: string): boolean {
  return (call.path ?? nameOf(call)).startsWith(folder)
}

function nameOf(call: SystemCall): string {
  return call.texts[0] ?? ''
}

function logOf(place: Place): string {
  return `${place.database}-wal`
}

function sizeOf(writes: readonly SystemCall[]): number {
  return writes.reduce((sum, write) => sum + (write.result ?? 0), 0)
}

function first(calls: readonly SystemCall[]): SystemCall {
  const call = calls[0]
  if (call === undefined) throw new Error('no such system call was made')
  return call
}

function last(calls: readonly SystemCall[]): SystemCall {
  return first(calls.slice(-1))
}

function only(calls: readonly SystemCall[]): SystemCall {
  expect(calls).toHaveLength(1)
  return first(calls)
}
