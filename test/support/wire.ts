/** Bytes on a bare connection, for requests that no HTTP client would send. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, formText, textAndJson } from './client.ts'
import { replicaCount } from './replicas.ts'
import type { WireFile } from './trees.ts'

/** A proxy tells clients to go on by itself, while the headers are on their way. */
const proxyMs = 300

/** Sends `bytes`, then says that no more will come, and reads until the service closes. */
export async function sendAndHangUp(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.end(bytes)
  return readToEnd(socket)
}

export async function readToEnd(socket: Socket): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

/** The first answer in what came. */
export function firstAnswer(received: string): Pick<Answer, 'status' | 'text' | 'json'> & { head: string } {
  const [head = '', ...rest] = received.split('\r\n\r\n')
  const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? Number.POSITIVE_INFINITY)
  const body = Buffer.from(rest.join('\r\n\r\n')).subarray(0, length).toString()
  return { status: Number(head.split(' ')[1]), head, ...textAndJson(body) }
}

/** A submission whose body waits: the service has read its headers when this resolves. */
export async function slowSubmission(
  service: { readonly port: number; readonly prefix: string },
  student: string,
  to: string,
  files: readonly WireFile[],
): Promise<{ finish(): Promise<Pick<Answer, 'status' | 'text' | 'json'>> }> {
  const body = formText({ files })
  const socket = connect(service.port, '127.0.0.1')
  socket.write(
    `POST ${service.prefix}submission/${to}?user=${student} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n` +
      `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
      'Expect: 100-continue\r\n\r\n',
  )
  const [interim] = (await once(socket, 'data')) as [Buffer]
  if (!interim.toString().startsWith('HTTP/1.1 100')) throw new Error(`not told to go on: ${interim}`)
  if (replicaCount > 1) await sleep(proxyMs)
  return {
    async finish() {
      socket.write(body)
      return firstAnswer(await readToEnd(socket))
    },
  }
}
