/** Base64, strictly: the standard alphabet, correct padding, ASCII white space anywhere, and nothing else. */

const whiteSpace = 64
const padding = 65
const invalid = 66

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** What each byte means: a value of 0–63, or one of the above. */
const meanings = new Uint8Array(256).fill(invalid)
for (const [value, char] of [...alphabet].entries()) meanings[char.charCodeAt(0)] = value
for (const char of ' \t\n\v\f\r') meanings[char.charCodeAt(0)] = whiteSpace
meanings['='.charCodeAt(0)] = padding

/** The same for percent-encoded text, where a plus is a blank and most else has an escape. */
const encodedMeanings = new Uint8Array(256).fill(invalid)
for (const [value, char] of [...alphabet].entries()) encodedMeanings[char.charCodeAt(0)] = value
encodedMeanings['+'.charCodeAt(0)] = whiteSpace

const percent = '%'.charCodeAt(0)
const letterN = 'n'.charCodeAt(0)
const escapedPlus = pairOf('2B')
const escapedSlash = pairOf('2F')
const escapedBackslash = pairOf('5C')

/**
 * Decodes text that comes in pieces. Not `Buffer.from(text, 'base64')`, which takes missing padding, garbage and
 * the URL alphabet for good: a garbled upload would be stored as something else with success.
 */
export class Base64Decoder {
  #quad = 0
  #quadLength = 0
  #paddings = 0
  #isValid = true
  #position = 0

  /** Whether the text may end here. */
  get isComplete(): boolean {
    return this.#isValid && (this.#quadLength === 0 || this.#quadLength + this.#paddings === 4)
  }

  /**
   * Decodes `text` between `from` and `to` into `output` at `at`, which must have room for three bytes to four
   * characters. Returns where the output ends.
   */
  decode(text: Buffer, from: number, to: number, output: Buffer, at: number): number {
    let end = at
    this.#position = from
    while (this.#isValid) {
      if (this.#quadLength === 0 && this.#paddings === 0) {
        end = this.#decodeQuads(meanings, text, to, output, end)
      }
      if (this.#position >= to) break
      end = this.#take(meanings[text[this.#position++] as number] as number, output, end)
    }
    return end
  }

  /**
   * The same for text that is still percent-encoded, inside a JSON string inside a form, which is how files arrive:
   * one pass over the bytes of a large file instead of three. Stops before anything but plain base64, blanks, `%2B`,
   * `%2F` and `%5Cn` (an escaped line feed). Returns where it stopped and where the output ends.
   */
  decodeEncoded(text: Buffer, from: number, output: Buffer, at: number): { stoppedAt: number; end: number } {
    if (this.#paddings > 0 || !this.#isValid) return { stoppedAt: from, end: at }
    const size = text.length
    let i = from
    let end = at
    let quad = this.#quad
    let quadLength = this.#quadLength
    while (i < size) {
      if (quadLength === 0) {
        this.#position = i
        end = this.#decodeQuads(encodedMeanings, text, size, output, end)
        i = this.#position
        if (i === size) break
      }
      let meaning = encodedMeanings[text[i] as number] as number
      let length = 1
      if (meaning === invalid) {
        const digits = text[i] === percent ? ((text[i + 1] ?? 0) << 8) | (text[i + 2] ?? 0) : 0
        length = 3
        if (digits === escapedPlus) meaning = 62
        else if (digits === escapedSlash) meaning = 63
        else if (digits !== escapedBackslash || text[i + 3] !== letterN) break
        else length = 4
      }
      i += length
      if (meaning > 63) continue
      // Local copies of what #take keeps in fields: this is where the time of a large upload goes.
      quad = (quad << 6) | meaning
      if (++quadLength > 1) output[end++] = quad >> (8 - quadLength * 2)
      if (quadLength === 4) quadLength = quad = 0
    }
    this.#quad = quad
    this.#quadLength = quadLength
    return { stoppedAt: i, end }
  }

  /** The straight way, from the position on: whole quads of plain characters. */
  #decodeQuads(table: Uint8Array, text: Buffer, to: number, output: Buffer, at: number): number {
    let i = this.#position
    let end = at
    while (i + 4 <= to) {
      const a = table[text[i] as number] as number
      const b = table[text[i + 1] as number] as number
      const c = table[text[i + 2] as number] as number
      const d = table[text[i + 3] as number] as number
      if ((a | b | c | d) > 63) break
      output[end] = (a << 2) | (b >> 4)
      output[end + 1] = (b << 4) | (c >> 2)
      output[end + 2] = (c << 6) | d
      end += 3
      i += 4
    }
    this.#position = i
    return end
  }

  #take(meaning: number, output: Buffer, at: number): number {
    if (meaning === whiteSpace) return at
    if (meaning === invalid) {
      this.#isValid = false
      return at
    }
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

function pairOf(digits: string): number {
  return (digits.charCodeAt(0) << 8) | digits.charCodeAt(1)
}
