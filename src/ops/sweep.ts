/** `ngshare sweep`: the work of the hourly round, by hand. */
import { Command, Option } from 'commander'
import { countHidden, purgeHidden, sweepContent } from '../exchange/housekeeping.ts'
import { type DataOptions, dataCommand, type Ops, report, wholeNumber } from './command.ts'

const dayMs = 24 * 3_600_000

interface SweepOptions extends DataOptions {
  readonly retentionDays: number
  readonly dryRun: boolean
}

export function sweepCommand(ops: Ops): Command {
  const command = new Command('sweep')
    .description(
      'Remove for good what was deleted longer ago than the retention period, and what failed uploads left.',
    )
    .addOption(
      new Option('--retention-days <DAYS>', 'how long deleted courses and assignments are kept')
        .env('NGSHARE_RETENTION_DAYS')
        .default(30)
        .argParser(wholeNumber),
    )
    .option('--dry-run', 'only tell what would go', false)
  return dataCommand(ops, command, async ({ exchange }, options: SweepOptions) => {
    const hiddenBefore = Date.now() - options.retentionDays * dayMs
    if (options.dryRun) {
      const assignments = await countHidden(exchange, { hiddenBefore })
      report(ops.io, options, { assignments }, () => `${assignments} deleted assignments would go.`)
      return
    }
    const assignments = await purgeHidden(exchange, { hiddenBefore })
    const files = await sweepContent(exchange, { olderThan: Date.now() - dayMs })
    report(
      ops.io,
      options,
      { assignments, files },
      () => `${assignments} assignments and ${files} left-over files are gone.`,
    )
  })
}
