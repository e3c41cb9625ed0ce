/** From the command line to what it asks for, and back to an empty process. */
import { CommanderError } from 'commander'
import { serverCommandNames } from './config/command-names.ts'
import { ConfigMistakes } from './config/mistakes.ts'
import { Trouble } from './domain/errors.ts'
import { CommandFailed } from './terminal/failure.ts'

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
  if (serverCommandNames.some(known => known === name)) {
    const { runServerCommand } = await import('./cli/program.ts')
    return runServerCommand(args)
  }
  if (name === 'vserver') {
    const { runVserver } = await import('./serve.ts')
    return runVserver(others)
  }
  if (name !== '' && !name.startsWith('-')) {
    const [{ runOps }, { dataAccess }] = await Promise.all([
      import('./ops/program.ts'),
      import('./compose.ts'),
    ])
    return runOps(args, dataAccess)
  }
  const { runServer } = await import('./serve.ts')
  await runServer(args)
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
