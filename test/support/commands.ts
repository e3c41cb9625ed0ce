/** Commands for admins as a terminal would run them, in this process. */
import { Command } from 'commander'
import { dataAccess } from '../../src/compose.ts'
import type { Ops } from '../../src/ops/command.ts'
import { CommandFailed } from '../../src/terminal/failure.ts'
import { databaseUrl } from './database.ts'

export interface Outcome {
  /** Standard output. */
  readonly text: string
  /** What `--json` printed; nothing where it printed none. */
  readonly json: Readonly<Record<string, unknown>>
  /** Why it failed; null where it did not. */
  readonly failure: string | null
}

/** Where the data is, as options. */
export function placesOf(service: { database: string; storage: string }): string[] {
  return ['--database', databaseUrl(service.database), '--storage', service.storage]
}

/** @throws what is no failure that a command tells */
export async function runCommand(create: (ops: Ops) => Command, args: readonly string[]): Promise<Outcome> {
  const printed: string[] = []
  const quiet = () => undefined
  const print = (text: string) => void printed.push(text)
  const ops: Ops = {
    ...dataAccess,
    io: { print, printMuch: async text => print(text), note: quiet, progress: quiet },
  }
  const command = create(ops)
  const all = (part: Command): Command[] => [part, ...part.commands.flatMap(all)]
  for (const part of all(command)) part.exitOverride().configureOutput({ writeErr: quiet })
  let failure: string | null = null
  try {
    await new Command()
      .exitOverride()
      .addCommand(command)
      .parseAsync([command.name(), ...args], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error
    failure = error.message
  }
  const text = printed.join('\n')
  return { text, json: args.includes('--json') && text !== '' ? JSON.parse(text) : {}, failure }
}
