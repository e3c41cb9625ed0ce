/** What may stand where the cursor is: found in the tree of commands, which is the one that runs. */
import type { Argument, Command, Option } from 'commander'

export interface Candidate {
  readonly value: string
  readonly description: string
}

/** What a word could be. `name`: a real one, of what the argument or option is called, such as a course. */
export type Place =
  | { readonly kind: 'candidates'; readonly candidates: readonly Candidate[] }
  | { readonly kind: 'files' }
  | { readonly kind: 'name'; readonly of: string; readonly said: Said }

/** What was said before: values of options by their names, and arguments by theirs. */
export type Said = Readonly<Record<string, string>>

interface Walk {
  readonly command: Command
  readonly said: Record<string, string>
  /** The option whose value comes next. */
  readonly expects: Option | null
  readonly positionals: number
}

/** `words`: those behind the program's name, the last of them unfinished. */
export function placeAt(program: Command, words: readonly string[]): Place {
  const current = words.at(-1) ?? ''
  const { command, said, expects, positionals } = walk(program, words.slice(0, -1))
  if (expects !== null)
    return placeOf(expects, { kind: valueName(expects), of: expects.attributeName(), said })
  if (current.startsWith('-')) return candidates(optionsOf(command))
  const parts = visibleCommands(command)
  if (parts.length > 0) return candidates(positionals === 0 ? parts : [])
  const argument = argumentAt(command.registeredArguments, positionals)
  if (argument === undefined) return candidates([])
  return placeOf(argument, { kind: argument.name(), of: argument.name(), said })
}

function walk(program: Command, words: readonly string[]): Walk {
  let [command, expects, positionals] = [program, null as Option | null, 0]
  const said: Record<string, string> = {}
  for (const word of words) {
    if (expects !== null) {
      said[expects.attributeName()] = word
      expects = null
    } else if (word.startsWith('-')) {
      const option = command.options.find(({ long, short }) => word === long || word === short)
      if (option?.required || option?.optional) expects = option
    } else {
      const part = positionals === 0 ? command.commands.find(one => one.name() === word) : undefined
      const argument = argumentAt(command.registeredArguments, positionals)
      if (part !== undefined) command = part
      else {
        if (argument !== undefined) said[argument.name()] = word
        positionals += 1
      }
    }
  }
  return { command, said, expects, positionals }
}

/** The last one takes all that are left, where it is variadic. */
function argumentAt(all: readonly Argument[], position: number): Argument | undefined {
  return all[position] ?? (all.at(-1)?.variadic ? all.at(-1) : undefined)
}

function placeOf(
  { description, argChoices }: Argument | Option,
  { kind, of, said }: { kind: string; of: string; said: Said },
): Place {
  if (argChoices !== undefined) return candidates(argChoices.map(value => ({ value, description })))
  return /file|folder|dir|path/i.test(kind) ? { kind: 'files' } : { kind: 'name', of, said }
}

/** `FILE`, of `--token-file <FILE>`. */
function valueName({ flags }: Option): string {
  return /[<[](.+?)(\.\.\.)?[>\]]/.exec(flags)?.[1] ?? ''
}

function candidates(all: readonly Candidate[]): Place {
  return { kind: 'candidates', candidates: all }
}

function optionsOf(command: Command): Candidate[] {
  const options = command.createHelp().visibleOptions(command)
  return options.flatMap(({ long, description }) => (long ? [{ value: long, description }] : []))
}

function visibleCommands(command: Command): Candidate[] {
  const parts = command.createHelp().visibleCommands(command)
  return parts.map(part => ({ value: part.name(), description: part.description() }))
}
