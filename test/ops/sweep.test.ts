/** `ngshare sweep`: the hourly round by hand, and what it and the round itself put on record. */
import { readdir, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { expect, it } from 'vitest'
import { openDiskStore } from '../../src/content/disk-store.ts'
import { auditCommand } from '../../src/ops/audit.ts'
import { sweepCommand } from '../../src/ops/sweep.ts'
import { eventually } from '../faults/eventually.ts'
import { placesOf, runCommand } from '../support/commands.ts'
import { aFolder, aService, type Service } from '../support/service.ts'
import { file, noise } from '../support/trees.ts'
import { sha256Of } from './stories.ts'

const sweep = (service: Service, ...args: string[]) =>
  runCommand(sweepCommand, [...args, ...placesOf(service), '--json'])

const dayMs = 86_400_000

/** `old` (of two assignments) and `math/old` were deleted 40 days ago, `math/new` today; and a file is left over. */
async function aSchool(options: { folder?: string } = {}): Promise<Service> {
  const service = await aService(options)
  const assignments = { old: [file('a', noise(100_000, 'old'))], new: [file('a', noise(100_000, 'new'))] }
  await service.aCourse('math', { instructors: ['kevin'], assignments })
  await service.aCourse('old', { assignments: { one: [], two: [] } })
  const root = service.as('root')
  for (const gone of ['course/old', 'assignment/math/old', 'assignment/math/new']) await root.delete(gone)
  const database = new Sqlite(service.database)
  const longAgo = (Date.now() - 40 * dayMs) * 1000
  database.prepare(`update assignments set hidden_at = ? where name = 'old'`).run(longAgo)
  database.prepare(`update courses set hidden_at = ? where hidden_at is not null`).run(longAgo)
  database.close()
  await leaveFile(service)
  return service
}

async function leaveFile(service: Service): Promise<void> {
  const store = await openDiskStore(service.storage)
  const bytes = noise(100_000, 'left over')
  const blob = await store.create()
  await blob.write(bytes)
  await blob.end(sha256Of(bytes))
  await blob.place()
  const names = await readdir(join(service.storage, 'blobs'), { recursive: true })
  const path = names.find(name => name.includes(sha256Of(bytes))) ?? ''
  const twoDaysAgo = new Date(Date.now() - 2 * dayMs)
  await utimes(join(service.storage, 'blobs', path), twoDaysAgo, twoDaysAgo)
}

async function recorded(service: Service): Promise<unknown[][]> {
  const { text } = await runCommand(auditCommand, ['--format', 'jsonl', ...placesOf(service)])
  return text
    .split('\n')
    .map(line => JSON.parse(line))
    .filter(({ action }) => /^purge|^sweep/.test(action))
    .map(({ actorKind, actor, action, course, assignment }) => {
      return [actorKind, actor.replace(/ \(.*/, ''), action, course, assignment]
    })
}

const gone = (actor: string) => [
  ['service', actor, 'purge-assignment', 'math', 'old'],
  ['service', actor, 'purge-assignment', 'old', 'one'],
  ['service', actor, 'purge-assignment', 'old', 'two'],
  ['service', actor, 'purge-course', 'old', null],
  ['service', actor, 'sweep', null, null],
]

it('removes what was deleted long enough ago, and what was left over, and all of it is on record', async () => {
  const service = await aSchool()
  const foreseen = await sweep(service, '--dry-run')
  expect(foreseen).toMatchObject({
    failure: null,
    json: { dryRun: true, assignments: 3, files: 1, deleted: ['math/old', 'old'] },
  })
  expect(await service.storedFileCount()).toBe(3)
  expect(await recorded(service)).toEqual([])

  const done = await sweep(service)
  expect(done.json).toEqual({ ...foreseen.json, dryRun: false })
  expect(await service.storedFileCount()).toBe(1)
  expect(await recorded(service)).toEqual(gone('command line'))

  expect((await sweep(service)).json).toMatchObject({ assignments: 0, files: 0, deleted: [] })
  expect(await recorded(service)).toEqual(gone('command line'))
})

it('with a retention period of 0 removes nothing that was deleted: it is kept for good', async () => {
  const service = await aSchool()
  for (const args of [['--dry-run'], []]) {
    expect((await sweep(service, '--retention-days', '0', ...args)).json).toMatchObject({
      ...{ assignments: 0, deleted: [], files: 1 },
    })
  }
  expect(await service.storedFileCount()).toBe(2)
})

it('the round of the server itself has its own name in the record', async () => {
  const folder = await aFolder()
  const service = await aSchool({ folder })
  await service.close()
  const next = await aService({ folder, retentionDays: 30 })
  await eventually('the round is done', async () => (await recorded(next)).length === 5)
  expect(await recorded(next)).toEqual(gone('housekeeping'))
})
