// The server as old clients use it: a token, a form, a connection for each request, and no patience with headers.

import { request } from 'node:http'
import { type Answer, answerTo, formType } from '../../test/faults/client.ts'

export type { Answer } from '../../test/faults/client.ts'

const PATIENCE_MS = 30_000

/** @throws when there is no answer, or not all of it */
export function ask(port: number, user: string, path: string, form?: Buffer): Promise<Answer> {
  const sent = request({
    ...{ host: '127.0.0.1', port, path: `/api/${path}`, agent: false },
    method: form === undefined ? 'GET' : 'POST',
    // The token of NAME is NAME: see the fake hub.
    headers: {
      authorization: `token ${user}`,
      ...(form === undefined ? {} : { 'content-type': formType, 'content-length': form.length }),
    },
    signal: AbortSignal.timeout(PATIENCE_MS),
  })
  sent.end(form)
  return answerTo(sent)
}

export function formWith(fields: Record<string, string>): Buffer {
  return Buffer.from(new URLSearchParams(fields).toString())
}
