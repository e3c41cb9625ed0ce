/** A backup restored into the file of a database, and a store: the file is copied as it is. */
import { existsSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errorCode, Trouble } from '../domain/errors.ts'
import { giveToOwnerOf, makeFolder, syncFolder } from '../durable-folders.ts'
import { countRows } from '../exchange/contents.ts'
import { type CopiedContent, copyContent } from '../exchange/copy-content.ts'
import { CommandFailed } from '../terminal/failure.ts'
import { bytesInWords } from '../terminal/words.ts'
import { checkDatabase, type Saved } from './backup-folder.ts'
import type { Ops, StoragePlace } from './command.ts'

export interface FilePlace {
  readonly databasePath: string
  readonly storage: StoragePlace
}

/** A full disk is that of the target, and what arrived there is of no use. @throws CommandFailed, Trouble */
export async function restoreFile(ops: Ops, saved: Saved, to: FilePlace): Promise<CopiedContent> {
  try {
    return await restore(ops, saved, to)
  } catch (error) {
    if (!(error instanceof Trouble && error.kind === 'storage-full') && errorCode(error) !== 'ENOSPC')
      throw error
    throw new CommandFailed(
      `no space left at ${to.storage.text} or ${to.databasePath}: make room, remove both, begin again`,
    )
  }
}

/** The database gets its name last: until then no server takes the place for a whole one. */
async function restore(ops: Ops, saved: Saved, to: FilePlace): Promise<CopiedContent> {
  const { folder, manifest } = saved
  const arriving = arrivingPath(to)
  await makeFolder(dirname(arriving))
  ops.io.progress('copying the database')
  await checkDatabase(saved, arriving)
  await giveToOwnerOf(dirname(arriving), [arriving])
  const copy = await ops.openCopy(arriving)
  try {
    const counts = await countRows(copy.read)
    for (const [table, count] of Object.entries(manifest.counts)) {
      if (counts[table] !== count)
        throw new CommandFailed(`${count} ${table} were saved, ${counts[table]} are there`)
    }
    const copied = await copyContent({
      rows: copy.read,
      from: await ops.openContent(folder.contentFolder),
      to: await to.storage.openNew(),
      progress: ({ blobs, newBytes }) =>
        ops.io.progress(`${blobs} of ${manifest.counts.blobs} blobs, ${bytesInWords(newBytes)} read`),
    })
    if (copied.sha256 !== manifest.content.sha256)
      throw new CommandFailed('the list of files is not that of the backup')
    await copy.close()
    await rename(arriving, to.databasePath)
    await syncFolder(dirname(arriving))
    return copied
  } catch (error) {
    await copy.close()
    throw error
  }
}

/** @throws CommandFailed */
export async function refuseWhatIsThere({ databasePath, storage }: FilePlace): Promise<void> {
  const arriving = arrivingPath({ databasePath })
  if (existsSync(arriving)) {
    const all = `${arriving} and ${storage.text}`
    throw new CommandFailed(`a restore into this place was cut off: remove ${all}, and begin again`)
  }
  for (const path of [databasePath, `${databasePath}-wal`]) {
    if (existsSync(path)) throw new CommandFailed(`there is a database already: ${path}; nothing was changed`)
  }
  if (!(await storage.isEmpty())) throw new CommandFailed(`${storage.text} is not empty; nothing was changed`)
}

function arrivingPath({ databasePath }: Pick<FilePlace, 'databasePath'>): string {
  return `${databasePath}.restoring`
}
