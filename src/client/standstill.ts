/** Ends a request when nothing has moved for a while, however long it takes as a whole. */
import { NoAnswer } from './errors.ts'

export class Standstill {
  readonly #controller = new AbortController()
  readonly #limitMs: number
  readonly #url: URL
  #timer: NodeJS.Timeout | undefined

  constructor(url: URL, limitMs: number) {
    this.#url = url
    this.#limitMs = limitMs
    this.moved()
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  moved(): void {
    clearTimeout(this.#timer)
    const seconds = Math.round(this.#limitMs / 1000)
    this.#timer = setTimeout(
      () => this.#controller.abort(new NoAnswer(this.#url, `nothing came for ${seconds} seconds`)),
      this.#limitMs,
    )
  }

  /** Hands on what passes. */
  async *watch(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      this.moved()
      yield chunk
    }
  }

  /** What is still under way, such as a body that was refused before all of it was sent, is ended. */
  end(): void {
    clearTimeout(this.#timer)
    this.#controller.abort()
  }
}
