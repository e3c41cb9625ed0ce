/** `ngshare user …`: what an admin does with a person's account as a whole. */
import { Command } from 'commander'
import { Refusal, Trouble } from '../domain/errors.ts'
import {
  eraseUsers,
  getHoldings,
  type Holdings,
  mayMergeUsers,
  mayRenameUser,
  mergeUsers,
  renameUser,
  UserProblem,
  type UserProblemCode,
} from '../exchange/users.ts'
import { CommandFailed } from '../terminal/failure.ts'
import { report } from '../terminal/output.ts'
import { type DataOptions, dataCommand, type OpenExchange, type Ops, operator } from './command.ts'

interface ActOptions extends DataOptions {
  readonly dryRun: boolean
  readonly yes: boolean
}

export function userCommand(ops: Ops): Command {
  return new Command('user')
    .description('Rename, merge and erase users.')
    .addCommand(renameCommand(ops))
    .addCommand(mergeCommand(ops))
    .addCommand(eraseCommand(ops))
    .addCommand(compactCommand(ops))
}

function renameCommand(ops: Ops): Command {
  const command = acting('rename')
    .description('Give a user another name. All that they have stays theirs.')
    .argument('<old>', 'the name until now')
    .argument('<new>', 'a name that nobody has')
  return dataCommand(ops, command, async ({ exchange }, options: ActOptions, from: string, to: string) => {
    const { read } = exchange.db
    await explained(async () => {
      await mayRenameUser(read, { from, to })
      const holdings = await getHoldings(read, from)
      if (!options.dryRun) await renameUser(exchange, { caller: operator, from, to })
      const done = options.dryRun ? 'would be renamed' : 'is renamed'
      report(
        ops.io,
        options,
        { renamed: !options.dryRun, from, to, ...holdings },
        () => `${from} ${done} to ${to}: ${wordHoldings(holdings)}.`,
      )
    })
  })
}

function mergeCommand(ops: Ops): Command {
  const command = acting('merge')
    .description('Make two accounts of one person one: all that FROM has goes to INTO, and FROM is gone.')
    .argument('<from>', 'the account that goes')
    .argument('<into>', 'the account that stays')
  return dataCommand(ops, command, async ({ exchange }, options: ActOptions, from: string, into: string) => {
    const { read } = exchange.db
    await explained(async () => {
      await mayMergeUsers(read, { from, into })
      if (options.dryRun) {
        const holdings = await getHoldings(read, from)
        const text = () => `${from} would go; to ${into} would go ${wordHoldings(holdings)}.`
        return report(ops.io, options, { merged: false, from, into, ...holdings }, text)
      }
      requireYes(options, `merging cannot be undone: nothing of ${from} is known apart from ${into} then`)
      const holdings = await mergeUsers(exchange, { caller: operator, from, into })
      const text = () => `${from} is gone; ${into} has got ${wordHoldings(holdings)}.`
      report(ops.io, options, { merged: true, from, into, ...holdings }, text)
    })
  })
}

interface EraseOptions extends ActOptions {
  readonly compact: boolean
}

function eraseCommand(ops: Ops): Command {
  const command = acting('erase')
    .description(
      'Erase users: their submissions, the feedback to them, their names. What they released as instructors stays for the class.',
    )
    .argument('<names...>')
    .option('--no-compact', 'leave the last traces in the file of the database until `ngshare user compact`')
  return dataCommand(ops, command, async (open, options: EraseOptions, names: string[]) => {
    const { exchange } = open
    await explained(async () => {
      const wanted = [...new Set(names)]
      const plan: (Holdings & { name: string })[] = []
      for (const name of wanted) plan.push({ name, ...(await getHoldings(exchange.db.read, name)) })
      if (options.dryRun) {
        const lines = () => plan.map(({ name, ...holdings }) => `${name}: ${wordHoldings(holdings)}`)
        return report(ops.io, options, { erased: false, users: plan }, () =>
          ['These would be erased:', ...lines()].join('\n'),
        )
      }
      requireYes(options, `this destroys for good what ${wanted.join(', ')} submitted`)
      const users = await eraseUsers(exchange, {
        caller: operator,
        names: wanted,
        tell: done => ops.io.progress(`erased ${done} of ${wanted.length}`),
      })
      ops.io.progress('')
      if (options.compact) await compact(ops, open)
      report(ops.io, options, { erased: true, compacted: options.compact, users }, () =>
        users
          .map(
            ({ name, files, ...holdings }) => `${name} is erased: ${wordHoldings(holdings)}; ${files} files.`,
          )
          .join('\n'),
      )
    })
  })
}

function compactCommand(ops: Ops): Command {
  const command = new Command('compact').description(
    'Rewrite the database so that nothing erased is left in its files; `erase` does it by itself.',
  )
  return dataCommand(ops, command, async (open, options) => {
    await compact(ops, open)
    report(ops.io, options, { compacted: true }, () => 'The database is rewritten.')
  })
}

/** A failure here must not look as if nothing had happened. */
async function compact(ops: Ops, { exchange }: OpenExchange): Promise<void> {
  ops.io.note('Rewriting the database. A server that runs waits with its writes meanwhile.')
  try {
    await exchange.db.compact()
  } catch (error) {
    if (!(error instanceof Trouble)) throw error
    throw new CommandFailed(
      `the rows are gone, but traces may be left in the files of the database: ${error.message}. Do \`ngshare user compact\` again later.`,
    )
  }
}

function acting(name: string): Command {
  return new Command(name)
    .option('--dry-run', 'only tell what would happen', false)
    .option('--yes', 'do it without asking', false)
}

function requireYes({ yes }: ActOptions, consequence: string): void {
  if (!yes) throw new CommandFailed(`${consequence}. Look with --dry-run, then say --yes.`)
}

async function explained(act: () => Promise<void>): Promise<void> {
  try {
    await act()
  } catch (error) {
    if (error instanceof UserProblem) throw new CommandFailed(problems[error.code](error.user))
    if (error instanceof Refusal && error.code === 'illegal-name') {
      throw new CommandFailed(
        'that is no name: it has 1 to 255 bytes, no control characters, and is not . or ..',
      )
    }
    throw error
  }
}

const problems: Record<UserProblemCode, (name: string) => string> = {
  'user-not-found': name => `there is no user ${name}`,
  'name-taken': name => `there is a user ${name} already; \`ngshare user merge\` makes two accounts one`,
  'same-user': name => `${name} cannot be merged into ${name}`,
}

function wordHoldings({ submissions, feedback, memberships, releases }: Holdings): string {
  return `${submissions} submissions, ${feedback} sets of feedback to them, ${memberships} places in courses, ${releases} releases as instructor`
}
