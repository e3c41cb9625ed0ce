/** HTTP as the clients of the exchange speak it: forms out, JSON in. */
import { once } from 'node:events'
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http'
import type { Server } from './world.ts'

export interface Answer {
  readonly status: number
  readonly fields: Readonly<Record<string, unknown>>
  readonly contentType: string
}

export const formType = 'application/x-www-form-urlencoded'

export class Client {
  readonly #server: Pick<Server, 'home'>
  readonly #agent = new Agent({ keepAlive: true })

  constructor(server: Pick<Server, 'home'>) {
    this.#server = server
  }

  get(path: string, user: string): Promise<Answer> {
    return this.#ask('GET', path, user)
  }

  post(path: string, user: string, form: string | Buffer | Record<string, string>): Promise<Answer> {
    const isText = typeof form === 'string' || Buffer.isBuffer(form)
    return this.#ask('POST', path, user, isText ? form : new URLSearchParams(form).toString())
  }

  delete(path: string, user: string): Promise<Answer> {
    return this.#ask('DELETE', path, user)
  }

  /** A request whose body, and whose answer, the caller handles bit by bit. */
  open(
    method: 'GET' | 'POST',
    path: string,
    user: string,
    headers: Record<string, string | number> = {},
  ): ClientRequest {
    const url = new URL(path, this.#server.home)
    url.searchParams.set('user', user)
    return request(url, { method, headers, agent: this.#agent })
  }

  close(): void {
    this.#agent.destroy()
  }

  async #ask(method: string, path: string, user: string, form?: string | Buffer): Promise<Answer> {
    const url = new URL(path, this.#server.home)
    url.searchParams.set('user', user)
    const headers =
      form === undefined ? {} : { 'content-type': formType, 'content-length': Buffer.byteLength(form) }
    const sent = request(url, { method, headers, agent: this.#agent })
    sent.end(form)
    return answerTo(sent)
  }
}

/** @throws when the connection ends before the answer does */
export async function answerTo(sent: ClientRequest): Promise<Answer> {
  const [message] = (await once(sent, 'response')) as [IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk)
  return {
    status: message.statusCode ?? 0,
    contentType: message.headers['content-type'] ?? '',
    fields: JSON.parse(Buffer.concat(chunks).toString()),
  }
}
