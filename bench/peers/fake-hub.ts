// A hub that answers one question, "whose token is this?", after an optional delay. The token of NAME is NAME itself.
//
//   node bench/peers/fake-hub.ts --port 8081 [--delay-ms 20]

import { createServer } from 'node:http'
import { parseArgs } from 'node:util'

const { values: options } = parseArgs({
  options: { port: { type: 'string' }, 'delay-ms': { type: 'string', default: '0' } },
})
const delayMs = Number(options['delay-ms'])

const server = createServer((request, response) => {
  function answer(status: number, body: object): void {
    response.writeHead(status, { 'Content-Type': 'application/json' })
    response.end(JSON.stringify(body))
  }
  function answerWho(): void {
    const name = /^(?:token|bearer) +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
    if (name === undefined) answer(403, { status: 403, message: 'Forbidden' })
    else answer(200, notebookUser(name))
  }
  if (request.url === '/healthz') answer(200, {})
  else if (request.url !== '/hub/api/user') answer(404, { status: 404, message: 'Not Found' })
  else if (delayMs > 0) setTimeout(answerWho, delayMs)
  else answerWho()
})
server.listen(Number(options.port), '127.0.0.1')

/** What hub 5 says of the token that it gave to a notebook server. */
function notebookUser(name: string) {
  return {
    kind: 'user',
    name,
    admin: false,
    groups: [],
    session_id: null,
    scopes: [
      `access:servers!server=${name}/`,
      `read:users:groups!user=${name}`,
      `read:users:name!user=${name}`,
    ],
  }
}
