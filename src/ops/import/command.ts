/** `ngshare import …`: coming over from a Python ngshare, or from nbgrader's own exchange directory. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { Command } from 'commander'
import { CommandFailed } from '../../terminal/failure.ts'
import { jsonOption } from '../../terminal/options.ts'
import { report } from '../../terminal/output.ts'
import { type DataOptions, databaseOption, type Ops, operator, storageOption } from '../command.ts'
import { importExchangeDir } from './exchange-dir.ts'
import { importNgshare06 } from './ngshare06.ts'
import { type ImportReport, type ImportRun, wordReport } from './report.ts'

interface ImportOptions extends DataOptions {
  readonly dryRun: boolean
}

export function importCommand(ops: Ops): Command {
  return new Command('import')
    .description('Bring over everything from another exchange, which is only read. Safe to repeat.')
    .addCommand(ngshare06Command(ops))
    .addCommand(exchangeDirCommand(ops))
}

interface Ngshare06Options extends ImportOptions {
  readonly fromDatabase: string
  readonly fromStorage: string
}

function ngshare06Command(ops: Ops): Command {
  const command = new Command('ngshare06')
    .description('From a Python ngshare, any version up to 0.6: its database and its folder of files.')
    .requiredOption('--from-database <URL>', 'its --database: sqlite:////absolute/path.db')
    .requiredOption('--from-storage <DIR>', 'its --storage')
  return importing(ops, command, (options: Ngshare06Options, run) => {
    const from = ops.locate({ database: options.fromDatabase, storage: options.fromStorage })
    const { databasePath, storage } = from
    if (databasePath === null) throw new CommandFailed('--from-database: a Python ngshare has an SQLite file')
    if (databasePath === ops.locate(options).databasePath) {
      throw new CommandFailed(
        '--from-database and --database are the same file: name a new one as --database',
      )
    }
    if (storage.folder === null) throw new CommandFailed('--from-storage must be a folder')
    return importNgshare06({ databasePath, storageFolder: storage.folder }, run)
  })
}

interface ExchangeDirOptions extends ImportOptions {
  readonly from: string
  readonly course: readonly string[]
}

function exchangeDirCommand(ops: Ops): Command {
  const command = new Command('exchange-dir')
    .description("From nbgrader's own exchange directory: releases, submissions, feedback.")
    .requiredOption('--from <DIR>', 'what c.Exchange.root says')
    .option('--course <COURSE...>', 'only these', [])
  return importing(ops, command, (options: ExchangeDirOptions, run) =>
    importExchangeDir({ folder: resolve(options.from), courses: options.course }, run),
  )
}

/** A dry run leaves no trace: where there is no database yet, none is made. */
function importing<Options extends ImportOptions>(
  ops: Ops,
  command: Command,
  act: (options: Options, run: ImportRun) => Promise<ImportReport>,
): Command {
  return command
    .addOption(databaseOption())
    .addOption(storageOption())
    .addOption(jsonOption())
    .option('--dry-run', 'read and compare everything, and only tell what would come over', false)
    .action(async (options: Options) => {
      const { dryRun } = options
      const { databasePath } = ops.locate(options)
      const isThere = databasePath === null || existsSync(databasePath)
      const open = dryRun && !isThere ? null : await ops.open(options, { upgrade: !dryRun })
      try {
        const result = await act(options, {
          exchange: open?.exchange ?? null,
          caller: operator,
          dryRun,
          progress: text => ops.io.progress(text),
        })
        report(ops.io, options, result, () => wordReport(result))
      } finally {
        await open?.close()
      }
    })
}
