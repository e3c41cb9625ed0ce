/** Every command there is, as one tree: to run, for help, for completion, for the documents. */
import type { Command } from 'commander'
import { completeCommand } from './cli/completion.ts'
import { serverCommands } from './cli/program.ts'
import { describeServer, describeVserver } from './config/command-line.ts'
import type { DataAccess } from './ops/command.ts'
import { dataCommands } from './ops/program.ts'
import { terminal } from './terminal/output.ts'
import { version } from './version.ts'

const overHttp = 'Commands that talk to a server, from any machine:'
const onData = "Commands on a server's data, where it is:"

/** `access` null: commands that work on the data are only looked at. */
export function commandTree(access: DataAccess | null): Command {
  // Options after a command are the command's, though the server has some of the same name.
  const program = describeServer(version)
    .enablePositionalOptions()
    .usage('[options]\n       ngshare <command> [arguments]')
  for (const command of serverCommands()) program.addCommand(command.helpGroup(overHttp))
  const ops = { ...(access ?? ({} as DataAccess)), io: terminal }
  for (const command of dataCommands(ops)) program.addCommand(command.helpGroup(onData))
  program.addCommand(describeVserver(version).helpGroup(onData))
  const complete = completeCommand({ io: terminal, environment: process.env }, () => program)
  return program.addCommand(complete, { hidden: true }).helpCommand(false)
}
