/** Base64 as Python's `base64.encodebytes` writes it, lines of 76 characters, inside a JSON string. */

const alphabet = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/')
const lineCharacters = 76
const backslash = '\\'.charCodeAt(0)
const letterN = 'n'.charCodeAt(0)

/** How many bytes `Base64LineEncoder` makes of that many. */
export function encodedLength(sizeBytes: number): number {
  const characters = Math.ceil(sizeBytes / 3) * 4
  return characters + Math.ceil(characters / lineCharacters) * 2
}

/** Each line, the last too, ends with a line feed, which JSON writes as a backslash and an `n`. */
export class Base64LineEncoder {
  #carried: Buffer = Buffer.alloc(0)
  #column = 0

  encode(bytes: Buffer): Buffer {
    const input = this.#carried.length > 0 ? Buffer.concat([this.#carried, bytes]) : bytes
    const whole = input.length - (input.length % 3)
    this.#carried = Buffer.from(input.subarray(whole))
    const output = Buffer.allocUnsafe((whole / 3) * 4 + Math.ceil(whole / 57 + 1) * 2)
    let column = this.#column
    let end = 0
    for (let i = 0; i < whole; i += 3) {
      const bits = ((input[i] as number) << 16) | ((input[i + 1] as number) << 8) | (input[i + 2] as number)
      output[end] = alphabet[bits >> 18] as number
      output[end + 1] = alphabet[(bits >> 12) & 63] as number
      output[end + 2] = alphabet[(bits >> 6) & 63] as number
      output[end + 3] = alphabet[bits & 63] as number
      end += 4
      column += 4
      if (column === lineCharacters) {
        output[end] = backslash
        output[end + 1] = letterN
        end += 2
        column = 0
      }
    }
    this.#column = column
    return output.subarray(0, end)
  }

  end(): Buffer {
    const rest = this.#carried
    const last = Buffer.from(rest.toString('base64'))
    return this.#column + last.length === 0 ? last : Buffer.concat([last, Buffer.from('\\n')])
  }
}
