/** Commands for admins, as the program that is installed runs them. */
import { expect, it } from 'vitest'
import { runProgram } from '../faults/world.ts'

it.each([['usage'], ['verify'], ['hidden'], ['audit', 'verify'], ['receipt', 'keys']])(
  'an option after a command is the command’s, though the server has one of that name: %s %s',
  async (...command) => {
    const { code, complained } = await runProgram([...command, '--database', 'sqlite:////nowhere/at-all.db'])
    expect(complained).toContain('/nowhere/at-all.db')
    expect(code).toBe(1)
  },
)
