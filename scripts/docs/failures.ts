/** What the server refuses or cannot do, as tables: code, status, message. */
import { refusalFailures } from '../../src/http/compat/refusals.ts'
import {
  badRequestMessages,
  type Failure,
  notIdentifiedFailures,
  overloadedFailures,
  troubleFailures,
} from '../../src/http/errors.ts'
import { code, markdownTable } from './markdown.ts'

export function refusalTable(): string {
  return markdownTable(
    ['code', 'status', 'message', 'added in debug mode'],
    Object.entries(refusalFailures).map(([name, failure]) => [
      ...failureCells(name, failure),
      failure.onlyInDebug === undefined ? '' : code(failure.onlyInDebug.trim()),
    ]),
  )
}

/** Requests that are refused before the exchange is asked. */
export function badRequestTable(): string {
  const badRequests = Object.entries(badRequestMessages).map(([name, message]) =>
    failureCells(name, { status: 400, message }),
  )
  const notIdentified = Object.entries(notIdentifiedFailures).map(([name, failure]) =>
    failureCells(name, failure),
  )
  return markdownTable(['code', 'status', 'message'], [...badRequests, ...notIdentified])
}

export function troubleTable(): string {
  return markdownTable(
    ['code', 'status', 'message', '`Retry-After`'],
    Object.entries(troubleFailures).map(([name, failure]) => [
      ...failureCells(name, failure),
      failure.retryAfterSeconds === undefined ? '' : `${failure.retryAfterSeconds} s`,
    ]),
  )
}

/** SECONDS is what `Retry-After` says. */
export function overloadTable(): string {
  return markdownTable(
    ['code', 'status', 'message'],
    Object.entries(overloadedFailures).map(([name, failure]) => failureCells(name, failure)),
  )
}

function failureCells(name: string, { status, message }: Failure): string[] {
  return [code(name), String(status), code(message)]
}
