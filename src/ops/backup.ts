/** `ngshare backup DIR`: a consistent copy of database and files, beside the running server. */
import { resolve } from 'node:path'
import { Command, Option } from 'commander'
import type { ContentStore } from '../content/content-store.ts'
import type { DatabaseCopy } from '../db/database.ts'
import { errorCode, Trouble } from '../domain/errors.ts'
import { countRows } from '../exchange/contents.ts'
import { type CopiedContent, copyContent } from '../exchange/copy-content.ts'
import type { Exchange } from '../exchange/exchange.ts'
import { isReferenced, removeLeftovers } from '../exchange/leftovers.ts'
import { CommandFailed } from '../terminal/failure.ts'
import { wholeNumber } from '../terminal/options.ts'
import { report } from '../terminal/output.ts'
import { bytesInWords, counted } from '../terminal/words.ts'
import { BackupFolder, digestFile, type Generation } from './backup-folder.ts'
import { type DataOptions, type Ops, readingCommand } from './command.ts'

interface BackupOptions extends DataOptions {
  readonly keep?: number
}

/** How often work may be purged under our hands before we give up. */
const maxAttempts = 5

export function backupCommand(ops: Ops): Command {
  const command = new Command('backup')
    .description('Copy database and files into a folder of backups. The server may be running.')
    .argument('<dir>', 'the folder of backups; what is in it already is not copied again')
    .addOption(
      new Option('--keep <NUMBER>', 'afterwards remove all but the newest backups').argParser(wholeNumber),
    )
  return readingCommand(ops, command, async ({ exchange }, options: BackupOptions, dir: string) => {
    if (options.keep === 0) throw new CommandFailed('--keep 0 would remove the backup that is being made')
    const folder = await BackupFolder.create(resolve(dir))
    const { result, removed } = await withSpace(dir, () =>
      folder.locked(async () => {
        const content = await ops.openContent(folder.contentFolder)
        const result = await backUp(ops, { exchange, folder, content })
        // An older backup may have the only good copy of what is damaged now.
        const mayPrune = options.keep !== undefined && result.copied.damaged.length === 0
        const removed = mayPrune ? await prune(ops, { folder, content, keep: options.keep }) : 0
        return { result, removed }
      }),
    )
    const { generation, copied } = result
    const facts = { generation: generation.name, ...copied, removedGenerations: removed }
    report(ops.io, options, facts, () => inWords(generation, copied))
    if (copied.damaged.length > 0) {
      throw new CommandFailed(
        `the backup is whole but for ${counted(copied.damaged.length, 'blob')} damaged before; see \`ngshare verify\``,
      )
    }
  })
}

/** A full disk is that of the backups: nothing of ours is written elsewhere. */
async function withSpace<Result>(dir: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Trouble && error.kind === 'storage-full') && errorCode(error) !== 'ENOSPC')
      throw error
    throw new CommandFailed(
      `no space left in ${dir}: no backup was made. Earlier ones are as they were; what was copied is not copied again`,
    )
  }
}

/** A generation, made of one moment of the database and all files that it names. */
async function backUp(
  ops: Ops,
  { exchange, folder, content }: { exchange: Exchange; folder: BackupFolder; content: ContentStore },
): Promise<{ generation: Generation; copied: CopiedContent }> {
  for (let attempt = 1; ; attempt++) {
    const at = new Date()
    const generation = await folder.begin(at)
    ops.io.progress('copying the database')
    await exchange.db.copyTo(generation.databasePath)
    const copy = await ops.openCopy(generation.databasePath)
    try {
      const copied = await copyContent({
        rows: copy.read,
        from: exchange.content,
        to: content,
        missing: location => mustBeThere(exchange, location),
        progress: ({ blobs, newBytes }) =>
          ops.io.progress(`${blobs} blobs checked, ${bytesInWords(newBytes)} copied`),
      })
      const { files, sizeBytes, sha256, damaged } = copied
      const complete = await folder.complete(generation, {
        format: 1,
        generation: generation.name,
        at: at.toISOString(),
        schema: copy.schema,
        database: await digestFile(generation.databasePath),
        content: { files, sizeBytes, sha256 },
        counts: await countRows(copy.read),
        damaged: damaged.map(({ sha256, location, text }) => ({ sha256, location, text })),
      })
      return { generation: complete, copied }
    } catch (error) {
      if (!(error instanceof PurgedMeanwhile)) throw error
      if (attempt === maxAttempts)
        throw new CommandFailed('work is being purged all the time: try again later')
      ops.io.note('work was purged meanwhile: beginning again with a newer copy of the database')
    } finally {
      await copy.close()
    }
  }
}

/** The copy of the database names a file that no longer is: rightly, if its row has gone since. */
class PurgedMeanwhile extends Error {}

async function mustBeThere({ db }: Exchange, location: string): Promise<void> {
  if (!(await isReferenced([db.read], location))) throw new PurgedMeanwhile()
}

/** Removes old generations, and the files that only they had. Returns how many generations went. */
async function prune(
  ops: Ops,
  { folder, content, keep }: { folder: BackupFolder; content: ContentStore; keep: number },
): Promise<number> {
  const generations = await folder.generations()
  const [old, kept] = [generations.slice(0, -keep), generations.slice(-keep)]
  for (const generation of old) await folder.remove(generation)
  if (old.length === 0) return 0
  const copies: DatabaseCopy[] = []
  try {
    for (const { databasePath } of kept) copies.push(await ops.openCopy(databasePath))
    await removeLeftovers(content, {
      rows: copies.map(copy => copy.read),
      olderThan: Number.POSITIVE_INFINITY,
    })
  } finally {
    for (const copy of copies) await copy.close()
  }
  return old.length
}

function inWords({ folder }: Generation, copied: CopiedContent): string {
  const { files, sizeBytes, newFiles, newBytes } = copied
  return (
    `${folder}: the database and ${counted(files, 'file')} of ${bytesInWords(sizeBytes)}; ` +
    `not there yet: ${counted(newFiles, 'file')} of ${bytesInWords(newBytes)}.`
  )
}
