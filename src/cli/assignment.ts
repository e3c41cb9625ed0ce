/** `ngshare assignment …` */
import { Command } from 'commander'
import { downloadTree } from '../client/download.ts'
import { releaseTree } from '../client/remote-trees.ts'
import { wholeNumber } from '../terminal/options.ts'
import { report } from '../terminal/output.ts'
import { columns, printable } from '../terminal/table.ts'
import { bytesInWords } from '../terminal/words.ts'
import { releaseCommand } from './assignment-release.ts'
import { type Cli, type ServerOptions, serverCommand } from './command.ts'
import { everything, minutes } from './lists.ts'
import { folderName } from './places.ts'
import { confirm } from './questions.ts'
import { downloadInWords, progressOf } from './transfers.ts'

export function assignmentCommand(cli: Cli): Command {
  return new Command('assignment')
    .description('Assignments: list, release, download and withdraw them.')
    .addCommand(listCommand(cli))
    .addCommand(releasesCommand(cli))
    .addCommand(releaseCommand(cli))
    .addCommand(downloadCommand(cli))
    .addCommand(withdrawCommand(cli))
}

function listCommand(cli: Cli): Command {
  const command = new Command('list')
    .description('List the assignments that are out, of all your courses or of one.')
    .argument('[course]')
  return serverCommand(cli, command, async ({ client, io, signal }, options, course: string | undefined) => {
    const assignments = await everything(client.list('listAssignments', { query: { course }, signal }))
    report(io, options, { assignments }, () =>
      assignments.length === 0
        ? 'No assignment is out.'
        : columns(
            [
              ['course', 'assignment', 'released (UTC)', 'version', 'files', 'size'],
              ...assignments.map(({ course, assignment, release }) => [
                ...[course, assignment, minutes(release.releasedAt), `${release.version}`],
                ...[`${release.tree.fileCount}`, bytesInWords(release.tree.sizeBytes)],
              ]),
            ],
            { left: [0, 1, 2] },
          ),
    )
  })
}

function releasesCommand(cli: Cli): Command {
  const command = new Command('releases')
    .description('List all versions of an assignment, the newest first.')
    .argument('<course>')
    .argument('<assignment>')
  return serverCommand(
    cli,
    command,
    async ({ client, io, signal }, options, course: string, assignment: string) => {
      const path = { course, assignment }
      const releases = await everything(client.list('listReleases', { path, signal }))
      report(io, options, { releases }, () =>
        columns(
          [
            ['version', 'released (UTC)', 'by', 'files', 'size'],
            ...releases.map(({ version, releasedAt, releasedBy, tree }) => [
              ...[`${version}`, minutes(releasedAt), releasedBy],
              ...[`${tree.fileCount}`, bytesInWords(tree.sizeBytes)],
            ]),
          ],
          { left: [0, 1, 2] },
        ),
      )
    },
  )
}

interface DownloadOptions extends ServerOptions {
  readonly to?: string
  readonly release?: number
  readonly replace: boolean
}

function downloadCommand(cli: Cli): Command {
  const command = new Command('download')
    .description(
      'Download a release. Only files that are not in the folder yet travel; others that are there stay.',
    )
    .argument('<course>')
    .argument('<assignment>')
    .option('--to <FOLDER>', 'where to; without it a folder of the name of the assignment')
    .option('--release <VERSION>', 'an older version, of those that `releases` lists', wholeNumber)
    .option('--replace', 'also files of the folder that differ from those of the release', false)
  return serverCommand(
    cli,
    command,
    async ({ client, io, signal }, options: DownloadOptions, course: string, assignment: string) => {
      const to = options.to ?? folderName(assignment)
      const path = { course, assignment }
      const version =
        options.release ?? (await client.call('getAssignment', { path, signal })).release.version
      const onProgress = progressOf(io, `receiving ${printable(assignment)}`)
      const done = await downloadTree({
        tree: releaseTree(client, { ...path, version, signal }),
        to,
        others: 'keep',
        replace: options.replace,
        onProgress: ({ receivedBytes, lackingBytes }) => onProgress(receivedBytes, lackingBytes),
      })
      report(
        io,
        options,
        { ...path, version, folder: to, ...done },
        () =>
          `${printable(assignment)}, version ${version}, is in ${printable(to)}: ${downloadInWords(done)}.`,
      )
    },
  )
}

interface WithdrawOptions extends ServerOptions {
  readonly yes: boolean
}

function withdrawCommand(cli: Cli): Command {
  const command = new Command('withdraw')
    .description(
      'Take an assignment back. Its submissions and feedback are kept for the retention period, and are there again when it is released again.',
    )
    .argument('<course>')
    .argument('<assignment>')
    .option('--yes', 'do it without asking', false)
  return serverCommand(
    cli,
    command,
    async ({ client, io, signal }, options: WithdrawOptions, course: string, assignment: string) => {
      const path = { course, assignment }
      await client.call('getAssignment', { path, signal })
      await confirm(`Take ${printable(assignment)} of ${printable(course)} back?`, options)
      await client.call('hideAssignment', { path, signal })
      report(io, options, { withdrawn: path }, () => `${printable(assignment)} is no longer out.`)
    },
  )
}
