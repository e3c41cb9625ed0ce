/** The commands for admins, `ngshare COMMAND`: this file is their table of contents. */
import { Command } from 'commander'
import type { commandNames } from '../config/command-names.ts'
import { terminal } from '../terminal/output.ts'
import { runProgram } from '../terminal/program.ts'
import { auditCommand } from './audit.ts'
import { backupCommand } from './backup.ts'
import type { DataAccess, Ops } from './command.ts'
import { doctorCommand } from './doctor.ts'
import { hiddenCommand, purgeCommand } from './hidden.ts'
import { importCommand } from './import/command.ts'
import { migrateCommand } from './migrate.ts'
import { receiptCommand } from './receipt.ts'
import { restoreCommand } from './restore.ts'
import { sweepCommand } from './sweep.ts'
import { usageCommand } from './usage.ts'
import { userCommand } from './user.ts'
import { verifyCommand } from './verify.ts'

const commands: Record<(typeof commandNames)[number], (ops: Ops) => Command> = {
  audit: auditCommand,
  backup: backupCommand,
  doctor: doctorCommand,
  hidden: hiddenCommand,
  import: importCommand,
  migrate: migrateCommand,
  purge: purgeCommand,
  receipt: receiptCommand,
  restore: restoreCommand,
  sweep: sweepCommand,
  usage: usageCommand,
  user: userCommand,
  verify: verifyCommand,
}

/**
 * Runs `ngshare ARGS`. @throws CommandFailed, Trouble, ConfigMistakes; CommanderError for what is wrong with the
 * arguments, or help that was shown
 */
export async function runOps(args: readonly string[], access: DataAccess): Promise<void> {
  const program = new Command('ngshare')
  for (const create of Object.values(commands)) program.addCommand(create({ ...access, io: terminal }))
  await runProgram(program, args)
}
