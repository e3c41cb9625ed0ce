/** The commands that talk to a server, `ngshare COMMAND`: this file is their table of contents. */
import { Command } from 'commander'
import type { serverCommandNames } from '../config/command-names.ts'
import { terminal } from '../terminal/output.ts'
import { runProgram } from '../terminal/program.ts'
import { assignmentCommand } from './assignment.ts'
import type { Cli } from './command.ts'
import { completionCommand } from './completion.ts'
import { courseCommand } from './course.ts'
import { feedbackCommand } from './feedback.ts'
import { loginCommand, logoutCommand, whoamiCommand } from './login.ts'
import { rosterCommand } from './roster.ts'
import { submissionCommand } from './submission.ts'

const commands: Record<(typeof serverCommandNames)[number], (cli: Cli) => Command> = {
  course: courseCommand,
  roster: rosterCommand,
  assignment: assignmentCommand,
  submission: submissionCommand,
  feedback: feedbackCommand,
  login: loginCommand,
  logout: logoutCommand,
  whoami: whoamiCommand,
  completion: completionCommand,
}

export function serverCommands(): Command[] {
  return Object.values(commands).map(create => create({ io: terminal, environment: process.env }))
}

/** Runs `ngshare ARGS`. @throws CommandFailed; CommanderError for wrong arguments, or help that was shown */
export async function runServerCommand(args: readonly string[]): Promise<void> {
  const program = new Command('ngshare')
  for (const command of serverCommands()) program.addCommand(command)
  await runProgram(program, args)
}
