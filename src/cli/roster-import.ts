/** `ngshare roster import`: a file becomes the roster, after a look at what would change. */
import { readFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { Command } from 'commander'
import type { Member } from '../client/operations.ts'
import { CommandFailed, WrongUse } from '../terminal/failure.ts'
import { report } from '../terminal/output.ts'
import { printable } from '../terminal/table.ts'
import { type Cli, type ServerOptions, type Session, serverCommand } from './command.ts'
import { everything } from './lists.ts'
import { confirm } from './questions.ts'
import { askForChanges, changesFor, changeTable, type Outcome } from './roster-changes.ts'
import { readRoster } from './roster-file.ts'

interface ImportOptions extends ServerOptions {
  readonly dryRun: boolean
  readonly yes: boolean
  readonly removeMissing: boolean
  readonly skipRefused: boolean
  readonly ignoreUnknown: boolean
  readonly encoding?: string
}

export function importCommand(cli: Cli): Command {
  const command = new Command('import')
    .description(
      'Add and change people as a CSV file says, after showing what would change. Columns: student_id, and any of first_name, last_name, email, role; what a file has no column for stays as it is.',
    )
    .argument('<course>')
    .argument('<file>', 'the CSV file; - for standard input')
    .option('--dry-run', 'only show what would change', false)
    .option('--yes', 'do it without asking', false)
    .option('--remove-missing', 'take students off who are not in the file', false)
    .option('--skip-refused', 'change the others where some are refused', false)
    .option('--ignore-unknown', 'leave out columns that are not known', false)
    .option('--encoding <NAME>', 'of the file, where it is not Unicode; such as windows-1252')
  return serverCommand(cli, command, runImport)
}

async function runImport(
  session: Session,
  options: ImportOptions,
  course: string,
  path: string,
): Promise<void> {
  const { client, signal, io } = session
  const { entries, notes } = readRoster(await contentOf(path), options)
  for (const note of notes) io.note(note)
  const listed = await everything(client.list('listMembers', { path: { course }, signal }))
  const members = new Map(listed.map(member => [member.user, member]))
  const changes = changesFor(entries, members)
  const removed = options.removeMissing ? missingIn(entries, listed) : []
  const plan = await askForChanges(session, { course, changes, dryRun: true })
  const preview = [
    inWords(course, { outcomes: plan, removed, would: true }),
    changeTable({ outcomes: plan, changes, members, removed }),
  ].join('\n')
  if (options.dryRun) {
    report(io, options, resultOf({ outcomes: plan, removed, dryRun: true }), () => preview.trimEnd())
    return
  }
  io.note(preview.trimEnd())
  const isChange = plan.some(({ outcome }) => outcome === 'added' || outcome === 'changed')
  refuseRefused(plan, options)
  if (isChange || removed.length > 0) await confirm('Change the roster?', options)
  const wanted = changes.filter((_, i) => plan[i]?.outcome !== 'refused')
  const outcomes = isChange ? await askForChanges(session, { course, changes: wanted, dryRun: false }) : plan
  await remove(session, course, removed)
  const result = resultOf({ outcomes, removed, dryRun: false })
  report(io, options, result, () => inWords(course, { outcomes, removed, would: false }))
  const refused = isChange ? outcomes.filter(({ outcome }) => outcome === 'refused') : []
  if (refused.length > 0) {
    const who = refused.map(({ user }) => printable(user)).join(', ')
    throw new CommandFailed(`somebody else has changed the roster meanwhile; these were refused: ${who}`)
  }
}

/** @throws WrongUse */
async function contentOf(path: string): Promise<Uint8Array> {
  if (path === '-') return buffer(process.stdin)
  try {
    return await readFile(path)
  } catch (error) {
    throw new WrongUse(`cannot read the file: ${(error as Error).message}`, { cause: error })
  }
}

/** Instructors are not taken off by what a file does not say, and nobody whom a group of the hub brings. */
function missingIn(entries: readonly { user: string }[], members: readonly Member[]): Member[] {
  const named = new Set(entries.map(({ user }) => user))
  return members.filter(({ user, role, isInRoster }) => role === 'student' && isInRoster && !named.has(user))
}

function refuseRefused(outcomes: readonly Outcome[], { skipRefused }: { skipRefused: boolean }): void {
  const refused = outcomes.filter(({ outcome }) => outcome === 'refused').length
  if (refused === 0 || skipRefused) return
  throw new CommandFailed(
    `${refused} of ${outcomes.length} are refused, so nothing was changed: correct the file, or say --skip-refused`,
  )
}

async function remove(
  { client, signal, io }: Session,
  course: string,
  removed: readonly Member[],
): Promise<void> {
  let done = 0
  try {
    for (const { user } of removed) {
      io.progress(`removing ${done + 1} of ${removed.length}`)
      await client.call('removeMember', { path: { course, user }, signal })
      done += 1
    }
  } catch (error) {
    io.note(
      `the file is imported, but only ${done} of ${removed.length} are removed: import it again to go on`,
    )
    throw error
  }
}

function resultOf(input: {
  outcomes: readonly Outcome[]
  removed: readonly Member[]
  dryRun: boolean
}): object {
  const removed = input.removed.map(({ user }) => ({ user, outcome: 'removed' }))
  return { dryRun: input.dryRun, members: [...input.outcomes, ...removed] }
}

function inWords(
  course: string,
  input: { outcomes: readonly Outcome[]; removed: readonly Member[]; would: boolean },
): string {
  const count = (wanted: Outcome['outcome']) =>
    input.outcomes.filter(({ outcome }) => outcome === wanted).length
  const counts = [
    [count('added'), 'added'],
    [count('changed'), 'changed'],
    [input.removed.length, 'removed'],
    [count('refused'), 'refused'],
  ].flatMap(([n, what]) => (n === 0 ? [] : [`${n} ${input.would ? 'would be ' : ''}${what}`]))
  const all = counts.length === 0 ? ['nothing changes'] : counts
  return `${printable(course)}: ${all.join(', ')}; ${count('unchanged')} as they were`
}
