/** Runs an act in a transaction of PostgreSQL. */
import { Trouble } from '../domain/errors.ts'
import type { Act } from './database.ts'
import { ConnectionLost } from './postgres-errors.ts'
import type { Session } from './postgres-sessions.ts'

/**
 * One run of the act. An act that throws, or loses its connection, leaves nothing behind.
 * @throws what the act throws; errors of the driver; ConnectionLost; Trouble `database`: it may be committed or not
 */
export async function runAct<Result>(session: Session, act: Act<Result>): Promise<Result> {
  session.begin('isolation level repeatable read')
  try {
    // What it does not wait for fails the commit.
    const result = await act(session.kysely, query => query.catch(() => undefined))
    await session.commit()
    return result
  } catch (error) {
    if (!(error instanceof ConnectionLost)) await session.execute('rollback')
    else if (session.mayBeCommitted) {
      throw new Trouble('database', 'the connection to PostgreSQL was lost while it committed', {
        cause: error,
      })
    }
    throw error
  }
}
