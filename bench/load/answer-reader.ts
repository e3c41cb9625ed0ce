// Reads HTTP/1.1 answers off a socket with as little work as the benchmark can get away with.

/** `head`: status line and headers. */
export type Answer = { status: number; head: string; body: Buffer }

const END_OF_HEAD = '\r\n\r\n'
const END_OF_LINE = '\r\n'

type State =
  | { part: 'head' }
  | { part: 'sized'; left: number }
  | { part: 'chunk size' }
  | { part: 'chunk'; left: number }
  | { part: 'trailer' }

/** Feeds on whatever the socket brings and returns an answer when one is complete. One answer at a time. */
export class AnswerReader {
  #state: State = { part: 'head' }
  #pending: Buffer = Buffer.alloc(0)
  #status = 0
  #head = ''
  #body: Buffer[] = []

  push(bytes: Buffer): Answer | null {
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes])
    let isComplete = false
    let isMoving = true
    while (isMoving && !isComplete) {
      switch (this.#state.part) {
        case 'head':
          isMoving = this.#readHead()
          isComplete = this.#isEmptyAnswer()
          break
        case 'sized':
          isMoving = this.#takeBody(this.#state)
          isComplete = this.#state.left === 0
          break
        case 'chunk size':
          isMoving = this.#readChunkSize()
          break
        case 'chunk':
          isMoving = this.#readChunk(this.#state)
          break
        case 'trailer':
          isMoving = this.#takeLine() !== null
          isComplete = isMoving
      }
    }
    return isComplete ? this.#finish() : null
  }

  #readHead(): boolean {
    const end = this.#pending.indexOf(END_OF_HEAD)
    if (end < 0) return false
    const head = this.#pending.toString('latin1', 0, end)
    this.#pending = this.#pending.subarray(end + END_OF_HEAD.length)
    this.#head = head
    this.#status = Number(head.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length))
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
    if (length !== undefined) this.#state = { part: 'sized', left: Number(length) }
    else if (/\r\ntransfer-encoding: *chunked/i.test(head)) this.#state = { part: 'chunk size' }
    else throw new Error(`answer without a length: ${head.slice(0, 80)}`)
    return true
  }

  #isEmptyAnswer(): boolean {
    return this.#state.part === 'sized' && this.#state.left === 0
  }

  #readChunkSize(): boolean {
    const line = this.#takeLine()
    if (line === null) return false
    const sizeBytes = Number.parseInt(line, 16)
    this.#state = sizeBytes === 0 ? { part: 'trailer' } : { part: 'chunk', left: sizeBytes }
    return true
  }

  #readChunk(chunk: { left: number }): boolean {
    if (chunk.left > 0) return this.#takeBody(chunk)
    if (this.#takeLine() === null) return false
    this.#state = { part: 'chunk size' }
    return true
  }

  #takeBody(part: { left: number }): boolean {
    if (this.#pending.length === 0) return false
    const taken = this.#pending.subarray(0, part.left)
    part.left -= taken.length
    this.#body.push(taken)
    this.#pending = this.#pending.subarray(taken.length)
    return true
  }

  #takeLine(): string | null {
    const end = this.#pending.indexOf(END_OF_LINE)
    if (end < 0) return null
    const line = this.#pending.toString('latin1', 0, end)
    this.#pending = this.#pending.subarray(end + END_OF_LINE.length)
    return line
  }

  #finish(): Answer {
    const body = this.#body.length === 1 && this.#body[0] ? this.#body[0] : Buffer.concat(this.#body)
    this.#body = []
    this.#state = { part: 'head' }
    return { status: this.#status, head: this.#head, body }
  }
}
