/** `ngshare submission submit`: a student hands a folder in. */
import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { Command } from 'commander'
import type { LocalFile } from '../client/local-tree.ts'
import { uploadTree } from '../client/upload.ts'
import { repeated } from '../terminal/options.ts'
import { report } from '../terminal/output.ts'
import { printable } from '../terminal/table.ts'
import { bytesInWords, counted } from '../terminal/words.ts'
import { type Cli, type ServerOptions, serverCommand } from './command.ts'
import { folderName, timestampOf } from './places.ts'
import { progressOf, treeIn } from './transfers.ts'

interface SubmitOptions extends ServerOptions {
  readonly student?: string
  readonly ignore?: readonly string[]
  readonly receipt?: string
}

export function submitCommand(cli: Cli): Command {
  const command = new Command('submit')
    .description('Submit a folder. Files that the server has already do not travel again.')
    .argument('<course>')
    .argument('<assignment>')
    .argument('[folder]', 'what to submit; without it the folder of the name of the assignment')
    .option('--student <NAME>', 'for instructors: on behalf of this student')
    .option('--ignore <PATTERN>', 'names of files and folders to leave out; may be repeated', repeated)
    .option('--receipt <FILE>', 'save the signed receipt')
  return serverCommand(
    cli,
    command,
    async (
      { client, io, signal },
      options: SubmitOptions,
      course: string,
      assignment: string,
      given: string | undefined,
    ) => {
      const path = { course, assignment }
      const { student } = options
      const { release } = await client.call('getAssignment', { path, signal })
      const { files } = await treeIn(io, given ?? folderName(assignment), {
        ignore: ['feedback', ...(options.ignore ?? [])],
      })
      const lacking = notebooksLacking(release.tree.notebooks, files)
      if (lacking.length > 0)
        io.note(`not in the folder, but in the release: ${lacking.map(printable).join(', ')}`)
      const header = { 'idempotency-key': randomUUID() }
      const onProgress = progressOf(io, `sending ${printable(assignment)}`)
      const { stored, sent } = await uploadTree(client, {
        ...{ course, files, signal },
        store: body => client.call('submitAssignment', { path, query: { student }, header, body, signal }),
        onProgress: ({ sentBytes, missingBytes }) => onProgress(sentBytes, missingBytes),
      })
      if (options.receipt !== undefined) {
        const receipt = await client.call('getReceipt', { path: { submission: stored.id }, signal })
        await writeFile(options.receipt, `${JSON.stringify(receipt, null, 2)}\n`)
      }
      const submission = { ...path, ...stored }
      report(io, options, { submission, sent, notebooksLacking: lacking }, () =>
        [
          `Submitted ${printable(assignment)} in ${printable(course)}: ${counted(files.length, 'file')}; ${bytesInWords(sent.sizeBytes)} had to travel.`,
          `Received ${timestampOf(stored.receivedAt)} UTC, receipt ${stored.id}${options.receipt === undefined ? '' : `, saved in ${options.receipt}`}.`,
        ].join('\n'),
      )
    },
  )
}

function notebooksLacking(expected: readonly string[], files: readonly LocalFile[]): string[] {
  const there = new Set(files.map(({ path }) => path))
  return expected.map(name => `${name}.ipynb`).filter(path => !there.has(path))
}
