/** Runs a tree of commands. */
import { type Command, Help, type Option } from 'commander'

/**
 * Runs `program ARGS`. @throws what the commands throw; CommanderError for what is wrong with the arguments, which is
 * told already, or for help that was shown
 */
export async function runProgram(program: Command, args: readonly string[]): Promise<void> {
  for (const command of withParts(program)) {
    command.exitOverride().configureHelp({ ...command.configureHelp(), optionDescription })
  }
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') process.stderr.write(`cannot write the result: ${error.message}\n`)
    process.exit(1)
  })
  await program.parseAsync(args, { from: 'user' })
}

function withParts(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withParts)]
}

/** That something is off, or empty, where it is not said, goes without saying. */
function optionDescription(option: Option): string {
  const { defaultValue } = option
  const isNothing = defaultValue === false || (Array.isArray(defaultValue) && defaultValue.length === 0)
  const shown = isNothing ? Object.create(option, { defaultValue: { value: undefined } }) : option
  return Help.prototype.optionDescription.call(new Help(), shown)
}
