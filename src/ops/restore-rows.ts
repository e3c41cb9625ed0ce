/** A backup restored into PostgreSQL, and a store: row by row, as `ngshare migrate` brings an installation over. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findFreeze } from '../db/freeze.ts'
import { errorCode } from '../domain/errors.ts'
import { CommandFailed } from '../terminal/failure.ts'
import { bytesInWords } from '../terminal/words.ts'
import { checkDatabase, type Saved } from './backup-folder.ts'
import type { Ops, Places, StoragePlace } from './command.ts'
import { type Brought, bringStanding } from './move.ts'

export interface RowsPlace {
  readonly places: Places
  readonly storage: StoragePlace
}

/**
 * Until all of it is there no server starts on it. Safe to repeat: goes on with what has come. @throws CommandFailed,
 * Trouble, RowsDiffer
 */
export async function restoreRows(ops: Ops, saved: Saved, { places, storage }: RowsPlace): Promise<Brought> {
  const isEmpty = await storage.isEmpty()
  const target = await ops.open(places)
  try {
    if (!isEmpty && (await findFreeze(target.exchange.db)) === null)
      throw new CommandFailed(`${storage.text} is not empty; nothing was restored`)
    return await withCopy(ops, saved, async copyPath => {
      const source = await ops.open({
        database: `sqlite:///${copyPath}`,
        storage: saved.folder.contentFolder,
      })
      try {
        return await bringStanding({
          from: { exchange: source.exchange, place: `the backup ${saved.generation.folder}` },
          to: { exchange: target.exchange, place: ops.locate(places).database },
          io: ops.io,
        })
      } finally {
        await source.close()
      }
    })
  } finally {
    await target.close()
  }
}

/** Opening a database may bring it up to date, and a backup is not to be changed. */
async function withCopy<Result>(
  ops: Ops,
  saved: Saved,
  work: (path: string) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'ngshare-restore-'))
  try {
    const path = join(folder, 'ngshare.db')
    ops.io.progress('copying the database')
    await checkDatabase(saved, path).catch(error => {
      if (errorCode(error) !== 'ENOSPC') throw error
      const size = bytesInWords(saved.manifest.database.sizeBytes)
      throw new CommandFailed(
        `no space left in ${tmpdir()} for a copy of the database, which has ${size}: set TMPDIR to a folder with more`,
      )
    })
    return await work(path)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
