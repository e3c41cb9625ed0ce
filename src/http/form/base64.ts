/** Base64, strictly: the standard alphabet, correct padding, ASCII white space anywhere, and nothing else. */

const whiteSpace = 64
const padding = 65
const invalid = 66

/** What each byte means: a value of 0–63, or one of the above. */
const meanings = new Uint8Array(256).fill(invalid)
for (const [value, char] of [
  ...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
].entries()) {
  meanings[char.charCodeAt(0)] = value
}
for (const char of ' \t\n\v\f\r') meanings[char.charCodeAt(0)] = whiteSpace
meanings['='.charCodeAt(0)] = padding

/**
 * Decodes text that comes in pieces. Not `Buffer.from(text, 'base64')`, which takes missing padding, garbage and
 * the URL alphabet for good: a garbled upload would be stored as something else with success.
 */
export class Base64Decoder {
  #quad = 0
  #quadLength = 0
  #paddings = 0
  #isValid = true

  /** Whether the text may end here. */
  get isComplete(): boolean {
    return this.#isValid && (this.#quadLength === 0 || this.#quadLength + this.#paddings === 4)
  }

  /**
   * Decodes `text` between `from` and `to` into `output` at `at`, which must have room for three bytes to four
   * characters. Returns where the output ends.
   */
  decode(text: Buffer, from: number, to: number, output: Buffer, at: number): number {
    let i = from
    let end = at
    while (i < to) {
      if (this.#quadLength === 0 && this.#paddings === 0) {
        // The straight way: whole quads of plain characters.
        while (i + 4 <= to) {
          const a = meanings[text[i] as number] as number
          const b = meanings[text[i + 1] as number] as number
          const c = meanings[text[i + 2] as number] as number
          const d = meanings[text[i + 3] as number] as number
          if ((a | b | c | d) > 63) break
          output[end] = (a << 2) | (b >> 4)
          output[end + 1] = (b << 4) | (c >> 2)
          output[end + 2] = (c << 6) | d
          end += 3
          i += 4
        }
        if (i >= to) break
      }
      const meaning = meanings[text[i] as number] as number
      if (meaning === invalid) this.#isValid = false
      if (!this.#isValid) return end
      end = this.#take(meaning, output, end)
      i++
    }
    return end
  }

  #take(meaning: number, output: Buffer, at: number): number {
    if (meaning === whiteSpace) return at
    if (meaning === padding) {
      this.#paddings++
      if (this.#quadLength < 2 || this.#quadLength + this.#paddings > 4) this.#isValid = false
      return at
    }
    if (this.#paddings > 0) {
      this.#isValid = false
      return at
    }
    this.#quad = (this.#quad << 6) | meaning
    this.#quadLength++
    return this.#write(output, at)
  }

  /** A byte goes out as soon as its bits are in, so that nothing is left to do when the text ends. */
  #write(output: Buffer, at: number): number {
    if (this.#quadLength === 1) return at
    output[at] = this.#quad >> (8 - this.#quadLength * 2)
    if (this.#quadLength === 4) {
      this.#quadLength = 0
      this.#quad = 0
    }
    return at + 1
  }
}
