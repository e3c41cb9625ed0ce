/** `ngshare restore DIR`: database and files out of a backup, into a place where there are none. */
import { resolve } from 'node:path'
import { Command } from 'commander'
import { type CopiedContent, copyContent, nowhere } from '../exchange/copy-content.ts'
import { CommandFailed } from '../terminal/failure.ts'
import { jsonOption } from '../terminal/options.ts'
import { report } from '../terminal/output.ts'
import { bytesInWords, counted } from '../terminal/words.ts'
import { BackupFolder, checkDatabase, type Saved } from './backup-folder.ts'
import { type DataOptions, databaseOption, type Ops, storageOption } from './command.ts'
import { refuseWhatIsThere, restoreFile } from './restore-file.ts'
import { restoreRows } from './restore-rows.ts'

interface RestoreOptions extends DataOptions {
  readonly generation?: string
  readonly dryRun: boolean
}

type Restored = Pick<CopiedContent, 'blobs' | 'files' | 'sizeBytes' | 'damaged'>

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
      const { blobs, files, sizeBytes, damaged, saved } = await restore(ops, dir, options)
      const result = {
        generation: saved.generation.name,
        at: saved.manifest.at,
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

/** @throws CommandFailed, Trouble */
async function restore(
  ops: Ops,
  dir: string,
  options: RestoreOptions,
): Promise<Restored & { readonly saved: Saved }> {
  const folder = await BackupFolder.open(resolve(dir))
  const { databasePath, storage } = ops.locate(options)
  const file = databasePath === null || options.dryRun ? null : { databasePath, storage }
  if (file !== null) await refuseWhatIsThere(file)
  const generation = await folder.generation(options.generation)
  const saved = { folder, generation, manifest: await folder.manifestOf(generation) }
  if (options.dryRun) return { ...(await check(ops, saved)), saved }
  if (file !== null) return { ...(await restoreFile(ops, saved, file)), saved }
  const { damaged } = await restoreRows(ops, saved, { places: options, storage })
  const { files, sizeBytes } = saved.manifest.content
  return { blobs: saved.manifest.counts.blobs ?? 0, files, sizeBytes, damaged, saved }
}

/** Reads all that a restore would read. */
async function check(ops: Ops, saved: Saved): Promise<Restored> {
  const { folder, generation, manifest } = saved
  await checkDatabase(saved)
  const copy = await ops.openCopy(generation.databasePath)
  try {
    return await copyContent({
      rows: copy.read,
      from: await ops.openContent(folder.contentFolder),
      to: nowhere,
      progress: ({ blobs, newBytes }) =>
        ops.io.progress(`${blobs} of ${manifest.counts.blobs} blobs, ${bytesInWords(newBytes)} read`),
    })
  } finally {
    await copy.close()
  }
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
