/** Runs an act in a transaction of PostgreSQL. */
import { Trouble } from '../domain/errors.ts'
import type { Writer } from './database.ts'
import { ConnectionLost } from './postgres-errors.ts'
import type { Session } from './postgres-sessions.ts'

/**
 * One run of the act. An act that throws, or loses its connection, leaves nothing behind.
 * @throws what the act throws; errors of the driver; ConnectionLost; Trouble `database`: it may be committed or not
 */
export async function runAct<Result>(
  session: Session,
  act: (trx: Writer) => Promise<Result>,
): Promise<Result> {
  session.begin('isolation level repeatable read')
  let result: Result
  try {
    result = await act(session.kysely)
    await session.hasBegun()
  } catch (error) {
    if (!(error instanceof ConnectionLost)) await session.execute('rollback')
    throw error
  }
  await commit(session)
  return result
}

async function commit(session: Session): Promise<void> {
  let done: string
  try {
    done = await session.execute('commit')
  } catch (error) {
    if (!(error instanceof ConnectionLost)) throw error
    throw new Trouble('database', 'the connection to PostgreSQL was lost while it committed', {
      cause: error,
    })
  }
  if (done !== 'COMMIT') throw new Error('an act went on after a statement that failed')
}
