/** What the commands for admins have in common: where the data is, how they talk, how they fail. */
import { existsSync, readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { type Command, Option } from 'commander'
import type { Config } from '../config/config.ts'
import type { ContentStore } from '../content/content-store.ts'
import type { DatabaseCopy } from '../db/database.ts'
import type { Caller, Exchange } from '../exchange/exchange.ts'
import { CommandFailed } from '../terminal/failure.ts'
import { jsonOption } from '../terminal/options.ts'
import type { Output } from '../terminal/output.ts'
import type { ServerAccess } from './doctor/server-access.ts'

/** What a command is given by whoever composes the program. */
export interface Ops extends DataAccess {
  readonly io: Output
}

export interface DataAccess {
  /**
   * Opens database and files as the server does; it may be running. `upgrade` false: a database of an older version is
   * refused, and left as it is. @throws Trouble, ConfigMistakes
   */
  open(places: Places, options?: { upgrade: boolean }): Promise<OpenExchange>
  /** Where they are, without a look at what is there. @throws ConfigMistakes */
  locate(places: Places): Located
  /** Opens a folder of files alone, such as that of backups. @throws Trouble */
  openContent(folder: string): Promise<ContentStore>
  /** Opens the content store that a server has. @throws Trouble */
  openStorage(storage: Config['storage']): Promise<ContentStore>
  /** Opens the file of a database that nobody writes to. @throws Trouble */
  openCopy(path: string): Promise<DatabaseCopy>
  /** For the doctor. */
  readonly server: ServerAccess
}

/** As the settings of the server are written. */
export interface Places {
  /** `sqlite:///…` or `postgresql://…` */
  readonly database: string
  /** A folder, or `s3://…`. */
  readonly storage: string
}

export interface Located {
  /** The file of the database; null where it is in PostgreSQL. */
  readonly databasePath: string | null
  /** For people: the file, or the URL without its password. */
  readonly database: string
  readonly storage: StoragePlace
}

/** Where a content store is, or will be. */
export interface StoragePlace {
  /** For people. */
  readonly text: string
  /** Null for a bucket. */
  readonly folder: string | null
  /** Whether nothing is there, ours or not. @throws Trouble */
  isEmpty(): Promise<boolean>
  /** A folder that is not there is made, for nobody else on the machine. @throws Trouble */
  openNew(): Promise<ContentStore>
}

export interface OpenExchange {
  readonly exchange: Exchange
  /** The file of the database; null where it is in PostgreSQL. */
  readonly databasePath: string | null
  /** Where the content store is, for people. */
  readonly storage: string
  close(): Promise<void>
}

/** Who does what a command does, for the record. */
export const operator: Caller = {
  name: `command line (${userInfo().username})`,
  kind: 'service',
  isAdmin: true,
  address: null,
}

/** Options of every command that works on the data. */
export interface DataOptions extends Places {
  readonly json: boolean
  /** Where there are such: with the first nothing is changed, without the second neither. */
  readonly dryRun?: boolean
  readonly repair?: boolean
}

/** What is called with the data open. */
type Act<Arguments extends readonly unknown[], Options extends DataOptions> = (
  open: OpenExchange,
  options: Options,
  ...args: Arguments
) => Promise<void>

/** A command that works on the data, which is closed whatever happens. */
export function dataCommand<Arguments extends readonly unknown[], Options extends DataOptions>(
  ops: Ops,
  command: Command,
  act: Act<Arguments, Options>,
): Command {
  return openingCommand(ops, command, { act, upgrades: ({ dryRun }) => dryRun !== true })
}

/** The same for one that only looks, or repairs if it is told to: not even the schema of an older database changes. */
export function readingCommand<Arguments extends readonly unknown[], Options extends DataOptions>(
  ops: Ops,
  command: Command,
  act: Act<Arguments, Options>,
): Command {
  return openingCommand(ops, command, { act, upgrades: ({ repair }) => repair === true })
}

function openingCommand<Arguments extends readonly unknown[], Options extends DataOptions>(
  ops: Ops,
  command: Command,
  { act, upgrades }: { act: Act<Arguments, Options>; upgrades: (options: Options) => boolean },
): Command {
  return command
    .addOption(databaseOption())
    .addOption(storageOption())
    .addOption(jsonOption())
    .action(async (...given: unknown[]) => {
      const args = given.slice(0, -2) as unknown as Arguments
      const options = given.at(-2) as Options
      const { databasePath } = ops.locate(options)
      if (databasePath !== null && !existsSync(databasePath))
        throw new CommandFailed(`there is no database ${databasePath}`)
      const open = await ops.open(options, { upgrade: upgrades(options) })
      try {
        await act(open, options, ...args)
      } finally {
        await open.close()
      }
    })
}

export function databaseOption(): Option {
  return new Option('--database <URL>', 'the database, as the server has it')
    .env('NGSHARE_DATABASE')
    .default(databaseInFile() ?? defaultDatabase, defaultDatabase)
}

const defaultDatabase = 'sqlite:////srv/ngshare/ngshare.db'

/** As the server finds it, where the URL has a password. */
function databaseInFile(): string | null {
  const path = process.env.NGSHARE_DATABASE_FILE
  return path ? readFileSync(path, 'utf8').trim() : null
}

export function storageOption(): Option {
  return new Option('--storage <PLACE>', 'the folder or bucket of large files, as the server has it')
    .env('NGSHARE_STORAGE')
    .default('/srv/ngshare/files/')
}
