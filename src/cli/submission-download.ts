/** `ngshare submission download`: brings submissions to folders that nbgrader understands. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Command, Option } from 'commander'
import { type Downloaded, downloadTree } from '../client/download.ts'
import type { Submission } from '../client/operations.ts'
import { submissionTree } from '../client/remote-trees.ts'
import { CommandFailed } from '../terminal/failure.ts'
import { repeated } from '../terminal/options.ts'
import { report } from '../terminal/output.ts'
import { columns, printable } from '../terminal/table.ts'
import { type Cli, type ServerOptions, type Session, serverCommand } from './command.ts'
import { everything, minutes } from './lists.ts'
import { attemptFolder, folderName, momentIn, timestampFile, timestampOf } from './places.ts'
import { downloadInWords, eachOf, failFor } from './transfers.ts'

interface DownloadOptions extends ServerOptions {
  readonly student?: readonly string[]
  readonly to?: string
  readonly everyAttempt: boolean
  readonly replace: boolean
  readonly receipts?: string
}

export function downloadCommand(cli: Cli): Command {
  const command = new Command('download')
    .description(
      'Download the submissions of an assignment, to FOLDER/STUDENT/ASSIGNMENT, as nbgrader collects them. What is there already does not travel again.',
    )
    .argument('<course>')
    .argument('<assignment>')
    .option('--student <NAME>', 'only of this student; may be repeated', repeated)
    .option('--to <FOLDER>', 'where to; without it submitted, with --every-attempt attempts')
    .option('--every-attempt', 'not only the newest, each to FOLDER/STUDENT/ASSIGNMENT/TIME', false)
    .option('--receipts <FOLDER>', 'save their signed receipts, too')
    .addOption(
      new Option('--replace', 'also folders that hold something else, or were changed').default(false),
    )
  return serverCommand(
    cli,
    command,
    async (session, options: DownloadOptions, course: string, assignment: string) => {
      const { io } = session
      const submissions = await wanted(session, options, { course, assignment })
      const { done, failed } = await eachOf(session, submissions, {
        work: submission => bring(session, options, submission),
        nameOf: ({ student, receivedAt }) => `${student}, ${minutes(receivedAt)}`,
        onDone: count => io.progress(`${count} of ${submissions.length} submissions`),
      })
      report(io, options, { submissions: done, failed }, () => tableOf(done))
      failFor(failed, { of: submissions.length, what: 'submissions were not downloaded' })
    },
  )
}

/** @throws CommandFailed: somebody has none */
async function wanted(
  { client, signal }: Session,
  { student, everyAttempt }: DownloadOptions,
  of: { course: string; assignment: string },
): Promise<Submission[]> {
  const query = { ...of, ...(everyAttempt ? {} : { newestOnly: true }) }
  const all = byStudent(await everything(client.list('listSubmissions', { query, signal })))
  if (student === undefined) return all
  const nobody = student.filter(name => !all.some(submission => submission.student === name))
  if (nobody.length > 0)
    throw new CommandFailed(`no submission to ${of.assignment} by ${nobody.map(printable).join(', ')}`)
  return all.filter(submission => student.includes(submission.student))
}

function byStudent(submissions: readonly Submission[]): Submission[] {
  const key = ({ student, receivedAt }: Submission) => `${student}\0${receivedAt}`
  return submissions.toSorted((one, other) => (key(one) < key(other) ? -1 : 1))
}

interface Brought extends Downloaded {
  readonly id: string
  readonly student: string
  readonly receivedAt: string
  readonly folder: string
}

async function bring(
  { client, signal }: Session,
  { to, everyAttempt, replace, receipts }: DownloadOptions,
  { id, student, assignment, receivedAt }: Submission,
): Promise<Brought> {
  const place = join(
    to ?? (everyAttempt ? 'attempts' : 'submitted'),
    folderName(student),
    folderName(assignment),
  )
  const folder = everyAttempt ? join(place, attemptFolder(receivedAt)) : place
  const here = await momentIn(folder)
  // Instructors may have worked on what they have; only a newer attempt takes its place.
  const isThere = here === receivedAt && !replace
  const downloaded: Downloaded = isThere
    ? { outcome: 'unchanged', files: 0, sizeBytes: 0 }
    : await downloadTree({
        tree: submissionTree(client, { submission: id, signal }),
        to: folder,
        notes: { [timestampFile]: `${timestampOf(receivedAt)}\n` },
        others: 'remove',
        replace: replace || (here !== null && here < receivedAt),
      })
  if (receipts !== undefined) {
    const receipt = await client.call('getReceipt', { path: { submission: id }, signal })
    await mkdir(receipts, { recursive: true })
    const file = join(receipts, `${folderName(student)}-${folderName(assignment)}-${id}.json`)
    await writeFile(file, `${JSON.stringify(receipt, null, 2)}\n`)
  }
  return { id, student, receivedAt, folder, ...downloaded }
}

function tableOf(brought: readonly Brought[]): string {
  if (brought.length === 0) return 'There is no submission.'
  const rows = brought.map(({ student, receivedAt, folder, ...downloaded }) => [
    ...[student, minutes(receivedAt), downloadInWords(downloaded), folder],
  ])
  return columns([['student', 'received (UTC)', 'what came', 'folder'], ...rows], { left: [0, 1, 2, 3] })
}
