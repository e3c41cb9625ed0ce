/** `ngshare submission …` */
import { Command } from 'commander'
import type { Submission } from '../client/operations.ts'
import { report } from '../terminal/output.ts'
import { columns } from '../terminal/table.ts'
import { bytesInWords } from '../terminal/words.ts'
import { type Cli, type ServerOptions, serverCommand } from './command.ts'
import { everything, minutes } from './lists.ts'
import { downloadCommand } from './submission-download.ts'
import { submitCommand } from './submission-submit.ts'

export function submissionCommand(cli: Cli): Command {
  return new Command('submission')
    .description('Submissions: list, submit and download them.')
    .addCommand(listCommand(cli))
    .addCommand(submitCommand(cli))
    .addCommand(downloadCommand(cli))
    .addCommand(receiptCommand(cli))
}

interface ListOptions extends ServerOptions {
  readonly student?: string
  readonly newest: boolean
  readonly own: boolean
}

function listCommand(cli: Cli): Command {
  const command = new Command('list')
    .description('List submissions as they came: your own, and those of the courses that you teach.')
    .argument('[course]')
    .argument('[assignment]')
    .option('--student <NAME>', 'of this student')
    .option('--newest', 'only the newest of each student and assignment', false)
    .option('--own', 'only your own', false)
  return serverCommand(
    cli,
    command,
    async (
      { client, io, signal },
      options: ListOptions,
      course: string | undefined,
      assignment: string | undefined,
    ) => {
      const { student, newest, own } = options
      const query = {
        ...{ course, assignment, student },
        ...(newest ? { newestOnly: true } : {}),
        ...(own ? { own } : {}),
      }
      const submissions = await everything(client.list('listSubmissions', { query, signal }))
      report(io, options, { submissions }, () => tableOf(submissions))
    },
  )
}

function tableOf(submissions: readonly Submission[]): string {
  if (submissions.length === 0) return 'There is no submission.'
  const head = [
    'course',
    'assignment',
    'student',
    'received (UTC)',
    'files',
    'size',
    'feedback (UTC)',
    'receipt',
  ]
  const rows = submissions.map(({ id, course, assignment, student, receivedAt, tree, feedback }) => [
    ...[course, assignment, student, minutes(receivedAt), `${tree.fileCount}`, bytesInWords(tree.sizeBytes)],
    ...[feedback === null ? '' : minutes(feedback.releasedAt), id],
  ])
  return columns([head, ...rows], { left: [0, 1, 2, 3, 6, 7] })
}

function receiptCommand(cli: Cli): Command {
  const command = new Command('receipt')
    .description('Print the signed receipt of a submission, which `ngshare receipt verify` checks.')
    .argument('<submission>', 'its number, as `list` and `submit` tell it')
  return serverCommand(cli, command, async ({ client, io, signal }, _options, submission: string) => {
    const receipt = await client.call('getReceipt', { path: { submission }, signal })
    io.print(JSON.stringify(receipt, null, 2))
  })
}
