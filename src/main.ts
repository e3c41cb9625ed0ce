/** From the command line to what it asks for, and back to an empty process. */
import { CommanderError } from 'commander'
import { serverCommandNames } from './config/command-names.ts'
import { ConfigMistakes } from './config/mistakes.ts'
import { Trouble } from './domain/errors.ts'
import type { DataAccess } from './ops/command.ts'
import { CommandFailed } from './terminal/failure.ts'
import { runProgram } from './terminal/program.ts'

/** Ends with status 2 for mistakes of whoever started us, 1 for trouble beneath us, 0 after an orderly stop. */
export async function main(args: readonly string[]): Promise<void> {
  try {
    await run(args)
  } catch (error) {
    process.exitCode = tell(error)
  } finally {
    process.channel?.unref() // what connects a worker to who watches it must not keep it
  }
}

/**
 * Loads what the arguments ask for, and nothing besides: a server needs no commands in its memory, and a command does not
 * wait for a server to load.
 */
async function run(args: readonly string[]): Promise<void> {
  const [name = '', ...others] = args
  const isOption = name.startsWith('-')
  if (serverCommandNames.some(known => known === name)) {
    const { runServerCommand } = await import('./cli/program.ts')
    await runServerCommand(args)
  } else if (name === 'vserver') {
    const { runVserver } = await import('./serve.ts')
    await runVserver(others)
  } else if (name === 'complete' || name === 'help' || (isOption && args.some(isHelp))) {
    await runCommand(name === 'help' ? [...others, '--help'] : args, null)
  } else if (name !== '' && !isOption) {
    const { dataAccess } = await import('./compose.ts')
    await runCommand(args, dataAccess)
  } else {
    const { runServer } = await import('./serve.ts')
    await runServer(args)
  }
}

async function runCommand(args: readonly string[], access: DataAccess | null): Promise<void> {
  const { commandTree } = await import('./commands.ts')
  await runProgram(commandTree(access), args)
}

function isHelp(argument: string): boolean {
  return argument === '--help' || argument === '-h'
}

function tell(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2 // it has said what is wrong
  if (error instanceof ConfigMistakes || error instanceof Trouble || error instanceof CommandFailed) {
    process.stderr.write(`${error.message}\n`)
    if (error instanceof CommandFailed) return error.exitCode
    return error instanceof ConfigMistakes ? 2 : 1
  }
  throw error
}
