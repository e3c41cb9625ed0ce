/** `ngshare assignment release`: publishes a folder, or shows what that would change. */
import { Command } from 'commander'
import type { Client } from '../client/client.ts'
import { ProblemError } from '../client/errors.ts'
import type { LocalFile } from '../client/local-tree.ts'
import type { Manifest } from '../client/operations.ts'
import { uploadTree } from '../client/upload.ts'
import { CommandFailed } from '../terminal/failure.ts'
import { repeated } from '../terminal/options.ts'
import { report } from '../terminal/output.ts'
import { printable } from '../terminal/table.ts'
import { bytesInWords, counted } from '../terminal/words.ts'
import { type Cli, type ServerOptions, serverCommand } from './command.ts'
import { folderName } from './places.ts'
import { progressOf, treeIn } from './transfers.ts'

interface ReleaseOptions extends ServerOptions {
  readonly overwrite: boolean
  readonly dryRun: boolean
  readonly ignore?: readonly string[]
}

export function releaseCommand(cli: Cli): Command {
  const command = new Command('release')
    .description('Release an assignment: publish the files of a folder to the students of a course.')
    .argument('<course>')
    .argument('<assignment>')
    .argument('[folder]', 'what to release; without it release/ASSIGNMENT, as nbgrader makes it')
    .option('--overwrite', 'a new version of what is out; submissions stay', false)
    .option('--dry-run', 'only tell what would change', false)
    .option('--ignore <PATTERN>', 'names of files and folders to leave out; may be repeated', repeated)
  return serverCommand(
    cli,
    command,
    async (
      { client, io, signal },
      options: ReleaseOptions,
      course: string,
      assignment: string,
      given: string | undefined,
    ) => {
      const path = { course, assignment }
      const { overwrite, dryRun } = options
      const { files } = await treeIn(io, given ?? `release/${folderName(assignment)}`, options)
      const before = await newestRelease(client, path, signal)
      if (before !== null && !overwrite && !dryRun) throw new CommandFailed(isOut(assignment, before.version))
      const changes = changesBetween(before?.manifest.files ?? [], files)
      if (dryRun) {
        const version = (before?.version ?? 0) + 1
        report(io, options, { version, changes }, () =>
          [`${printable(assignment)} would be version ${version}:`, changesInWords(changes)].join('\n'),
        )
        return
      }
      const onProgress = progressOf(io, `sending ${printable(assignment)}`)
      const { stored, sent } = await uploadTree(client, {
        ...{ course, files, signal },
        store: body => client.call('releaseAssignment', { path, query: { overwrite }, body, signal }),
        onProgress: ({ sentBytes, missingBytes }) => onProgress(sentBytes, missingBytes),
      })
      const { version, tree } = stored
      const amount = `${counted(tree.fileCount, 'file')}, ${bytesInWords(tree.sizeBytes)}`
      report(io, options, { release: stored, changes, sent }, () =>
        [
          `Released ${printable(assignment)} in ${printable(course)}, version ${version}: ${amount}.`,
          ...(before === null ? [] : [changesInWords(changes)]),
        ].join('\n'),
      )
    },
  )
}

function isOut(assignment: string, version: number): string {
  const what = `${printable(assignment)} is released already, as version ${version}`
  return `${what}: say --overwrite for a new version, or --dry-run to see what would change`
}

interface Changes {
  readonly added: readonly string[]
  readonly changed: readonly string[]
  readonly removed: readonly string[]
}

function changesBetween(before: Manifest['files'], after: readonly LocalFile[]): Changes {
  const old = new Map(before.map(file => [file.path, file]))
  const paths = new Set(after.map(({ path }) => path))
  const isSame = (file: LocalFile) => {
    const { sha256, isExecutable } = old.get(file.path) ?? {}
    return sha256 === file.sha256 && isExecutable === file.isExecutable
  }
  const there = after.filter(({ path }) => old.has(path))
  return {
    added: after.filter(({ path }) => !old.has(path)).map(({ path }) => path),
    changed: there.filter(file => !isSame(file)).map(({ path }) => path),
    removed: before.filter(({ path }) => !paths.has(path)).map(({ path }) => path),
  }
}

function changesInWords({ added, changed, removed }: Changes): string {
  const lines = [
    ...added.map(path => `  added    ${printable(path)}`),
    ...changed.map(path => `  changed  ${printable(path)}`),
    ...removed.map(path => `  removed  ${printable(path)}`),
  ]
  return lines.length === 0 ? '  no file has changed' : lines.join('\n')
}

/** Null: it is not out. */
async function newestRelease(
  client: Client,
  path: { course: string; assignment: string },
  signal: AbortSignal,
): Promise<{ version: number; manifest: Manifest } | null> {
  try {
    const { version } = (await client.call('getAssignment', { path, signal })).release
    const manifest = await client.call('getReleaseManifest', { path: { ...path, version }, signal })
    return { version, manifest }
  } catch (error) {
    if (error instanceof ProblemError && error.code === 'assignment-not-found') return null
    throw error
  }
}
