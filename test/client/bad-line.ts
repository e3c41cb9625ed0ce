/** A line to a server that can be made bad: it cuts, holds or answers by itself. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** What happens to a request. */
export type Fate =
  | { readonly kind: 'pass' }
  /** The server hears it; the answer ends after so many bytes of its body, without an end. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  /** The server hears it; its answer is never told. */
  | { readonly kind: 'silence' }
  /** Somebody on the way answers. */
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly headers?: Record<string, string>
      readonly body?: string
    }

export interface BadLine {
  readonly url: string
  /** The requests that came, as `METHOD path`, without the query. */
  readonly requests: readonly string[]
  /** What happens to the next requests; after them all pass. */
  expect(...fates: readonly Fate[]): void
}

export async function aBadLine(service: { port: number; prefix: string }): Promise<BadLine> {
  const fates: Fate[] = []
  const requests: string[] = []
  const server = createServer((incoming, answer) => {
    requests.push(`${incoming.method} ${incoming.url?.split('?')[0]?.replace(`${service.prefix}v2/`, '')}`)
    carryOut(fates.shift() ?? { kind: 'pass' }, { incoming, answer, port: service.port })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}${service.prefix}`,
    requests,
    expect: (...next) => void fates.push(...next),
  }
}

/** Where nothing listens. */
export async function nowhere(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return `http://127.0.0.1:${port}`
}

function carryOut(
  fate: Fate,
  { incoming, answer, port }: { incoming: IncomingMessage; answer: ServerResponse; port: number },
): void {
  if (fate.kind === 'answer') {
    incoming.resume()
    answer.writeHead(fate.status, fate.headers).end(fate.body)
    return
  }
  const { method, url, headers } = incoming
  const onward = request({ port, host: '127.0.0.1', method, path: url, headers }, from => {
    if (fate.kind === 'silence') return void from.resume()
    answer.writeHead(from.statusCode ?? 500, from.headers)
    let passed = 0
    from.on('data', (chunk: Buffer) => {
      const rest = fate.kind === 'cut' ? Math.max(0, fate.afterBytes - passed) : chunk.length
      answer.write(chunk.subarray(0, rest))
      passed += chunk.length
      if (fate.kind === 'cut' && passed >= fate.afterBytes) setTimeout(() => answer.destroy(), 50)
    })
    from.on('end', () => {
      if (fate.kind === 'pass') answer.end()
      else if (passed === 0) answer.destroy()
    })
  })
  incoming.pipe(onward)
}
