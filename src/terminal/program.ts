/** Runs a tree of commands. */
import type { Command } from 'commander'

/**
 * Runs `program ARGS`. @throws what the commands throw; CommanderError for what is wrong with the arguments, which is
 * told already, or for help that was shown
 */
export async function runProgram(program: Command, args: readonly string[]): Promise<void> {
  throwInsteadOfExit(program)
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') process.stderr.write(`cannot write the result: ${error.message}\n`)
    process.exit(1)
  })
  await program.parseAsync(args, { from: 'user' })
}

function throwInsteadOfExit(command: Command): void {
  command.exitOverride()
  for (const part of command.commands) throwInsteadOfExit(part)
}
