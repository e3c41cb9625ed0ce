// A hub that answers one question, "whose token is this?", after an optional delay. The token of NAME is NAME itself.
// `PUT /trouble/KIND` makes it answer like a hub in trouble (see `Trouble`), until `PUT /trouble/none`.
//
//   node bench/peers/fake-hub.ts --port 8081 [--delay-ms 20]

import { createServer, type ServerResponse } from 'node:http'
import { parseArgs } from 'node:util'

const { values: options } = parseArgs({
  options: { port: { type: 'string' }, 'delay-ms': { type: 'string', default: '0' } },
})
const delayMs = Number(options['delay-ms'])

/** `hang`: no answer, ever. `cut off`: half an answer. The others are a hub and a proxy that say that they are not well. */
export type Trouble = 'none' | 'hang' | 'cut off' | 'error' | 'unavailable'

let trouble: Trouble = 'none'

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
  const asked = /^\/trouble\/(.+)$/.exec(request.method === 'PUT' ? (request.url ?? '') : '')?.[1]
  if (asked !== undefined) {
    trouble = decodeURIComponent(asked) as Trouble
    answer(200, {})
  } else if (request.url === '/healthz') answer(200, {})
  else if (trouble !== 'none') troubles[trouble](response)
  else if (request.url !== '/hub/api/user') answer(404, { status: 404, message: 'Not Found' })
  else if (delayMs > 0) setTimeout(answerWho, delayMs)
  else answerWho()
})
server.listen(Number(options.port), '127.0.0.1')

const troubles: Record<Exclude<Trouble, 'none'>, (response: ServerResponse) => void> = {
  hang: () => undefined,
  'cut off'(response) {
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 1000 })
    response.write('{"kind": "user", "na', () => response.destroy())
  },
  error(response) {
    response.writeHead(500, { 'Content-Type': 'application/json' })
    response.end('{"status": 500, "message": "Internal Server Error"}')
  },
  unavailable(response) {
    response.writeHead(503, { 'Content-Type': 'text/html' })
    response.end('<h1>Service Unavailable</h1>')
  },
}

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
