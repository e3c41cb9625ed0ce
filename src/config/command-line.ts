/** Reads options, environment variables and files of secrets into texts, one for each setting. */
import { readFileSync } from 'node:fs'
import { Command, CommanderError, Option } from 'commander'
import { errorCode } from '../domain/errors.ts'
import type { Setting, SettingTexts } from './settings.ts'
import { settings } from './settings.ts'
import { vserverSettings } from './vserver-settings.ts'

/** `usage`: what could not be read, such as unknown options. `shown`: help or version, which is all there was to do. */
export type CommandLine<Texts = SettingTexts> =
  | { readonly kind: 'run'; readonly texts: Texts; readonly usage: readonly string[] }
  | { readonly kind: 'shown' }

interface Input {
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly version: string
}

/** What may be said to one command. `positional`: settings that may be given without their names, in that order. */
interface Grammar<Name extends string> {
  readonly name: string
  readonly description: string
  readonly settings: readonly (Setting & { readonly name: Name })[]
  readonly positional: readonly Name[]
}

const serve = {
  name: 'ngshare',
  description:
    'The exchange that nbgrader classes run on when a shared folder is not enough: without a command, this serves it.',
  settings,
  positional: [],
} satisfies Grammar<string>

const vserver = {
  name: 'ngshare vserver',
  description:
    'UNIX file-system calls over HTTP, confined to one folder, and the nbgrader API of 2020. For trying and teaching.',
  settings: vserverSettings,
  positional: ['host', 'port'],
} satisfies Grammar<string>

export function readCommandLine(input: Input): CommandLine {
  return read(serve, input)
}

/** What follows `ngshare vserver`. */
export function readVserverCommandLine(
  input: Input,
): CommandLine<Readonly<Record<(typeof vserverSettings)[number]['name'], string>>> {
  return read(vserver, input)
}

/**
 * Options win over variables, those over defaults. An empty variable counts as unset, as deployment tools write it.
 * `--help` and `--version` are carried out here.
 */
function read<Name extends string>(
  grammar: Grammar<Name>,
  input: Input,
): CommandLine<Readonly<Record<Name, string>>> {
  const { settings, positional } = grammar
  const command = createCommand(grammar, input.version)
  try {
    command.parse(input.args.map(hyphenated), { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return { kind: 'shown' }
    throw error
  }
  const options = { ...command.opts<Options>() }
  const isWord = (argument: string) => !argument.startsWith('-')
  const words = command.args.filter(isWord).slice(0, positional.length)
  for (const [i, word] of words.entries()) options[camelCase(positional[i] ?? '')] ??= word
  const usage = [
    ...command.args
      .filter(argument => !words.includes(argument))
      .map(argument => `unknown: '${argument}'; --help lists the options`),
    ...settings
      .filter(setting => lacksValue(setting, options))
      .map(({ name }) => `--${name}: expected a value`),
  ]
  const texts = settings.map(setting => {
    try {
      return [setting.name, textOf(setting, options, input.environment)]
    } catch (error) {
      if (!(error instanceof UnreadableFile)) throw error
      usage.push(error.message)
      return [setting.name, unreadable]
    }
  })
  return { kind: 'run', texts: Object.fromEntries(texts) as Record<Name, string>, usage }
}

/** What `ngshare --help` shows, but for the commands. */
export function describeServer(version: string): Command {
  return describe(serve, version)
}

/** What `ngshare vserver --help` shows. */
export function describeVserver(version: string): Command {
  return describe(vserver, version).name('vserver')
}

function createCommand(grammar: Grammar<string>, version: string): Command {
  return describe(grammar, version)
    .allowUnknownOption()
    .allowExcessArguments()
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
}

function describe({ name, description, settings, positional }: Grammar<string>, version: string): Command {
  const command = new Command(name)
    .description(description)
    .usage(['[options]', ...positional.map(word => `[${word}]`)].join(' '))
    .version(version)
    .configureHelp({ optionTerm: option => option.flags.replace('[', '<').replace(']', '>') })
  for (const setting of settings) if (hasOption(setting)) command.addOption(optionOf(setting))
  return command
}

function optionOf(setting: Setting): Option {
  // As optional values, so that one that is missing is told with all other mistakes.
  const value = setting.value === undefined ? '' : ` [${setting.value}]`
  const fallback = setting.fallback ? `; default: ${setting.fallback}` : ''
  return new Option(
    `--${setting.name}${value}`,
    `${setting.meaning} (variable: ${setting.variables.join(' or ')}${fallback})`,
  )
}

/** The others are variables alone. */
function hasOption(setting: Setting): boolean {
  return setting.kind === undefined
}

type Options = Record<string, string | boolean | undefined>

function lacksValue(setting: Setting, options: Options): boolean {
  return setting.value !== undefined && options[camelCase(setting.name)] === true
}

function textOf(
  setting: Setting,
  options: Options,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  const option = optionValue(setting, options)
  if (option !== undefined) return option
  for (const variable of setting.variables) {
    const value = environment[variable] || (mayBeFile(setting) && secretIn(environment, variable))
    if (value) return value
  }
  return setting.fallback ?? 'false'
}

function mayBeFile({ kind, mayBeFile }: Setting): boolean {
  return kind === 'secret' || mayBeFile === true
}

/** The content of the file that `VARIABLE_FILE` names. Its last line's end does not belong to the secret. */
function secretIn(environment: Readonly<Record<string, string | undefined>>, variable: string): string {
  const path = environment[`${variable}_FILE`]
  if (!path) return ''
  try {
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '')
  } catch (error) {
    throw new UnreadableFile(`${variable}_FILE: cannot read '${path}' (${errorCode(error)})`)
  }
}

class UnreadableFile extends Error {}

/** Stands for a secret whose file is the mistake, so that it is not told to be missing as well. */
const unreadable = 'unreadable'

/** Commander keeps `--no-x` as `x: false`. */
function optionValue(setting: Setting, options: Options): string | undefined {
  const { name } = setting
  if (!hasOption(setting)) return undefined
  if (lacksValue(setting, options)) return setting.fallback // told already
  if (name.startsWith('no-')) return options[camelCase(name.slice(3))] === false ? 'true' : undefined
  const value = options[camelCase(name)]
  return value === undefined ? undefined : String(value)
}

function camelCase(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
}

/** The old server's options have underscores: `--jupyterhub_api_url`. */
function hyphenated(argument: string): string {
  return argument.replace(/^--[a-z][a-z0-9_-]*/, option => option.replaceAll('_', '-'))
}
