/** `ngshare backup` and `ngshare restore`: what was saved comes back whole, or is told to be broken. */
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { dataAccess } from '../../src/compose.ts'
import { Trouble } from '../../src/domain/errors.ts'
import { purgeHidden } from '../../src/exchange/housekeeping.ts'
import { backupCommand } from '../../src/ops/backup.ts'
import type { Ops } from '../../src/ops/command.ts'
import { restoreCommand } from '../../src/ops/restore.ts'
import { verifyCommand } from '../../src/ops/verify.ts'
import type { Place } from '../faults/world.ts'
import { placesOf, runCommand } from '../support/commands.ts'
import { aFolder, aService, type Service } from '../support/service.ts'
import { fetched, file, noise } from '../support/trees.ts'
import { changeStoredBytes, cutShort, flipBit, removeFile, storedFile } from './damage.ts'
import { aClass, notebook, plot, sha256Of, shared } from './stories.ts'

const backup = (service: Service, dir: string, ...args: string[]) =>
  runCommand(backupCommand, [dir, ...placesOf(service), '--json', ...args])

const restore = (dir: string, to: Place, ...args: string[]) =>
  runCommand(restoreCommand, [dir, ...placesOf(to), '--json', ...args])

const aBackupFolder = async () => join(await aFolder(), 'backups')

/** Where a service in that folder keeps its data: nothing is there yet. */
async function anEmptyPlace(): Promise<Place & { folder: string }> {
  const folder = await aFolder()
  return { folder, database: join(folder, 'ngshare.db'), storage: join(folder, 'files') }
}

/** The files of the content store of a backup folder. */
async function filesIn(dir: string): Promise<string[]> {
  const entries = await readdir(join(dir, 'content'), { recursive: true, withFileTypes: true })
  return entries.filter(entry => entry.isFile()).map(entry => entry.name)
}

const submissionOf = async (service: Service, student: string) =>
  (await service.as('kevin').get(`submission/math/ex1/${student}`)).json

describe('a backup', () => {
  it('comes back whole in another place, where a server goes on with it', async () => {
    const service = await aService()
    await aClass(service)
    const dir = await aBackupFolder()
    const saved = await backup(service, dir)
    expect(saved).toMatchObject({ failure: null, json: { blobs: 8, files: 4, newFiles: 4, damaged: [] } })
    const place = await anEmptyPlace()
    expect(await restore(dir, place)).toMatchObject({
      failure: null,
      json: { blobs: 8, files: 4, damaged: [] },
    })
    expect((await runCommand(verifyCommand, [...placesOf(place), '--json'])).failure).toBeNull()
    const restored = await aService({ folder: place.folder })
    for (const student of ['marie', 'lise', 'emmy']) {
      expect(await submissionOf(restored, student)).toEqual(await submissionOf(service, student))
    }
    await restored.submission('marie', 'math/ex1', [file('a', noise(100_000))])
    expect(restored.log).toEqual([])
  })

  it('holds what was submitted later, too, when it is made again, and copies only that', async () => {
    const service = await aService()
    await aClass(service)
    const dir = await aBackupFolder()
    await backup(service, dir)
    const again = await backup(service, dir)
    expect(again.json).toMatchObject({ files: 4, newFiles: 0, newBytes: 0 })
    const bytes = noise(200_000, 'late')
    await service.submission('marie', 'math/ex1', [file('late', bytes), file('data.csv', shared)])
    expect((await backup(service, dir)).json).toMatchObject({ files: 5, newFiles: 1, newBytes: 200_000 })
    expect(await filesIn(dir)).toHaveLength(5)
    const place = await anEmptyPlace()
    await restore(dir, place)
    const restored = await aService({ folder: place.folder })
    expect((await submissionOf(restored, 'marie')).files).toEqual([
      fetched('late', bytes),
      fetched('data.csv', shared),
    ])
  })

  it('stays as it was made while newer ones come, and can be chosen', async () => {
    const service = await aService()
    const at = await aClass(service)
    const dir = await aBackupFolder()
    const { generation } = (await backup(service, dir)).json
    await service.submission('marie', 'math/ex1', [])
    await backup(service, dir)
    const place = await anEmptyPlace()
    await restore(dir, place, '--generation', String(generation))
    const restored = await aService({ folder: place.folder })
    expect(await submissionOf(restored, 'marie')).toMatchObject({ timestamp: at.marie })
  })

  it('tells what it holds', async () => {
    const service = await aService()
    await aClass(service)
    const dir = await aBackupFolder()
    const { generation } = (await backup(service, dir)).json
    const path = join(dir, 'generations', String(generation), 'manifest.json')
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({
      format: 1,
      generation,
      schema: expect.stringMatching(/^\d{3}-/) as unknown,
      database: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown },
      content: { files: 4, sizeBytes: 3 * 300_000 + 150_000 },
      counts: { courses: 1, users: 5, submissions: 3, blobs: 8 },
      damaged: [],
    })
  })

  it('is for nobody else on the machine', async () => {
    const service = await aService()
    await aClass(service)
    const dir = await aBackupFolder()
    const { generation } = (await backup(service, dir)).json
    expect((await stat(dir)).mode & 0o077).toBe(0)
    const database = join(dir, 'generations', String(generation), 'ngshare.db')
    for (const path of [database, storedFile({ database, storage: join(dir, 'content') }, shared)]) {
      expect((await stat(path)).mode & 0o077).toBe(0)
    }
  })

  it('begins again when work is purged while it is made', async () => {
    const service = await aService()
    await aClass(service)
    await service.aCourse('art', { assignments: { ex2: [file('large', noise(100_000))] } })
    await service.as('root').delete('course/math')
    const dir = await aBackupFolder()
    let copies = 0
    const purging = (ops: Ops) =>
      backupCommand({
        ...ops,
        async openCopy(path) {
          if (++copies === 1) await purgeEverything(ops, service)
          return ops.openCopy(path)
        },
      })
    const saved = await runCommand(purging, [dir, ...placesOf(service), '--json'])
    expect(saved).toMatchObject({ failure: null, json: { blobs: 1, files: 1, damaged: [] } })
    expect(await readdir(join(dir, 'generations'))).toHaveLength(1)
    expect(await readdir(join(dir, 'incomplete'))).toEqual([])
  })

  it('of damaged work is told to be so, and is whole but for that', async () => {
    const service = await aService()
    await aClass(service)
    await flipBit(storedFile(service, plot('marie')), 7)
    await removeFile(storedFile(service, shared))
    changeStoredBytes(service, notebook('lise'), Buffer.from('x'))
    const dir = await aBackupFolder()
    const saved = await backup(service, dir)
    expect(saved.failure).toContain('3 blobs')
    const damaged = saved.json.damaged as { sha256: string }[]
    expect(damaged.map(({ sha256 }) => sha256).sort()).toEqual(
      [plot('marie'), shared, notebook('lise')].map(sha256Of).sort(),
    )
    const place = await anEmptyPlace()
    expect((await restore(dir, place)).failure).toContain('3 blobs missing or damaged')
  })

  it('keeps the good copy of what was damaged since', async () => {
    const service = await aService()
    await aClass(service)
    const dir = await aBackupFolder()
    await backup(service, dir)
    await flipBit(storedFile(service, plot('marie')), 7)
    expect((await backup(service, dir)).failure).toBeNull()
    const place = await anEmptyPlace()
    expect((await restore(dir, place)).failure).toBeNull()
  })

  it('copies again what is there cut short', async () => {
    const service = await aService()
    await aClass(service)
    const dir = await aBackupFolder()
    await backup(service, dir)
    await cutShort(storedFile({ database: '', storage: join(dir, 'content') }, shared), 3)
    expect((await backup(service, dir)).json).toMatchObject({ newFiles: 1 })
    expect((await restore(dir, await anEmptyPlace())).failure).toBeNull()
  })

  it('that finds no room is none, and harms none', async () => {
    const service = await aService()
    await aClass(service)
    const dir = await aBackupFolder()
    await backup(service, dir)
    await service.submission('marie', 'math/ex1', [file('late', noise(200_000, 'late'))])
    const onFullDisk = (ops: Ops) =>
      backupCommand({
        ...ops,
        async openContent(folder) {
          const content = await ops.openContent(folder)
          content.create = () => Promise.reject(new Trouble('storage-full', 'full'))
          return content
        },
      })
    const { failure } = await runCommand(onFullDisk, [dir, ...placesOf(service)])
    expect(failure).toContain('no space left')
    expect(await readdir(join(dir, 'generations'))).toHaveLength(1)
    expect((await restore(dir, await anEmptyPlace())).failure).toBeNull()
    expect((await backup(service, dir)).json).toMatchObject({ newFiles: 1 })
  })

  it('takes old ones with it when told how many to keep, and the files that only they had', async () => {
    const service = await aService()
    await aClass(service)
    const dir = await aBackupFolder()
    await backup(service, dir)
    await service.as('root').delete('course/math')
    await purgeEverything(dataAccess, service)
    await service.aCourse('art', { assignments: { ex2: [file('large', noise(100_000))] } })
    expect((await backup(service, dir, '--keep', '2')).json).toMatchObject({ removedGenerations: 0 })
    expect(await filesIn(dir)).toHaveLength(5)
    expect((await backup(service, dir, '--keep', '1')).json).toMatchObject({ removedGenerations: 2 })
    expect(await filesIn(dir)).toHaveLength(1)
    expect((await restore(dir, await anEmptyPlace())).failure).toBeNull()
  })

  it('keeps old ones while something is damaged, whatever it is told: they may have the good copy', async () => {
    const service = await aService()
    await aClass(service)
    const dir = await aBackupFolder()
    await backup(service, dir)
    changeStoredBytes(service, notebook('lise'), Buffer.from('x'))
    expect((await backup(service, dir, '--keep', '1')).json).toMatchObject({ removedGenerations: 0 })
    expect((await restore(dir, await anEmptyPlace())).failure).toContain('1 blob ')
    await runCommand(verifyCommand, [...placesOf(service), '--repair', '--from-backup', dir])
    expect((await backup(service, dir, '--keep', '1')).json).toMatchObject({ removedGenerations: 2 })
  })

  it('goes to no folder of something else, and to none that another writes to', async () => {
    const service = await aService()
    const foreign = await aFolder()
    await writeFile(join(foreign, 'thesis.tex'), '')
    expect((await backup(service, foreign)).failure).toContain('is not empty')
    const dir = await aBackupFolder()
    await backup(service, dir)
    await writeFile(join(dir, 'lock'), JSON.stringify({ host: 'elsewhere', pid: 1 }))
    expect((await backup(service, dir)).failure).toContain('another backup is being written')
    await rm(join(dir, 'lock'))
    expect((await backup(service, dir)).failure).toBeNull()
  })
})

describe('a restore', () => {
  it('overwrites nothing', async () => {
    const service = await aService()
    await aClass(service)
    const dir = await aBackupFolder()
    await backup(service, dir)
    expect((await restore(dir, service)).failure).toContain('there is a database already')
    const place = await anEmptyPlace()
    await mkdir(place.storage)
    await writeFile(join(place.storage, 'something'), '')
    expect((await restore(dir, place)).failure).toContain('is not empty')
    expect(await readdir(place.folder)).toEqual(['files'])
  })

  it('puts no damaged file in its place, names it, and brings all others', async () => {
    const service = await aService()
    await aClass(service)
    const dir = await aBackupFolder()
    await backup(service, dir)
    const content = { database: '', storage: join(dir, 'content') }
    await flipBit(storedFile(content, plot('marie')), 299_999)
    await removeFile(storedFile(content, plot('lise')))
    const place = await anEmptyPlace()
    const outcome = await restore(dir, place)
    expect(outcome.failure).toContain('2 blobs')
    const damaged = outcome.json.damaged as { sha256: string }[]
    expect(damaged.map(({ sha256 }) => sha256).sort()).toEqual(
      [plot('marie'), plot('lise')].map(sha256Of).sort(),
    )
    const restored = await aService({ folder: place.folder })
    expect(await submissionOf(restored, 'emmy')).toEqual(await submissionOf(service, 'emmy'))
    expect((await restored.as('kevin').get('submission/math/ex1/marie')).status).toBe(500)
  })

  it('takes no damaged database, and no manifest that was changed', async () => {
    const service = await aService()
    await aClass(service)
    const dir = await aBackupFolder()
    const { generation } = (await backup(service, dir)).json
    const folder = join(dir, 'generations', String(generation))
    await flipBit(join(folder, 'ngshare.db'), 5000)
    const place = await anEmptyPlace()
    expect((await restore(dir, place)).failure).toContain('ngshare.db is damaged')
    expect(await readdir(place.folder)).toEqual([])
    const manifest = join(folder, 'manifest.json')
    await writeFile(manifest, (await readFile(manifest, 'utf8')).replace('"courses": 1', '"courses": 2'))
    expect((await restore(dir, place)).failure).toContain('manifest.json is damaged')
  })

  it('that is only a dry run reads all of it, and writes nothing', async () => {
    const service = await aService()
    await aClass(service)
    const dir = await aBackupFolder()
    await backup(service, dir)
    const place = await anEmptyPlace()
    const good = await restore(dir, place, '--dry-run')
    expect(good).toMatchObject({ failure: null, json: { restored: false, blobs: 8, files: 4, damaged: [] } })
    await flipBit(storedFile({ database: '', storage: join(dir, 'content') }, plot('marie')), 1000)
    const bad = await restore(dir, place, '--dry-run')
    expect(bad.json.damaged).toMatchObject([{ sha256: sha256Of(plot('marie')) }])
    expect(bad.failure).toContain('1 blob ')
    expect(await readdir(place.folder)).toEqual([])
  })

  it('says what is missing: the folder, a finished backup, the one that was named', async () => {
    const service = await aService()
    const dir = await aBackupFolder()
    expect((await restore(dir, await anEmptyPlace())).failure).toContain('no folder of backups')
    await backup(service, dir)
    const wrong = await restore(dir, await anEmptyPlace(), '--generation', 'yesterday')
    expect(wrong.failure).toContain("there is no backup 'yesterday'")
    for (const name of await readdir(join(dir, 'generations'))) {
      await rm(join(dir, 'generations', name), { recursive: true })
    }
    expect((await restore(dir, await anEmptyPlace())).failure).toContain('no backup that was finished')
  })
})

async function purgeEverything(ops: Pick<Ops, 'open'>, service: Service): Promise<void> {
  const open = await ops.open({ database: `sqlite:///${service.database}`, storage: service.storage })
  try {
    await purgeHidden(open.exchange, { hiddenBefore: Date.now() + 60_000 })
  } finally {
    await open.close()
  }
}
