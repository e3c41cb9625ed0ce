/** `ngshare sweep`: the work of housekeeping, by hand. */
import { Command, Option } from 'commander'
import type { Exchange } from '../exchange/exchange.ts'
import { type Hidden, listHidden, nameOf } from '../exchange/hidden.ts'
import { countHidden, purgeHidden } from '../exchange/housekeeping.ts'
import { countLeftovers, sweepContent } from '../exchange/leftovers.ts'
import { wholeNumber } from '../terminal/options.ts'
import { report } from '../terminal/output.ts'
import { counted } from '../terminal/words.ts'
import { type DataOptions, dataCommand, type Ops, operator } from './command.ts'

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
      new Option('--retention-days <DAYS>', 'how long deleted courses and assignments are kept; 0: for good')
        .env('NGSHARE_RETENTION_DAYS')
        .default(30)
        .argParser(wholeNumber),
    )
    .option('--dry-run', 'only tell what would go', false)
  return dataCommand(ops, command, async ({ exchange }, options: SweepOptions) => {
    const { retentionDays, dryRun } = options
    // As for the server, 0 is no period: nothing that was deleted goes by itself.
    const hiddenBefore = retentionDays === 0 ? null : Date.now() - retentionDays * dayMs
    const times = { hiddenBefore, olderThan: Date.now() - dayMs }
    const outcome = dryRun ? await foresee(exchange, times) : await sweep(ops, exchange, times)
    const { assignments, files, deleted } = outcome
    const what = `${counted(assignments, 'deleted assignment')} and ${counted(files, 'left-over file')}`
    report(ops.io, options, { dryRun, ...outcome }, () =>
      [`${what} ${dryRun ? 'would go' : 'are gone'}.`, ...deleted.map(name => `  ${name}`)].join('\n'),
    )
  })
}

interface Times {
  /** In milliseconds. Null: nothing goes. */
  readonly hiddenBefore: number | null
  readonly olderThan: number
}

interface Outcome {
  /** Those of deleted courses, too. */
  readonly assignments: number
  /** Names of what was deleted: courses, and assignments of others. */
  readonly deleted: readonly string[]
  readonly files: number
}

/** What uploads that were cut off have staged is not counted. */
async function foresee(exchange: Exchange, { hiddenBefore, olderThan }: Times): Promise<Outcome> {
  const files = await countLeftovers(exchange, { olderThan })
  if (hiddenBefore === null) return { assignments: 0, deleted: [], files }
  const assignments = await countHidden(exchange, { hiddenBefore })
  return { assignments, deleted: await namesOf(exchange, hiddenBefore), files }
}

async function sweep(ops: Ops, exchange: Exchange, { hiddenBefore, olderThan }: Times): Promise<Outcome> {
  const deleted = hiddenBefore === null ? [] : await namesOf(exchange, hiddenBefore)
  const progress = (purged: number) => ops.io.progress(`${purged} assignments purged`)
  const assignments =
    hiddenBefore === null ? 0 : await purgeHidden(exchange, { hiddenBefore, caller: operator, progress })
  return { assignments, deleted, files: await sweepContent(exchange, { olderThan, caller: operator }) }
}

async function namesOf({ db }: Exchange, hiddenBefore: number): Promise<string[]> {
  const isDue = ({ hiddenAt }: Hidden) => hiddenAt < hiddenBefore * 1000
  return (await listHidden(db.read)).filter(isDue).map(nameOf)
}
