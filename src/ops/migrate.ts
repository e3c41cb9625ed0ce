/** `ngshare migrate`: an installation to another database and store, while it runs. */
import { Command, Option } from 'commander'
import { movedTables } from '../db/bring-rows.ts'
import { findFreeze, thaw } from '../db/freeze.ts'
import { countRows } from '../exchange/contents.ts'
import { CommandFailed } from '../terminal/failure.ts'
import { report } from '../terminal/output.ts'
import { bytesInWords, counted } from '../terminal/words.ts'
import { type DataOptions, dataCommand, type OpenExchange, type Ops, type Places } from './command.ts'
import { type Moved, type MovedPart, move } from './move.ts'

interface MigrateOptions extends DataOptions {
  readonly toDatabase?: string
  readonly toStorage?: string
  readonly dryRun: boolean
  readonly takeBack: boolean
}

export function migrateCommand(ops: Ops): Command {
  const command = new Command('migrate')
    .description(
      'Move everything to another database and store. The server may be running; it refuses uploads for a short time, and for good in the end.',
    )
    .addOption(new Option('--to-database <URL>', 'the new database; empty, or from a move that was cut off'))
    .addOption(new Option('--to-storage <PLACE>', 'the new place of large files'))
    .option('--dry-run', 'only tell what would be copied', false)
    .option('--take-back', 'let the old installation take changes again; the new one stays as it is', false)
  return dataCommand(ops, command, async (open, options: MigrateOptions) => {
    if (options.takeBack) return takeBack(ops, open, options)
    const places = newPlaces(options)
    if (options.dryRun) return tell(ops, open, options)
    await migrate(ops, open, { options, places })
  })
}

/** @throws CommandFailed */
function newPlaces({ database, storage, toDatabase, toStorage }: MigrateOptions): Places {
  if (toDatabase === undefined || toStorage === undefined)
    throw new CommandFailed('--to-database and --to-storage say where to: give both')
  if (toDatabase === database || toStorage === storage)
    throw new CommandFailed('database and storage must both be others than those of now')
  return { database: toDatabase, storage: toStorage }
}

async function migrate(
  ops: Ops,
  open: OpenExchange,
  { options, places }: { options: MigrateOptions; places: Places },
): Promise<void> {
  const target = await ops.open(places)
  try {
    const from: MovedPart = { exchange: open.exchange, place: placeInWords(options) }
    const to: MovedPart = { exchange: target.exchange, place: placeInWords(places) }
    const moved = await move({ from, to, io: ops.io })
    const settings = { NGSHARE_DATABASE: withoutPassword(places.database), NGSHARE_STORAGE: places.storage }
    report(ops.io, options, { moved: true, ...moved, settings }, () => inWords(moved, to, settings))
    if (moved.damaged.length > 0) {
      for (const { sha256, text } of moved.damaged) ops.io.note(`${sha256}: ${text}`)
      throw new CommandFailed(
        `moved, but ${counted(moved.damaged.length, 'blob')} had been damaged before; \`ngshare verify\` tells whose`,
      )
    }
  } finally {
    await target.close()
  }
}

/** What is there now, so that one can think about the time that it takes. */
async function tell(ops: Ops, { exchange }: OpenExchange, options: MigrateOptions): Promise<void> {
  const rows = await countRows(exchange.db.read)
  const { files, sizeBytes } = await exchange.db.read
    .selectFrom('blobs')
    .select(eb => [
      eb.fn.count<number>('location').as('files'),
      eb.fn.coalesce(eb.fn.sum<number>('size_bytes'), eb.lit(0)).as('sizeBytes'),
    ])
    .executeTakeFirstOrThrow()
  const freeze = await findFreeze(exchange.db)
  report(ops.io, options, { moved: false, rows, files, sizeBytes, freeze }, () => {
    const all = Object.values(rows).reduce((sum, count) => sum + count, 0)
    return `To be copied: ${all} rows and ${counted(files, 'file')}, with ${bytesInWords(sizeBytes)} of content in both. Nothing was done.`
  })
}

async function takeBack(ops: Ops, { exchange }: OpenExchange, options: MigrateOptions): Promise<void> {
  const freeze = await findFreeze(exchange.db)
  await thaw(exchange.db, movedTables)
  const was = freeze === null ? null : `${freeze.kind} (${freeze.place})`
  report(ops.io, options, { takenBack: freeze !== null, was: freeze }, () =>
    was === null
      ? 'It takes changes, and did before.'
      : `It was ${was}, and takes changes again. Make sure that nobody serves both.`,
  )
}

function inWords(moved: Moved, to: MovedPart, settings: Readonly<Record<string, string>>): string {
  const rows = Object.values(moved.tables).reduce((sum, table) => sum + table.rows, 0)
  return [
    `Moved to ${to.place}: ${rows} rows, the same in both by count and digest; ` +
      `${counted(moved.newFiles, 'file')} of ${bytesInWords(moved.newBytes)}, read back and checked.`,
    `Nothing could be changed for ${(moved.readOnlyMs / 1000).toFixed(1)} s, nor can it here from now on.`,
    'Stop the server, and start it with these settings:',
    ...Object.entries(settings).map(([name, value]) => `  ${name}=${value}`),
    'The old database and files are as they were: keep them until you are sure.',
  ].join('\n')
}

function placeInWords({ database, storage }: Places): string {
  return `${withoutPassword(database)} and ${storage}`
}

function withoutPassword(text: string): string {
  const url = URL.parse(text)
  if (url === null || url.password === '') return text
  url.password = ''
  return url.href
}
