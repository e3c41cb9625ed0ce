/** A database of an older version of ngshare: whoever only looks leaves it as it is. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import type { Command } from 'commander'
import { Kysely, SqliteDialect } from 'kysely'
import { Migrator } from 'kysely/migration'
import { describe, expect, it } from 'vitest'
import * as initial from '../../src/db/migrations/001-initial.ts'
import * as hubGroups from '../../src/db/migrations/002-hub-groups.ts'
import { auditCommand } from '../../src/ops/audit.ts'
import { backupCommand } from '../../src/ops/backup.ts'
import type { Ops } from '../../src/ops/command.ts'
import { hiddenCommand, purgeCommand } from '../../src/ops/hidden.ts'
import { importCommand } from '../../src/ops/import/command.ts'
import { receiptCommand } from '../../src/ops/receipt.ts'
import { sweepCommand } from '../../src/ops/sweep.ts'
import { usageCommand } from '../../src/ops/usage.ts'
import { userCommand } from '../../src/ops/user.ts'
import { verifyCommand } from '../../src/ops/verify.ts'
import { placesOf, runCommand } from '../support/commands.ts'
import { aFolder } from '../support/service.ts'

interface Place {
  readonly folder: string
  readonly database: string
  readonly storage: string
}

/** With what was written by the version that had two migrations. */
async function anOldPlace(journal: 'wal' | 'delete'): Promise<Place> {
  const folder = await aFolder()
  const database = join(folder, 'ngshare.db')
  const sqlite = new Sqlite(database)
  sqlite.pragma(`journal_mode = ${journal}`)
  const db = new Kysely({ dialect: new SqliteDialect({ database: sqlite }) })
  const migrations = { '001-initial': initial, '002-hub-groups': hubGroups }
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } })
  expect((await migrator.migrateToLatest()).error).toBeUndefined()
  sqlite.exec(`insert into users (name, created_at) values ('marie', 1)`)
  await db.destroy()
  return { folder, database, storage: join(folder, 'files') }
}

const commands: [create: (ops: Ops) => Command, ...args: string[]][] = [
  [auditCommand],
  [auditCommand, 'verify'],
  [receiptCommand, 'keys'],
  [usageCommand],
  [hiddenCommand],
  [verifyCommand],
  [backupCommand, 'backup'],
  [sweepCommand, '--dry-run'],
  [purgeCommand, 'math', '--dry-run'],
  [userCommand, 'rename', 'marie', 'maria', '--dry-run'],
  [userCommand, 'erase', 'marie', '--dry-run'],
  [importCommand, 'exchange-dir', '--from', '.', '--dry-run'],
]

describe.each(['wal', 'delete'] as const)('with the journal mode %s', journal => {
  it.each(commands)('is refused, and left as it is: %o %s %s', async (create, ...args) => {
    const place = await anOldPlace(journal)
    const before = readFileSync(place.database)
    const given = args.map(arg => (arg === 'backup' || arg === '.' ? join(place.folder, 'other') : arg))
    await expect(runCommand(create, [...given, ...placesOf(place)])).rejects.toThrow(
      /is of an older version of ngshare, and lacks 003-history.*it was left as it is: start the server/,
    )
    expect(readFileSync(place.database).equals(before)).toBe(true)
    expect(readdirSync(place.folder).filter(name => name.startsWith('ngshare.db'))).toEqual(['ngshare.db'])
  })
})

it('is brought up to date by a command that changes something', async () => {
  const place = await anOldPlace('wal')
  const renamed = await runCommand(userCommand, ['rename', 'marie', 'maria', ...placesOf(place)])
  expect(renamed.failure).toBeNull()
  expect((await runCommand(auditCommand, ['verify', ...placesOf(place)])).failure).toBeNull()
})
