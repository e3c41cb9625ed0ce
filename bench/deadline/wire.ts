// HTTP as Python's requests speaks it: one request at a time, and no look at the answer before all is sent.

import { createConnection, type Socket } from 'node:net'
import { type Answer, AnswerReader } from '../load/answer-reader.ts'

export type { Answer } from '../load/answer-reader.ts'

export type Question = {
  method: 'GET' | 'POST'
  /** Below the prefix. */
  path: string
  /** A form, in pieces that nobody changes. */
  form?: readonly Buffer[]
}

/** `unreachable`: nobody listened, so that nothing was sent. `broken`: the end came before the answer. `late`: it did not come. */
export class NoAnswer extends Error {
  readonly kind: 'unreachable' | 'broken' | 'late'
  constructor(kind: NoAnswer['kind'], cause: unknown) {
    super(`${kind}: ${cause}`, { cause })
    this.kind = kind
  }
}

/** What a person, or the proxy in between, waits for a sign of life. */
const PATIENCE_MS = 120_000
const SPARE_MS = 4_000

/** One person's way to the server. `keepsConnection`: the next request may go the same way. */
export class Line {
  readonly #port: number
  readonly #token: string
  readonly #keepsConnection: boolean
  #spare: Socket | null = null

  constructor(options: { port: number; token: string; keepsConnection: boolean }) {
    this.#port = options.port
    this.#token = options.token
    this.#keepsConnection = options.keepsConnection
  }

  /** @throws NoAnswer */
  async ask(question: Question): Promise<Answer> {
    const socket = this.#takeSpare() ?? this.#connect()
    try {
      const answer = await exchange(socket, this.#headOf(question), question.form ?? [])
      this.#leave(socket, answer)
      return answer
    } catch (error) {
      socket.destroy()
      throw error
    }
  }

  close(): void {
    this.#takeSpare()?.destroy()
  }

  #headOf({ method, path, form }: Question): Buffer {
    const length = form?.reduce((sum, piece) => sum + piece.length, 0)
    const lines = [
      `${method} /api/${path} HTTP/1.1`,
      'Host: 127.0.0.1',
      'User-Agent: python-requests/2.32.3',
      'Accept-Encoding: gzip, deflate',
      'Accept: */*',
      'Connection: keep-alive',
      // The token of NAME is NAME: see the fake hub.
      `Authorization: token ${this.#token}`,
      ...(form === undefined
        ? []
        : [`Content-Length: ${length}`, 'Content-Type: application/x-www-form-urlencoded']),
    ]
    return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
  }

  #leave(socket: Socket, { head }: Answer): void {
    if (!this.#keepsConnection || /\r\nconnection: *close/i.test(head)) {
      socket.destroy()
      return
    }
    this.#spare = socket
    socket.resume() // so that its end is noticed
    // Shorter than the server's own patience, so that it does not end the connection under a request.
    socket.setTimeout(SPARE_MS, () => {
      this.#spare = null // at once: `close` comes later, and somebody might ask before
      socket.destroy()
    })
  }

  #connect(): Socket {
    const socket = createConnection({ host: '127.0.0.1', port: this.#port, noDelay: true })
    socket.on('error', () => undefined) // `close` follows, and whoever waits for an answer is told
    socket.on('close', () => {
      if (this.#spare === socket) this.#spare = null
    })
    return socket
  }

  #takeSpare(): Socket | null {
    const socket = this.#spare
    this.#spare = null
    socket?.setTimeout(0).removeAllListeners('timeout')
    // As urllib3 does: a connection that the server has ended is not used again.
    return socket?.writable && !socket.readableEnded ? socket : null
  }
}

function exchange(socket: Socket, head: Buffer, form: readonly Buffer[]): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let isConnected = !socket.connecting
    const reader = new AnswerReader()
    const connected = () => {
      isConnected = true
    }
    function settle(act: () => void): void {
      socket.off('data', read).off('error', fail).off('close', end).off('connect', connected)
      socket.setTimeout(0).removeAllListeners('timeout')
      act()
    }
    function read(bytes: Buffer): void {
      try {
        const answer = reader.push(bytes)
        if (answer !== null) settle(() => resolve(answer))
      } catch (error) {
        fail(error)
      }
    }
    function fail(cause: unknown): void {
      settle(() => reject(new NoAnswer(isConnected ? 'broken' : 'unreachable', cause)))
    }
    const end = () => fail('the connection ended')
    socket.once('connect', connected).on('error', fail).on('close', end)
    socket.setTimeout(PATIENCE_MS, () => settle(() => reject(new NoAnswer('late', `${PATIENCE_MS} ms`))))
    socket.pause()
    socket.cork()
    socket.write(head)
    for (const piece of form) socket.write(piece)
    socket.write('', () => socket.on('data', read).resume())
    socket.uncork()
  })
}
