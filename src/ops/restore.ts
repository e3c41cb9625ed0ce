/** `ngshare restore DIR`: database and files out of a backup, into a place where there are none. */
import { existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { Command } from 'commander'
import { errorCode, Trouble } from '../domain/errors.ts'
import { giveToOwnerOf, makeFolder, syncFolder } from '../durable-folders.ts'
import { countRows } from '../exchange/contents.ts'
import { type CopiedContent, copyContent, nowhere } from '../exchange/copy-content.ts'
import { CommandFailed } from '../terminal/failure.ts'
import { jsonOption } from '../terminal/options.ts'
import { report } from '../terminal/output.ts'
import { bytesInWords, counted } from '../terminal/words.ts'
import { BackupFolder, digestFile, type Generation, type Manifest } from './backup-folder.ts'
import {
  type DataOptions,
  databaseOption,
  type Located,
  type Ops,
  type StoragePlace,
  storageOption,
} from './command.ts'

interface RestoreOptions extends DataOptions {
  readonly generation?: string
  readonly dryRun: boolean
}

interface Target {
  readonly databasePath: string
  readonly storage: StoragePlace
}

export function restoreCommand(ops: Ops): Command {
  return new Command('restore')
    .description('Put database and files of a backup to where there are none yet. Everything is checked.')
    .argument('<dir>', 'the folder of backups')
    .option('--generation <NAME>', 'which backup of the folder (default: the newest)')
    .option('--dry-run', 'only read the backup, and tell whether it is whole', false)
    .addOption(databaseOption())
    .addOption(storageOption())
    .addOption(jsonOption())
    .action(async (dir: string, options: RestoreOptions) => {
      const folder = await BackupFolder.open(resolve(dir))
      const target = options.dryRun ? null : targetOf(ops.locate(options))
      if (target !== null) await refuseWhatIsThere(target)
      const generation = await folder.generation(options.generation)
      const manifest = await folder.manifestOf(generation)
      const copied = await (target === null
        ? check(ops, { folder, generation, manifest })
        : inPlace(target, restore(ops, { folder, generation, manifest, target })))
      const { blobs, files, sizeBytes, damaged } = copied
      const { name } = generation
      const result = {
        generation: name,
        at: manifest.at,
        restored: !options.dryRun,
        ...{ blobs, files, sizeBytes, damaged },
      }
      report(ops.io, options, result, () => inWords(result))
      if (damaged.length > 0) {
        for (const { sha256, text } of damaged) ops.io.note(`${sha256}: ${text}`)
        throw new CommandFailed(
          `${options.dryRun ? 'readable' : 'restored'}, but ${counted(damaged.length, 'blob')} missing or damaged in the backup; \`ngshare verify\` tells whose`,
        )
      }
    })
}

/** @throws CommandFailed */
function targetOf({ databasePath, storage }: Located): Target {
  if (databasePath !== null) return { databasePath, storage }
  throw new CommandFailed(
    'a backup is restored into a file: name one as --database, and bring it over to PostgreSQL with `ngshare migrate`',
  )
}

/** The database gets its name last: until then no server takes the place for a whole one. */
async function restore(
  ops: Ops,
  input: { folder: BackupFolder; generation: Generation; manifest: Manifest; target: Target },
): Promise<CopiedContent> {
  const { folder, generation, manifest, target } = input
  const arriving = arrivingPath(target)
  await makeFolder(dirname(arriving))
  ops.io.progress('copying the database')
  const { sha256 } = await digestFile(generation.databasePath, arriving)
  await giveToOwnerOf(dirname(arriving), [arriving])
  if (sha256 !== manifest.database.sha256) {
    await rm(arriving)
    throw damagedDatabase(generation)
  }
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
      to: await target.storage.openNew(),
      progress: progressOf(ops, manifest),
    })
    if (copied.sha256 !== manifest.content.sha256)
      throw new CommandFailed('the list of files is not that of the backup')
    await copy.close()
    await rename(arriving, target.databasePath)
    await syncFolder(dirname(arriving))
    return copied
  } catch (error) {
    await copy.close()
    throw error
  }
}

/** Reads all that a restore would read. */
async function check(
  ops: Ops,
  { folder, generation, manifest }: { folder: BackupFolder; generation: Generation; manifest: Manifest },
): Promise<CopiedContent> {
  const { sha256 } = await digestFile(generation.databasePath)
  if (sha256 !== manifest.database.sha256) throw damagedDatabase(generation)
  const copy = await ops.openCopy(generation.databasePath)
  try {
    return await copyContent({
      rows: copy.read,
      from: await ops.openContent(folder.contentFolder),
      to: nowhere,
      progress: progressOf(ops, manifest),
    })
  } finally {
    await copy.close()
  }
}

function progressOf(ops: Ops, manifest: Manifest): (copied: Readonly<CopiedContent>) => void {
  return ({ blobs, newBytes }) =>
    ops.io.progress(`${blobs} of ${manifest.counts.blobs} blobs, ${bytesInWords(newBytes)} read`)
}

function damagedDatabase({ databasePath }: Generation): CommandFailed {
  return new CommandFailed(`${databasePath} is damaged: choose another --generation`)
}

/** A full disk is that of the target, and what arrived there is of no use. */
async function inPlace<Result>(target: Target, work: Promise<Result>): Promise<Result> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof Trouble && error.kind === 'storage-full') && errorCode(error) !== 'ENOSPC')
      throw error
    throw new CommandFailed(
      `no space left at ${target.storage.text} or ${target.databasePath}: make room, remove both, begin again`,
    )
  }
}

/** @throws CommandFailed */
async function refuseWhatIsThere(target: Target): Promise<void> {
  const arriving = arrivingPath(target)
  if (existsSync(arriving)) {
    const all = `${arriving} and ${target.storage.text}`
    throw new CommandFailed(`a restore into this place was cut off: remove ${all}, and begin again`)
  }
  for (const path of [target.databasePath, `${target.databasePath}-wal`]) {
    if (existsSync(path)) throw new CommandFailed(`there is a database already: ${path}; nothing was changed`)
  }
  if (!(await target.storage.isEmpty()))
    throw new CommandFailed(`${target.storage.text} is not empty; nothing was changed`)
}

function arrivingPath({ databasePath }: Target): string {
  return `${databasePath}.restoring`
}

function inWords(result: {
  generation: string
  restored: boolean
  blobs: number
  files: number
  sizeBytes: number
}): string {
  const { generation, restored, blobs, files, sizeBytes } = result
  return (
    `${restored ? 'Restored' : 'Read'} the backup ${generation}: ${counted(blobs, 'blob')}, ` +
    `of which ${counted(files, 'file')} of ${bytesInWords(sizeBytes)}, all checked.`
  )
}
