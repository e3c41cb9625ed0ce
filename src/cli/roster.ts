/** `ngshare roster …`: who teaches and who takes a course. */
import { Command, Option } from 'commander'
import type { Member } from '../client/operations.ts'
import { CommandFailed } from '../terminal/failure.ts'
import { report } from '../terminal/output.ts'
import { columns, printable } from '../terminal/table.ts'
import { type Cli, type ServerOptions, type Session, serverCommand } from './command.ts'
import { everything } from './lists.ts'
import { askForChanges, changesFor, refusalInWords } from './roster-changes.ts'
import { type Role, type RosterEntry, writeForNbgrader, writeRoster } from './roster-file.ts'
import { importCommand } from './roster-import.ts'

export function rosterCommand(cli: Cli): Command {
  return new Command('roster')
    .description('Rosters: who teaches a course, and who takes it.')
    .addCommand(listCommand(cli))
    .addCommand(addCommand(cli))
    .addCommand(removeCommand(cli))
    .addCommand(importCommand(cli))
    .addCommand(exportCommand(cli))
}

interface RoleOptions extends ServerOptions {
  readonly role?: Role
}

function listCommand(cli: Cli): Command {
  const command = new Command('list')
    .description('List the people of a course.')
    .argument('<course>')
    .addOption(roleOption('only those'))
  return serverCommand(cli, command, async (session, options: RoleOptions, course: string) => {
    const members = await listMembers(session, course, options)
    report(session.io, options, { members }, () =>
      members.length === 0 ? 'Nobody is there.' : columns(rowsOf(members), { left: [0, 1, 2, 3, 4] }),
    )
  })
}

function rowsOf(members: readonly Member[]): string[][] {
  const head = ['user', 'role', 'name', 'e-mail']
  const rows = members.map(({ user, role, firstName, lastName, email, isInRoster }) => [
    user,
    isInRoster ? role : `${role} (by the hub)`,
    [firstName, lastName].filter(Boolean).join(' '),
    email ?? '',
  ])
  return [head, ...rows]
}

interface ExportOptions extends RoleOptions {
  readonly forNbgrader: boolean
}

function exportCommand(cli: Cli): Command {
  const command = new Command('export')
    .description('Write the roster as CSV to standard output; `ngshare roster import` reads it.')
    .argument('<course>')
    .addOption(roleOption('only those'))
    .option('--for-nbgrader', 'only students, as `nbgrader db student import` reads them', false)
  return serverCommand(cli, command, async (session, options: ExportOptions, course: string) => {
    const members = await listMembers(session, course, options)
    const write = options.forNbgrader ? writeForNbgrader : writeRoster
    report(session.io, options, { members }, () => write(members).trimEnd())
  })
}

interface AddOptions extends ServerOptions, Omit<RosterEntry, 'user'> {}

function addCommand(cli: Cli): Command {
  const command = new Command('add')
    .description(
      'Add people to a course, or change their details. Students: by instructors; instructors: by admins.',
    )
    .argument('<course>')
    .argument('<users...>')
    .addOption(roleOption('the role that they shall have; who has none becomes a student'))
    .option('--first-name <NAME>')
    .option('--last-name <NAME>')
    .option('--email <ADDRESS>')
  return serverCommand(
    cli,
    command,
    async (session, options: AddOptions, course: string, users: string[]) => {
      const { role, firstName, lastName, email } = options
      const said = Object.fromEntries(
        Object.entries({ role, firstName, lastName, email }).filter(([, value]) => value !== undefined),
      )
      if (users.length > 1 && (firstName ?? lastName ?? email) !== undefined) {
        throw new CommandFailed(
          'names and e-mail are those of one person: add people one by one, or import a file',
        )
      }
      const members = await membersByName(session, course)
      const entries = [...new Set(users)].map(user => ({ user, ...said }))
      const changes = changesFor(entries, members)
      const outcomes = await askForChanges(session, { course, changes, dryRun: false })
      const words = { added: 'is added', changed: 'is changed', unchanged: 'stays as it was' }
      report(session.io, options, { members: outcomes }, () =>
        outcomes
          .map(({ user, outcome, reason }, i) =>
            outcome === 'refused'
              ? `${printable(user)}: ${refusalInWords(reason)}`
              : `${printable(user)} (${changes[i]?.role}) ${words[outcome]}`,
          )
          .join('\n'),
      )
      const refused = outcomes.filter(({ outcome }) => outcome === 'refused').length
      if (refused > 0) throw new CommandFailed(`${refused} of ${outcomes.length} were refused`)
    },
  )
}

function removeCommand(cli: Cli): Command {
  const command = new Command('remove')
    .description(
      'Take people off a course. Their submissions stay, and are there again when they are added again.',
    )
    .argument('<course>')
    .argument('<users...>')
  return serverCommand(cli, command, async (session, options, course: string, users: string[]) => {
    const { client, signal, io } = session
    const removed: string[] = []
    for (const user of new Set(users)) {
      io.progress(`removing ${printable(user)}`)
      try {
        await client.call('removeMember', { path: { course, user }, signal })
      } catch (error) {
        if (removed.length > 0) io.note(`removed until then: ${removed.map(printable).join(', ')}`)
        throw error
      }
      removed.push(user)
    }
    report(io, options, { removed }, () => removed.map(user => `${printable(user)} is removed`).join('\n'))
  })
}

function roleOption(meaning: string): Option {
  return new Option('--role <ROLE>', meaning).choices(['student', 'instructor'])
}

async function listMembers(
  { client, signal }: Session,
  course: string,
  { role }: { role?: Role } = {},
): Promise<Member[]> {
  return everything(client.list('listMembers', { path: { course }, query: { role }, signal }))
}

export async function membersByName(session: Session, course: string): Promise<Map<string, Member>> {
  return new Map((await listMembers(session, course)).map(member => [member.user, member]))
}
