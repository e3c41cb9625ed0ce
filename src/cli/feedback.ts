/** `ngshare feedback …` */
import { join } from 'node:path'
import { Command } from 'commander'
import { type Downloaded, downloadTree } from '../client/download.ts'
import type { Submission } from '../client/operations.ts'
import { feedbackTree } from '../client/remote-trees.ts'
import { report } from '../terminal/output.ts'
import { columns } from '../terminal/table.ts'
import { type Cli, type ServerOptions, serverCommand } from './command.ts'
import { uploadCommand } from './feedback-upload.ts'
import { everything, minutes } from './lists.ts'
import { folderName, timestampOf } from './places.ts'
import { downloadInWords, eachOf, failFor } from './transfers.ts'

export function feedbackCommand(cli: Cli): Command {
  return new Command('feedback')
    .description('Feedback: list, upload and download it.')
    .addCommand(listCommand(cli))
    .addCommand(uploadCommand(cli))
    .addCommand(downloadCommand(cli))
}

interface ListOptions extends ServerOptions {
  readonly student?: string
}

function listCommand(cli: Cli): Command {
  const command = new Command('list')
    .description('List the feedback that there is, and the newest submissions that still wait for it.')
    .argument('<course>')
    .argument('[assignment]')
    .option('--student <NAME>', 'to this student')
  return serverCommand(
    cli,
    command,
    async ({ client, io, signal }, options: ListOptions, course: string, assignment: string | undefined) => {
      const query = { course, assignment, student: options.student }
      const submissions = await everything(client.list('listSubmissions', { query, signal }))
      const newest = new Set(newestOf(submissions))
      const feedback = submissions.filter(
        submission => submission.feedback !== null || newest.has(submission),
      )
      report(io, options, { submissions: feedback }, () =>
        feedback.length === 0
          ? 'There is no submission, and no feedback.'
          : columns(
              [
                ['assignment', 'student', 'submitted (UTC)', 'feedback (UTC)', 'files'],
                ...feedback.map(({ assignment, student, receivedAt, feedback }) => [
                  ...[assignment, student, minutes(receivedAt)],
                  ...[feedback === null ? 'none yet' : minutes(feedback.releasedAt)],
                  feedback === null ? '' : `${feedback.files.length}`,
                ]),
              ],
              { left: [0, 1, 2, 3] },
            ),
      )
    },
  )
}

/** Of each student and assignment. */
function newestOf(submissions: readonly Submission[]): Iterable<Submission> {
  const newest = new Map<string, Submission>()
  for (const submission of submissions) {
    const key = JSON.stringify([submission.assignment, submission.student])
    const other = newest.get(key)
    if (other === undefined || other.receivedAt < submission.receivedAt) newest.set(key, submission)
  }
  return newest.values()
}

interface DownloadOptions extends ServerOptions {
  readonly to?: string
}

function downloadCommand(cli: Cli): Command {
  const command = new Command('download')
    .description(
      'Download the feedback to your own submissions, to ASSIGNMENT/feedback/TIME, as nbgrader fetches it. What is there already does not travel again.',
    )
    .argument('<course>')
    .argument('<assignment>')
    .option('--to <FOLDER>', 'where to, instead of ASSIGNMENT/feedback')
  return serverCommand(
    cli,
    command,
    async (session, options: DownloadOptions, course: string, assignment: string) => {
      const { client, io, signal } = session
      const query = { course, assignment, own: true }
      const submissions = await everything(client.list('listSubmissions', { query, signal }))
      const ready = submissions.filter(({ feedback }) => feedback !== null)
      const to = options.to ?? join(folderName(assignment), 'feedback')
      const { done, failed } = await eachOf(session, ready, {
        work: async ({ id, receivedAt }) => {
          const folder = join(to, feedbackFolder(receivedAt))
          const tree = feedbackTree(client, { submission: id, signal })
          return {
            id,
            receivedAt,
            folder,
            ...(await downloadTree({ tree, to: folder, others: 'keep', replace: true })),
          }
        },
        nameOf: ({ receivedAt }) => `the feedback to what you submitted ${minutes(receivedAt)}`,
        onDone: count => io.progress(`${count} of ${ready.length}`),
      })
      const waiting = submissions.length - ready.length
      report(io, options, { feedback: done, waiting, failed }, () => tableOf(done, submissions.length))
      failFor(failed, { of: ready.length, what: 'were not downloaded' })
    },
  )
}

/** The time of the submission to the letter, as nbgrader looks for it; Windows takes no colons. */
function feedbackFolder(receivedAt: string): string {
  const timestamp = timestampOf(receivedAt)
  return process.platform === 'win32' ? timestamp.replaceAll(':', '-') : timestamp
}

function tableOf(
  feedback: readonly (Downloaded & { receivedAt: string; folder: string })[],
  submissions: number,
): string {
  if (submissions === 0) return 'You have not submitted this assignment.'
  if (feedback.length === 0) return 'There is no feedback yet.'
  const rows = feedback.map(({ receivedAt, folder, ...downloaded }) => [
    ...[minutes(receivedAt), downloadInWords(downloaded), folder],
  ])
  return columns([['submitted (UTC)', 'what came', 'folder'], ...rows], { left: [0, 1, 2] })
}
