/** `ngshare feedback upload`: returns what nbgrader has made to the attempts that it was made from. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Command } from 'commander'
import { type LocalFile, readLocalTree } from '../client/local-tree.ts'
import type { Submission } from '../client/operations.ts'
import { uploadTree } from '../client/upload.ts'
import { CommandFailed } from '../terminal/failure.ts'
import { repeated } from '../terminal/options.ts'
import { report } from '../terminal/output.ts'
import { columns } from '../terminal/table.ts'
import { bytesInWords, counted } from '../terminal/words.ts'
import { type Cli, type ServerOptions, type Session, serverCommand } from './command.ts'
import { everything, minutes } from './lists.ts'
import { folderName, momentIn, timestampFile } from './places.ts'
import { eachOf, failFor } from './transfers.ts'

interface UploadOptions extends ServerOptions {
  readonly student?: readonly string[]
  readonly newest: boolean
  readonly dryRun: boolean
}

export function uploadCommand(cli: Cli): Command {
  const command = new Command('upload')
    .description(
      'Return feedback: the pages (*.html) of FOLDER/STUDENT/ASSIGNMENT, as nbgrader generates them, to the submission that timestamp.txt there names. What is returned already does not travel again.',
    )
    .argument('<course>')
    .argument('<assignment>')
    .argument('[folder]', 'where the folders of the students are', 'feedback')
    .option('--student <NAME>', 'only to this student; may be repeated', repeated)
    .option('--newest', 'where there is no timestamp.txt: to the newest submission', false)
    .option('--dry-run', 'only tell what would be returned', false)
  return serverCommand(
    cli,
    command,
    async (session, options: UploadOptions, course: string, assignment: string, folder: string) => {
      const { client, io, signal } = session
      const students = options.student ?? (await studentsIn(folder, assignment))
      const query = { course, assignment }
      const submissions = await everything(client.list('listSubmissions', { query, signal }))
      const { done, failed } = await eachOf(session, students, {
        work: async student => {
          const place = join(folder, folderName(student), folderName(assignment))
          const submission = await submissionOf(submissions, { student, place, newest: options.newest })
          return giveBack(session, { submission, place, dryRun: options.dryRun })
        },
        nameOf: student => student,
        onDone: count => io.progress(`${count} of ${students.length} students`),
      })
      report(io, options, { feedback: done, failed, dryRun: options.dryRun }, () => tableOf(done, options))
      failFor(failed, { of: students.length, what: 'students did not get their feedback' })
    },
  )
}

/** @throws CommandFailed: nobody */
async function studentsIn(folder: string, assignment: string): Promise<string[]> {
  const students: string[] = []
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue
    const within = await readdir(join(folder, entry.name), { withFileTypes: true })
    if (within.some(({ name }) => name === assignment)) students.push(entry.name)
  }
  if (students.length > 0) return students.toSorted()
  throw new CommandFailed(
    `no feedback to ${assignment} in ${folder}: folders STUDENT/${assignment} are expected there, as \`nbgrader generate_feedback\` makes them`,
  )
}

/** @throws CommandFailed: it is not clear which, or there is none */
async function submissionOf(
  submissions: readonly Submission[],
  { student, place, newest }: { student: string; place: string; newest: boolean },
): Promise<Submission> {
  const theirs = submissions.filter(submission => submission.student === student)
  if (theirs.length === 0) throw new CommandFailed('has submitted nothing')
  const moment = await momentIn(place)
  if (moment === null && !newest)
    throw new CommandFailed(
      `${join(place, timestampFile)} should say which submission this is about; say --newest for the newest`,
    )
  const found = moment === null ? newestOf(theirs) : theirs.find(({ receivedAt }) => receivedAt === moment)
  if (found === undefined)
    throw new CommandFailed(
      `nothing was received at the time that ${join(place, timestampFile)} says, ${minutes(moment ?? '')}`,
    )
  return found
}

function newestOf(submissions: readonly Submission[]): Submission | undefined {
  return submissions.toSorted((one, other) => (one.receivedAt < other.receivedAt ? -1 : 1)).at(-1)
}

interface GivenBack {
  readonly student: string
  readonly submission: string
  readonly receivedAt: string
  readonly outcome: 'new' | 'replaced' | 'unchanged'
  readonly files: number
  /** What had to travel. */
  readonly sentBytes: number
}

async function giveBack(
  { client, signal }: Session,
  { submission, place, dryRun }: { submission: Submission; place: string; dryRun: boolean },
): Promise<GivenBack> {
  const { files: all } = await readLocalTree(place)
  const files = all.filter(({ path }) => path.endsWith('.html') && !path.includes('/'))
  if (files.length === 0) throw new CommandFailed(`there is no page in ${place}`)
  const { id, student, receivedAt, course, feedback } = submission
  const isThere = feedback !== null && isSame(feedback.files, files)
  const outcome = isThere ? 'unchanged' : feedback === null ? 'new' : 'replaced'
  const told = { student, submission: id, receivedAt, outcome, files: files.length } as const
  if (isThere || dryRun) return { ...told, sentBytes: 0 }
  const { sent } = await uploadTree(client, {
    ...{ course, files, signal },
    store: body => client.call('releaseFeedback', { path: { submission: id }, body, signal }),
  })
  return { ...told, sentBytes: sent.sizeBytes }
}

function isSame(there: readonly { path: string; sha256: string }[], files: readonly LocalFile[]): boolean {
  const digests = new Map(there.map(({ path, sha256 }) => [path, sha256]))
  return there.length === files.length && files.every(({ path, sha256 }) => digests.get(path) === sha256)
}

function tableOf(feedback: readonly GivenBack[], { dryRun }: UploadOptions): string {
  if (feedback.length === 0) return 'Nobody got feedback.'
  const rows = feedback.map(({ student, receivedAt, outcome, files, sentBytes }) => [
    ...[student, minutes(receivedAt), outcome, counted(files, 'page'), bytesInWords(sentBytes)],
  ])
  const head = ['student', 'submitted (UTC)', dryRun ? 'would be' : 'feedback', 'pages', 'sent']
  return columns([head, ...rows], { left: [0, 1, 2] })
}
