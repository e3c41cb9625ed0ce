/** What PostgreSQL's error codes (SQLSTATE) mean to us. */
import pg from 'pg'
import { Trouble } from '../domain/errors.ts'
import { frozenState, frozenTrouble } from './freeze.ts'

/** The connection is of no use any more. Whatever was not committed through it is undone by the server. */
export class ConnectionLost extends Error {
  constructor(cause: unknown) {
    super('the connection to PostgreSQL was lost', { cause })
    this.name = 'ConnectionLost'
  }
}

const earlyMs = 2000

/**
 * From now on: whether a connection was lost so early that it is worth asking on another. One that broke while nobody
 * used it shows only when it is used.
 */
export function lostEarly(): (error: unknown) => boolean {
  const until = performance.now() + earlyMs
  return error => error instanceof ConnectionLost && performance.now() < until
}

/** The code of an error that the server gave; undefined for all others. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined
}

/** Two acts contradicted each other, or waited for each other: from the start it may go well. */
export function isConflict(error: unknown): boolean {
  return ['40001', '40P01', '55P03'].includes(sqlState(error) ?? '')
}

/**
 * A row is there already, or one that is referred to is not. Mostly another act was quicker, and the next run of this
 * one sees what it did; otherwise it is a mistake of our own.
 */
export function isBrokenRule(error: unknown): boolean {
  return ['23505', '23503'].includes(sqlState(error) ?? '')
}

/**
 * Whether the server, or the way to it, is gone, or this connection, or what the connection knows of the schema (0A000:
 * another version has changed it since). It may go well with the next one.
 */
export function isConnectionError(error: unknown): boolean {
  const state = sqlState(error)
  if (state === undefined) return !(error instanceof Trouble)
  return state.startsWith('08') || ['57P01', '57P02', '57P05', '25P03', '25006', '0A000'].includes(state)
}

/** Turns an error of the driver into Trouble; passes everything else on as it is. */
export function troubleOf(error: unknown): unknown {
  if (error instanceof ConnectionLost) {
    const inner = troubleOf(error.cause)
    return inner instanceof Trouble
      ? inner
      : new Trouble('database', lostWords(error.cause), { cause: error })
  }
  const state = sqlState(error)
  if (state === undefined) return error
  if (state === frozenState) return frozenTrouble(error)
  const words = troubles.find(([pattern]) => pattern.test(state))
  if (words === undefined) return error // a mistake of our own code
  const [, kind, explanation] = words
  return new Trouble(kind, `${explanation} (${state}: ${messageOf(error)})`, { cause: error })
}

const troubles: readonly [RegExp, 'database' | 'database-busy' | 'storage-full', string][] = [
  [/^53100/, 'storage-full', 'no space left for PostgreSQL'],
  [
    /^53300/,
    'database',
    'PostgreSQL takes no more connections: raise max_connections or lower --database-pool',
  ],
  [/^57014/, 'database-busy', 'PostgreSQL took too long for a statement'],
  [/^(40001|40P01|55P03)/, 'database-busy', 'too many acts wanted to change the same'],
  [/^(25006)/, 'database', 'PostgreSQL takes no changes: is it a standby?'],
  [/^(28P01|28000)/, 'database', 'PostgreSQL does not let us in: look at user and password'],
  [/^3D000/, 'database', 'PostgreSQL has no such database'],
  [/^42501/, 'database', 'PostgreSQL does not let this user do that'],
  [/^(08|53|57|58|XX|F0)/, 'database', 'PostgreSQL failed'],
]

function lostWords(cause: unknown): string {
  return `no connection to PostgreSQL (${messageOf(cause)})`
}

/** Node gives several reasons where a name has several addresses, and no message. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}
