// Bytes for everybody's files, encoded once. A file is a stretch of them: nothing is built when it is sent, and nothing
// is decoded when it comes back.

import { createCipheriv } from 'node:crypto'

/** What goes into one line of base64. Files are whole lines. */
export const LINE_BYTES = 57
const LINES = 150_000
const PERCENT_ENCODED = new Map([
  ['+', '%2B'],
  ['/', '%2F'],
  ['=', '%3D'],
])

export class Pool {
  readonly lines = LINES
  readonly #raw: Buffer
  readonly #inForm: Buffer
  /** Where each line begins in it: percent-encoding makes them differ. One more for the end. */
  readonly #formStarts: Uint32Array
  readonly #inAnswer: Buffer
  readonly #answerLine: number

  constructor(seed: string) {
    const key = Buffer.alloc(32, seed)
    this.#raw = createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(LINES * LINE_BYTES))
    const texts = Array.from({ length: LINES }, (_, line) => this.#rawLines(line, 1).toString('base64'))
    this.#inAnswer = Buffer.from(texts.map(asInAnswer).join(''), 'latin1')
    this.#answerLine = this.#inAnswer.length / LINES
    const forms = texts.map(asInForm)
    this.#inForm = Buffer.from(forms.join(''), 'latin1')
    this.#formStarts = new Uint32Array(LINES + 1)
    for (const [line, { length }] of forms.entries())
      this.#formStarts[line + 1] = (this.#formStarts[line] ?? 0) + length
  }

  /** `lines` of them from one on, and from the beginning again after the last. */
  raw(stretch: Stretch): Buffer[] {
    return this.#parts(stretch, (from, lines) => this.#rawLines(from, lines))
  }

  /** As a form carries them: JSON text, percent-encoded. */
  inForm(stretch: Stretch): Buffer[] {
    const start = (line: number) => this.#formStarts[line] ?? 0
    return this.#parts(stretch, (from, lines) => this.#inForm.subarray(start(from), start(from + lines)))
  }

  /** As JSON text, which is what answers are. */
  inAnswer(stretch: Stretch): Buffer[] {
    const size = this.#answerLine
    return this.#parts(stretch, (from, lines) => this.#inAnswer.subarray(from * size, (from + lines) * size))
  }

  #rawLines(from: number, lines: number): Buffer {
    return this.#raw.subarray(from * LINE_BYTES, (from + lines) * LINE_BYTES)
  }

  #parts({ from, lines }: Stretch, part: (from: number, lines: number) => Buffer): Buffer[] {
    const parts: Buffer[] = []
    for (let at = from % LINES, left = lines; left > 0; at = 0) {
      const taken = Math.min(left, LINES - at)
      parts.push(part(at, taken))
      left -= taken
    }
    return parts
  }
}

export type Stretch = { from: number; lines: number }

/** One line of base64 as a JSON string has it, the end of the line too. */
export function asInAnswer(line: string): string {
  return `${line}\\n`
}

export function asInForm(line: string): string {
  return `${line.replace(/[+/=]/g, sign => PERCENT_ENCODED.get(sign) ?? sign)}%5Cn`
}
