/** Commands that root runs on the data of the server's account: what they make is that account's. */
import { chownSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, type TestContext } from 'vitest'
import { backupCommand } from '../../src/ops/backup.ts'
import { importCommand } from '../../src/ops/import/command.ts'
import { receiptCommand } from '../../src/ops/receipt.ts'
import { restoreCommand } from '../../src/ops/restore.ts'
import { verifyCommand } from '../../src/ops/verify.ts'
import { need } from '../faults/needs.ts'
import { placesOf, runCommand } from '../support/commands.ts'
import { openedData } from '../support/open-data.ts'
import { aPythonNgshare } from '../support/python-ngshare.ts'
import { aFolder, aService } from '../support/service.ts'
import { noise } from '../support/trees.ts'
import { removeFile, storedFile } from './damage.ts'
import { aClass, plot } from './stories.ts'

const account = { uid: 12_345, gid: 23_456 }

/** The home of the account, with nothing in it. */
async function aHome(context: TestContext) {
  need(context, process.geteuid?.() === 0 ? null : 'only root can work on what is another’s', {
    requiredInCi: false,
  })
  const folder = await aFolder()
  chownSync(folder, account.uid, account.gid)
  return { folder, database: join(folder, 'data/ngshare.db'), storage: join(folder, 'work/files') }
}

function giveAway(folder: string): void {
  for (const path of ['', ...pathsIn(folder)]) chownSync(join(folder, path), account.uid, account.gid)
}

function pathsIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
}

function expectAllGiven(folder: string): void {
  const foreign = pathsIn(folder).filter(path => {
    const { uid, gid } = statSync(join(folder, path))
    return uid !== account.uid || gid !== account.gid
  })
  expect(foreign).toEqual([])
}

it('an import into an empty place', async context => {
  const home = await aHome(context)
  const python = aPythonNgshare(await aFolder())
  const large = { 'large.bin': noise(200_000) }
  python.submission(
    python.assignment(python.course('math'), 'ex1', large),
    'marie',
    '2026-03-01 10:00:00.000000',
    {
      'own.bin': noise(200_000, 'own'),
    },
  )
  python.close()
  const from = ['--from-database', `sqlite:///${python.database}`, '--from-storage', python.storage]
  expect((await runCommand(importCommand, ['ngshare06', ...from, ...placesOf(home)])).failure).toBeNull()
  expect(pathsIn(home.storage).length).toBeGreaterThan(4)
  expectAllGiven(home.folder)
})

it('a backup, a restore, and a repair', async context => {
  const home = await aHome(context)
  const service = await aService()
  await aClass(service)
  const backup = join(home.folder, 'backup')
  expect((await runCommand(backupCommand, [backup, ...placesOf(service)])).failure).toBeNull()
  expectAllGiven(home.folder)
  expect((await runCommand(restoreCommand, [backup, ...placesOf(home)])).failure).toBeNull()
  expectAllGiven(home.folder)
  await removeFile(storedFile(home, plot('marie')))
  const repair = ['--repair', '--from-backup', backup, ...placesOf(home)]
  expect((await runCommand(verifyCommand, repair)).failure).toBeNull()
  expectAllGiven(home.folder)
})

it('the log of the database, while the command is at work', async context => {
  const home = await aHome(context)
  const service = await aService({ folder: home.folder })
  await service.close()
  giveAway(service.folder)
  const { exchange } = await openedData(service)
  expect((await runCommand(receiptCommand, ['rotate-key', ...placesOf(service)])).failure).toBeNull()
  await exchange.db.check()
  expect(pathsIn(service.folder)).toContain('ngshare.db-wal')
  expectAllGiven(service.folder)
})
