/** The commands for admins on files in S3: what they do to a folder, they do to a bucket. */
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { backupCommand } from '../../src/ops/backup.ts'
import { restoreCommand } from '../../src/ops/restore.ts'
import { sweepCommand } from '../../src/ops/sweep.ts'
import { usageCommand } from '../../src/ops/usage.ts'
import { verifyCommand } from '../../src/ops/verify.ts'
import { aClass, sha256Of } from '../ops/stories.ts'
import { placesOf, runCommand } from '../support/commands.ts'
import { startPostgres } from '../support/postgres.ts'
import { aFolder, aService, type Service } from '../support/service.ts'
import { openStorage, removeStoredFiles, stagedBytes, storageFor } from '../support/storage.ts'
import { file, noise } from '../support/trees.ts'

/** More than one part. */
const recording = noise(stagedBytes + 100_000, 'a recording')

/** With files in the database, as single objects, and as objects of several parts. */
async function aServiceWithWork(): Promise<Service> {
  const service = await aService()
  await aClass(service)
  await service.submission('marie', 'math/ex1', [file('recording', recording)])
  return service
}

const json = (create: Parameters<typeof runCommand>[0], ...args: string[]) =>
  runCommand(create, [...args, '--json'])

describe('a backup of files in S3', () => {
  it('is one of files, grows by what is new, and is restored into a bucket or a folder', async () => {
    const service = await aServiceWithWork()
    const backups = join(await aFolder(), 'backups')
    const first = await json(backupCommand, backups, ...placesOf(service))
    expect(first.failure).toBeNull()
    expect(first.json).toMatchObject({ files: 5, newFiles: 5, damaged: [] })
    await service.submission('lise', 'math/ex1', [file('more', noise(200_000, 'more'))])
    expect((await json(backupCommand, backups, ...placesOf(service))).json).toMatchObject({
      files: 6,
      newFiles: 1,
    })

    const folder = await aFolder()
    const places = [
      { folder: await aFolder(), storage: join(folder, 'files') },
      { folder, storage: await storageFor(folder) },
    ]
    for (const { folder, storage } of places) {
      const place = { database: join(folder, 'ngshare.db'), storage }
      const restored = await json(restoreCommand, backups, ...placesOf(place))
      expect(restored).toMatchObject({ failure: null, json: { restored: true, files: 6 } })
      const verified = await json(verifyCommand, ...placesOf(place))
      expect(verified).toMatchObject({ failure: null, json: { findings: [] } })
      // And back again, with the same files under the same names.
      const again = await json(backupCommand, join(folder, 'backups'), ...placesOf(place))
      expect(again).toMatchObject({
        failure: null,
        json: { newFiles: 6, sha256: expect.any(String) as unknown },
      })
    }
    const [, bucket] = places
    const other = { database: join(await aFolder(), 'other.db'), storage: bucket?.storage ?? '' }
    expect((await json(restoreCommand, backups, ...placesOf(other))).failure).toContain('is not empty')
  })

  it('is restored into a bucket and PostgreSQL', async () => {
    const service = await aServiceWithWork()
    const backups = join(await aFolder(), 'backups')
    await json(backupCommand, backups, ...placesOf(service))
    const postgres = await startPostgres()
    onTestFinished(() => postgres.close())
    const database = postgres.url(await postgres.newDatabase())
    const place = ['--database', database, '--storage', await storageFor(await aFolder())]
    const restored = await json(restoreCommand, backups, ...place)
    expect(restored).toMatchObject({ failure: null, json: { restored: true, files: 5, damaged: [] } })
    expect(await json(verifyCommand, ...place)).toMatchObject({ failure: null, json: { findings: [] } })
  })
})

describe('verify', () => {
  it('finds what is missing in S3 and puts it back from a backup', async () => {
    const service = await aServiceWithWork()
    const backups = join(await aFolder(), 'backups')
    await json(backupCommand, backups, ...placesOf(service))
    await removeStoredFiles(service.storage)
    const found = await json(verifyCommand, ...placesOf(service))
    expect(found.failure).toBe('5 faults in what is stored')
    expect(found.json.findings).toEqual(Array(5).fill(expect.objectContaining({ fault: 'missing' })))
    const repaired = await json(verifyCommand, '--repair', '--from-backup', backups, ...placesOf(service))
    expect(repaired).toMatchObject({ failure: null, json: { unrepaired: 0 } })
    expect((await json(verifyCommand, ...placesOf(service))).json).toMatchObject({ findings: [] })
  })

  it('finds other bytes than were stored', async () => {
    const service = await aServiceWithWork()
    const store = await openStorage(service.storage)
    const [location = ''] = await store.locationsOf(sha256Of(recording))
    const blob = await store.create(location)
    await blob.write(Buffer.from(recording).fill(7, 1000, 1001))
    await blob.end(sha256Of(recording))
    await blob.place()
    const found = await json(verifyCommand, ...placesOf(service))
    expect(found.json.findings).toMatchObject([{ fault: 'damaged', location }])
    const answer = await service
      .as('kevin')
      .get('submission/math/ex1/marie')
      .catch(() => null)
    expect(answer?.status).not.toBe(200)
  })
})

describe('the other commands', () => {
  it('sweep and usage work on a bucket', async () => {
    const service = await aServiceWithWork()
    expect((await json(usageCommand, ...placesOf(service))).failure).toBeNull()
    const before = await service.storedFileCount()
    expect((await json(sweepCommand, ...placesOf(service))).json).toMatchObject({ files: 0 })
    expect(await service.storedFileCount()).toBe(before)
  })
})
