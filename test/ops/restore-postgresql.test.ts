/** `ngshare restore` into PostgreSQL: what was saved is there, or no server starts on it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { auditCommand } from '../../src/ops/audit.ts'
import { backupCommand } from '../../src/ops/backup.ts'
import { restoreCommand } from '../../src/ops/restore.ts'
import { verifyCommand } from '../../src/ops/verify.ts'
import { eventually } from '../faults/eventually.ts'
import { runProgram } from '../faults/world.ts'
import { placesOf, runCommand } from '../support/commands.ts'
import { aPostgresForTheFile } from '../support/postgres-for-the-file.ts'
import { aFolder, aService, type Service } from '../support/service.ts'
import { file, noise } from '../support/trees.ts'
import { flipBit, storedFile } from './damage.ts'
import { aClass, plot, sha256Of, students } from './stories.ts'

const program = fileURLToPath(new URL('../../bin/ngshare', import.meta.url))

const postgres = aPostgresForTheFile()

interface Large {
  readonly name: string
  readonly storage: string
  readonly options: string[]
}

/** A database of PostgreSQL and a folder that is not there yet. */
async function aLargePlace(): Promise<Large> {
  const name = await postgres().newDatabase()
  const storage = join(await aFolder(), 'files')
  return { name, storage, options: ['--database', postgres().url(name), '--storage', storage] }
}

const backup = (dir: string, options: string[]) => runCommand(backupCommand, [dir, ...options, '--json'])
const restore = (dir: string, options: string[]) => runCommand(restoreCommand, [dir, ...options, '--json'])
const workOf = async (service: Service, student: string) =>
  (await service.as('kevin').get(`submission/math/ex1/${student}`)).json

async function aBackup(service: Service): Promise<string> {
  const dir = join(await aFolder(), 'backups')
  expect((await backup(dir, placesOf(service))).failure).toBeNull()
  return dir
}

/** Waits until files arrive there, and kills the command in the middle. */
async function cutOff(dir: string, { storage, options }: Large): Promise<void> {
  const child = spawn(process.execPath, [program, 'restore', dir, ...options], { stdio: 'ignore' })
  const exited = once(child, 'exit')
  const blobs = join(storage, 'blobs')
  await eventually('files arrive', () => existsSync(blobs) && readdirSync(blobs).length > 3)
  child.kill('SIGKILL')
  expect(await exited).toEqual([null, 'SIGKILL'])
}

describe('a backup restored into PostgreSQL', () => {
  it('is all there, changes nothing in the backup, and comes back as it was', async () => {
    const service = await aService()
    await aClass(service)
    const dir = await aBackup(service)
    const large = await aLargePlace()
    const restored = await restore(dir, large.options)
    expect(restored).toMatchObject({
      failure: null,
      json: { restored: true, blobs: 8, files: 4, damaged: [] },
    })
    expect((await runCommand(verifyCommand, [...large.options, '--json'])).failure).toBeNull()
    expect((await runCommand(auditCommand, ['verify', ...large.options])).failure).toBeNull()
    expect((await restore(dir, ['--dry-run'])).failure).toBeNull()

    const again = join(await aFolder(), 'backups')
    expect(await backup(again, large.options)).toMatchObject({ failure: null, json: { files: 4 } })
    const folder = await aFolder()
    const place = { database: join(folder, 'ngshare.db'), storage: join(folder, 'files') }
    expect((await restore(again, placesOf(place))).failure).toBeNull()
    const there = await aService({ folder })
    for (const student of students)
      expect(await workOf(there, student)).toEqual(await workOf(service, student))
  })

  it('goes to an empty place only', async () => {
    const service = await aService()
    await aClass(service)
    const dir = await aBackup(service)
    const large = await aLargePlace()
    expect((await restore(dir, large.options)).failure).toBeNull()
    const other = join(await aFolder(), 'files')
    expect(
      (await restore(dir, ['--database', postgres().url(large.name), '--storage', other])).failure,
    ).toContain('there is an installation already')
    const [, url = ''] = (await aLargePlace()).options
    expect((await restore(dir, ['--database', url, '--storage', large.storage])).failure).toContain(
      'is not empty',
    )
  })

  it('names what is damaged in the backup, and brings all the rest', async () => {
    const service = await aService()
    await aClass(service)
    const dir = await aBackup(service)
    await flipBit(storedFile({ database: '', storage: join(dir, 'content') }, plot('marie')), 1000)
    const large = await aLargePlace()
    const restored = await restore(dir, large.options)
    expect(restored.failure).toContain('restored, but 1 blob missing or damaged in the backup')
    expect(restored.json.damaged).toMatchObject([{ sha256: sha256Of(plot('marie')) }])
    const verified = await runCommand(verifyCommand, [...large.options, '--json'])
    expect(verified.json.findings).toMatchObject([{ fault: 'missing', sha256: sha256Of(plot('marie')) }])
  })

  it('is not begun from a damaged database', async () => {
    const service = await aService()
    await aClass(service)
    const dir = await aBackup(service)
    const [generation = ''] = readdirSync(join(dir, 'generations'))
    await flipBit(join(dir, 'generations', generation, 'ngshare.db'), 20_000)
    const large = await aLargePlace()
    expect((await restore(dir, large.options)).failure).toContain('ngshare.db is damaged')
    expect(await postgres().query(large.name, 'select * from users')).toEqual([])
  })

  it('goes on where it was killed, and no server starts on half of it', async () => {
    const service = await aService()
    await aClass(service)
    for (let number = 0; number < 60; number++)
      await service.submission('marie', 'math/ex1', [file('plot', noise(400_000, `plot ${number}`))])
    const dir = await aBackup(service)
    const large = await aLargePlace()
    await cutOff(dir, large)
    const started = await runProgram(['--vngshare', '--port', '0', ...large.options])
    expect(started.complained + started.said).toContain('has not all arrived')
    expect(started.code).not.toBe(0)
    const other = await aService()
    await aClass(other)
    const otherBackup = await aBackup(other)
    expect((await restore(otherBackup, large.options)).failure).toContain('take an empty place')
    expect(await restore(dir, large.options)).toMatchObject({
      failure: null,
      json: { files: 64, damaged: [] },
    })
    expect((await runCommand(verifyCommand, [...large.options, '--json'])).failure).toBeNull()
  }, 60_000)
})
