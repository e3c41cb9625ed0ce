/** How many files, sockets among them, this process may have open. */
import { readFileSync } from 'node:fs'
import { errorCode } from '../domain/errors.ts'

/** Null where the system does not tell: only Linux does. Node has raised the soft limit to the hard one already. */
export function openFileLimit(): number | null {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8')
    const soft = Number(/^Max open files +(\d+)/m.exec(limits)?.[1])
    return Number.isNaN(soft) ? null : soft
  } catch (error) {
    if (errorCode(error) === undefined) throw error
    return null
  }
}
