/** The commands for admins, `ngshare COMMAND`: this file is their table of contents. */
import { Command } from 'commander'
import type { Ops, OpsIo } from './command.ts'
import { sweepCommand } from './sweep.ts'

const commands: readonly ((ops: Ops) => Command)[] = [sweepCommand]

/**
 * Runs `ngshare ARGS`. @throws CommandFailed, Trouble, ConfigMistakes; CommanderError for what is wrong with the
 * arguments, or help that was shown
 */
export async function runOps(args: readonly string[], open: Ops['open']): Promise<void> {
  const program = new Command('ngshare')
  for (const create of commands) program.addCommand(create({ open, io: terminal }))
  for (const command of [program, ...program.commands]) command.exitOverride()
  await program.parseAsync(args, { from: 'user' })
}

const terminal: OpsIo = {
  print: text => process.stdout.write(`${text}\n`),
  note: text => process.stderr.write(`${text}\n`),
  progress(text) {
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`)
  },
}
