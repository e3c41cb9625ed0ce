/** `ngshare usage`: how much is stored, for whom. */
import { Command } from 'commander'
import { type Amount, measureUsage, type Usage } from '../exchange/usage.ts'
import { report } from '../terminal/output.ts'
import { columns } from '../terminal/table.ts'
import { bytesInWords } from '../terminal/words.ts'
import { type Ops, readingCommand } from './command.ts'

export function usageCommand(ops: Ops): Command {
  const command = new Command('usage').description(
    'Tell how much is stored, in all, for each course and for each user, and what storing equal files once saves.',
  )
  return readingCommand(ops, command, async ({ exchange }, options) => {
    const usage = await measureUsage(exchange.db.read)
    report(ops.io, options, usage, () => inWords(usage))
  })
}

function inWords(usage: Usage): string {
  const { inDatabaseBytes, inStorageBytes, courses, users } = usage
  const where = `${bytesInWords(inDatabaseBytes)} in the database, ${bytesInWords(inStorageBytes)} in the storage`
  return [
    columns([
      ['', 'submissions', 'files', 'in all', 'stored', 'saved'],
      ['everything', `${usage.submissions}`, ...figures(usage)],
      ...courses.map(course => [
        `course ${course.course}${course.hiddenAt === null ? '' : ' (deleted)'}`,
        `${course.submissions}`,
        ...figures(course),
      ]),
      ...users.map(user => [`user ${user.user}`, `${user.submissions}`, ...figures(user)]),
    ]),
    '',
    `Stored: ${where}. What several share counts for each of them.`,
  ].join('\n')
}

function figures({ files, logicalBytes, storedBytes, savedBytes }: Amount): string[] {
  return [`${files}`, ...[logicalBytes, storedBytes, savedBytes].map(bytesInWords)]
}
