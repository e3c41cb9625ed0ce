/** Base64 as CPython's `base64.encodebytes` writes it and `base64.decodebytes` reads it. */

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const invalid = 64
const padding = '='.charCodeAt(0)

const values = new Uint8Array(256).fill(invalid)
for (const [value, char] of [...alphabet].entries()) values[char.charCodeAt(0)] = value

/** Lines of 76 characters, each, the last too, with a line feed. */
export function encodeBase64Lines(bytes: Buffer): string {
  return bytes.toString('base64').replace(/.{1,76}/g, '$&\n')
}

/**
 * As lenient as `binascii.a2b_base64`: garbage is skipped, and a complete padding ends the text. Null for text that
 * ends within a quad. (Node's own decoder takes missing padding and the URL alphabet, too.)
 */
export function decodeBase64(text: string): Buffer | null {
  if (!text.isWellFormed()) return null
  const input = Buffer.from(text)
  const output = Buffer.allocUnsafe(Math.ceil(input.length / 4) * 3)
  let end = 0
  let quad = 0
  let quadLength = 0
  let paddings = 0
  for (const byte of input) {
    if (byte === padding) {
      if (quadLength >= 2 && quadLength + ++paddings >= 4) return output.subarray(0, end)
      continue
    }
    const value = values[byte] as number
    if (value === invalid) continue
    paddings = 0
    quad = (quad << 6) | value
    if (++quadLength > 1) output[end++] = quad >> (8 - quadLength * 2)
    if (quadLength === 4) quad = quadLength = 0
  }
  return quadLength === 0 ? output.subarray(0, end) : null
}
