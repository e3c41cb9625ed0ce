/** `ngshare verify`: reads back all that is stored, says what is wrong, and repairs what can be repaired safely. */
import { resolve } from 'node:path'
import { Command } from 'commander'
import type { DatabaseCopy } from '../db/database.ts'
import { recordSweep } from '../exchange/leftovers.ts'
import { type CopySource, repair } from '../exchange/repair.ts'
import { type BlobUse, describeOwner, type TreeOwner } from '../exchange/uses.ts'
import { type Finding, verifyData } from '../exchange/verify.ts'
import { CommandFailed } from '../terminal/failure.ts'
import { report } from '../terminal/output.ts'
import { bytesInWords, counted } from '../terminal/words.ts'
import { BackupFolder } from './backup-folder.ts'
import { type DataOptions, type Ops, operator, readingCommand } from './command.ts'

interface VerifyOptions extends DataOptions {
  readonly repair: boolean
  readonly fromBackup?: string
}

/** Longer than any upload takes between its file and its row. */
const graceMs = 24 * 3_600_000
/** People see so many; JSON has them all. */
const shownUses = 20

export function verifyCommand(ops: Ops): Command {
  const command = new Command('verify')
    .description(
      'Read back every stored file and every row, and tell what is not as it should be. The server may be running.',
    )
    .option(
      '--repair',
      'make good what is safe to: put good copies in place of bad ones, remove orphans, count totals anew',
      false,
    )
    .option('--from-backup <DIR>', 'with --repair: a folder of backups that may have good copies')
  return readingCommand(ops, command, async ({ exchange }, options: VerifyOptions) => {
    if (options.fromBackup !== undefined && !options.repair) {
      throw new CommandFailed('--from-backup says where --repair finds good copies: give both')
    }
    const findings: (Finding & { repaired: boolean })[] = []
    const sources = await openSources(ops, options.fromBackup)
    const repairing = { sources: sources.all, caller: operator }
    let unrepaired = 0
    let removedOrphans = 0
    try {
      const totals = await verifyData(exchange, {
        orphansBefore: Date.now() - graceMs,
        async found(finding) {
          const repaired = options.repair && (await repair(exchange, finding, repairing))
          if (repaired && finding.kind === 'orphan-file') removedOrphans++
          if (!repaired) unrepaired++
          if (options.json) findings.push({ ...finding, repaired })
          else ops.io.print(`${inWords(finding)}${repaired ? '\n  repaired' : ''}`)
        },
        progress({ blobs, blobsInAll, trees, findings }) {
          if ((blobs + trees) % 100 !== 0) return
          ops.io.progress(`${blobs} of ${blobsInAll} blobs and ${trees} trees read, ${findings} findings`)
        },
      })
      if (removedOrphans > 0) await recordSweep(exchange, operator)
      const { blobs, trees, sizeBytes } = totals
      const what = `${counted(blobs, 'blob')} of ${bytesInWords(sizeBytes)} and ${counted(trees, 'tree')}`
      const outcome = totals.findings === 0 ? 'all is well' : counted(totals.findings, 'fault')
      report(ops.io, options, { blobs, trees, sizeBytes, unrepaired, findings }, () => `${what}: ${outcome}.`)
    } finally {
      await sources.close()
    }
    if (unrepaired > 0) throw new CommandFailed(`${counted(unrepaired, 'fault')} in what is stored`)
  })
}

/** Every generation of the folder, newest first: an older one may have what was purged or damaged since. */
async function openSources(
  ops: Ops,
  dir: string | undefined,
): Promise<{ all: CopySource[]; close(): Promise<void> }> {
  const copies: DatabaseCopy[] = []
  const close = async () => {
    for (const copy of copies) await copy.close()
  }
  if (dir === undefined) return { all: [], close }
  const folder = await BackupFolder.open(resolve(dir))
  for (const { databasePath } of (await folder.generations()).reverse()) {
    copies.push(await ops.openCopy(databasePath))
  }
  const content = await ops.openContent(folder.contentFolder)
  return { all: [{ content }, ...copies.map(copy => ({ rows: copy.read }))], close }
}

function inWords(finding: Finding): string {
  switch (finding.kind) {
    case 'blob': {
      const { blobId, sha256, location, fault, text, uses } = finding
      const place = sha256 === null ? '' : ` (${location ?? `${sha256}, in the database`})`
      return [`blob ${blobId}${place} ${fault}: ${text}`, ...usesInWords(uses)].join('\n')
    }
    case 'tree':
      return [`tree ${finding.treeId} ${finding.text}`, ...usesInWords(finding.uses)].join('\n')
    case 'orphan-file':
      return `file ${finding.location}: ${finding.text}`
    case 'unused-blob':
      return `blob ${finding.blobId} (${finding.sha256}): ${finding.text}`
    case 'total':
      return `total of ${finding.student} in ${finding.course}: ${finding.text}`
    case 'database':
      return `database: ${finding.text}`
  }
}

function usesInWords(uses: readonly (TreeOwner | BlobUse)[]): string[] {
  const lines = uses
    .slice(0, shownUses)
    .map(use => `  ${describeOwner(use)}${'path' in use ? `: ${use.path}` : ''}`)
  return uses.length <= shownUses ? lines : [...lines, `  and ${uses.length - shownUses} more`]
}
