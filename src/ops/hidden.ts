/** `ngshare hidden …`, `ngshare purge`: what was deleted and is still there. */
import { Command, Option } from 'commander'
import { Refusal } from '../domain/errors.ts'
import { formatTimestamp } from '../domain/timestamp.ts'
import type { Exchange } from '../exchange/exchange.ts'
import { type Hidden, listHidden, nameOf, purgeOne, restoreHidden } from '../exchange/hidden.ts'
import { CommandFailed } from '../terminal/failure.ts'
import { wholeNumber } from '../terminal/options.ts'
import { report } from '../terminal/output.ts'
import { columns } from '../terminal/table.ts'
import { bytesInWords, counted } from '../terminal/words.ts'
import { type DataOptions, dataCommand, type Ops, operator, readingCommand } from './command.ts'

const microsPerDay = 86_400_000_000

interface ListOptions extends DataOptions {
  readonly retentionDays: number
}

interface ChoiceOptions extends DataOptions {
  readonly key?: string
}

interface RestoreOptions extends ChoiceOptions {
  readonly as?: string
}

interface PurgeOptions extends ChoiceOptions {
  readonly dryRun: boolean
  readonly yes: boolean
}

export function hiddenCommand(ops: Ops): Command {
  return new Command('hidden')
    .description('What was deleted and is still there.')
    .addCommand(listCommand(ops), { isDefault: true })
    .addCommand(restoreCommand(ops))
}

function listCommand(ops: Ops): Command {
  const command = new Command('list')
    .description('List deleted courses and assignments: since when, and until when they are kept.')
    .addOption(
      new Option('--retention-days <DAYS>', 'how long the server keeps them; 0: for good')
        .env('NGSHARE_RETENTION_DAYS')
        .default(30)
        .argParser(wholeNumber),
    )
  return readingCommand(ops, command, async ({ exchange }, options: ListOptions) => {
    const days = options.retentionDays
    const hidden = (await listHidden(exchange.db.read)).map(one => ({
      ...one,
      name: nameOf(one),
      hiddenAt: formatTimestamp(one.hiddenAt),
      keptUntil: days === 0 ? null : formatTimestamp(one.hiddenAt + days * microsPerDay),
    }))
    report(ops.io, options, { hidden }, () =>
      hidden.length === 0
        ? 'Nothing is deleted.'
        : columns([
            ['', 'deleted at', 'kept until', 'submissions', 'size', 'key'],
            ...hidden.map(({ name, hiddenAt, keptUntil, submissions, sizeBytes, key }) => [
              name,
              hiddenAt.slice(0, 16),
              keptUntil?.slice(0, 16) ?? 'for good',
              `${submissions}`,
              bytesInWords(sizeBytes),
              key,
            ]),
          ]),
    )
  })
}

function restoreCommand(ops: Ops): Command {
  const command = new Command('restore')
    .description('Bring a deleted course or assignment back, with all that is in it.')
    .argument('<name>', 'COURSE, or COURSE/ASSIGNMENT')
    .addOption(keyOption())
    .option('--as <NAME>', 'for a course: the name that it shall have, when there is a new one of its own')
  return dataCommand(ops, command, async ({ exchange }, options: RestoreOptions, name: string) => {
    const hidden = await choose(exchange, name, options.key)
    if (hidden.assignment !== null) refuseForAssignment(hidden, options)
    const restored = options.as ?? name
    try {
      await restoreHidden(exchange, { caller: operator, hidden, as: options.as ?? null })
    } catch (error) {
      throw explained(error, restored)
    }
    const { submissions, sizeBytes } = hidden
    report(ops.io, options, { restored, key: hidden.key, submissions, sizeBytes }, () =>
      inWords(`${restored} is there again`, hidden),
    )
  })
}

export function purgeCommand(ops: Ops): Command {
  const command = new Command('purge')
    .description('Remove a deleted course or assignment for good, before its time. Nothing brings it back.')
    .argument('<name>', 'COURSE, or COURSE/ASSIGNMENT, as `ngshare hidden` lists it')
    .addOption(keyOption())
    .option('--dry-run', 'only tell what would go', false)
    .option('--yes', 'do it', false)
  return dataCommand(ops, command, async ({ exchange }, options: PurgeOptions, name: string) => {
    const hidden = await choose(exchange, name, options.key)
    const { key, submissions, sizeBytes } = hidden
    const result = { name, key, submissions, sizeBytes, purged: !options.dryRun }
    if (options.dryRun) {
      report(ops.io, options, result, () => inWords(`${name} would go for good`, hidden))
      return
    }
    if (!options.yes)
      throw new CommandFailed(inWords(`${name} would go for good; say --yes to do it`, hidden))
    try {
      await purgeOne(exchange, { caller: operator, hidden })
    } catch (error) {
      throw explained(error, name)
    }
    report(ops.io, options, result, () => inWords(`${name} is gone for good`, hidden))
  })
}

function keyOption(): Option {
  return new Option('--key <KEY>', 'which one, when `ngshare hidden` lists several of that name')
}

/** @throws CommandFailed */
async function choose(exchange: Exchange, name: string, key: string | undefined): Promise<Hidden> {
  const named = (await listHidden(exchange.db.read)).filter(hidden => nameOf(hidden) === name)
  const [hidden, ...others] = key === undefined ? named : named.filter(one => one.key === key)
  if (hidden === undefined) {
    throw new CommandFailed(`nothing deleted is called '${name}'; \`ngshare hidden\` lists what there is`)
  }
  if (others.length === 0) return hidden
  const keys = named.map(({ key, hiddenAt }) => `${key} (deleted ${formatTimestamp(hiddenAt)})`).join(', ')
  throw new CommandFailed(`several that were deleted are called '${name}'; choose one by --key: ${keys}`)
}

function refuseForAssignment(hidden: Hidden, options: RestoreOptions): void {
  if (options.as !== undefined) {
    throw new CommandFailed('--as is for courses: the name of a deleted assignment is always free')
  }
  if (hidden.isInHiddenCourse) {
    throw new CommandFailed(`its course is deleted, too: first \`ngshare hidden restore ${hidden.course}\``)
  }
}

function explained(error: unknown, name: string): unknown {
  if (!(error instanceof Refusal)) return error
  if (error.code === 'course-exists') {
    return new CommandFailed(
      `there is a course '${name}' that is not deleted: restore this one under another name, --as NAME`,
    )
  }
  if (error.code === 'illegal-name') return new CommandFailed(`'${name}' is no name for a course`)
  return new CommandFailed(`'${name}' is not deleted any more: another command was quicker`)
}

function inWords(what: string, { submissions, sizeBytes }: Hidden): string {
  return `${what}: ${counted(submissions, 'submission')}, ${bytesInWords(sizeBytes)} with releases and feedback.`
}
