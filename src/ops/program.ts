/** The commands that work on the data of a server: this file is their table of contents. */
import type { Command } from 'commander'
import { auditCommand } from './audit.ts'
import { backupCommand } from './backup.ts'
import type { Ops } from './command.ts'
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

const commands: readonly ((ops: Ops) => Command)[] = [
  auditCommand,
  backupCommand,
  doctorCommand,
  hiddenCommand,
  importCommand,
  migrateCommand,
  purgeCommand,
  receiptCommand,
  restoreCommand,
  sweepCommand,
  usageCommand,
  userCommand,
  verifyCommand,
]

export function dataCommands(ops: Ops): Command[] {
  return commands.map(create => create(ops))
}
