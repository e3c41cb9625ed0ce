// One keep-alive connection that carries one request at a time.

import { createConnection, type Socket } from 'node:net'
import { type Answer, AnswerReader } from './answer-reader.ts'

type Waiting = { resolve: (answer: Answer) => void; reject: (error: Error) => void }

export class Connection {
  readonly #port: number
  #socket: Socket | null = null
  #waiting: Waiting | null = null

  constructor(port: number) {
    this.#port = port
  }

  /** Sends one request, opening the connection again if the server closed it since the last one. */
  exchange(head: Buffer, body: Buffer | null): Promise<Answer> {
    const socket = this.#socket ?? this.#open()
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      socket.cork()
      socket.write(head)
      if (body) socket.write(body)
      socket.uncork()
    })
  }

  close(): void {
    this.#socket?.destroy()
  }

  #open(): Socket {
    const reader = new AnswerReader()
    const socket = createConnection({ host: '127.0.0.1', port: this.#port, noDelay: true })
    this.#socket = socket
    socket.on('data', bytes => {
      try {
        const answer = reader.push(bytes)
        if (answer) this.#settle(waiting => waiting.resolve(answer))
      } catch (error) {
        socket.destroy(error instanceof Error ? error : new Error(String(error)))
      }
    })
    let cause: Error | null = null
    socket.on('error', error => {
      cause = error
    })
    socket.on('close', () => {
      this.#socket = null
      this.#settle(waiting => waiting.reject(cause ?? new Error('the server closed the connection')))
    })
    return socket
  }

  #settle(settle: (waiting: Waiting) => void): void {
    const waiting = this.#waiting
    this.#waiting = null
    if (waiting) settle(waiting)
  }
}
