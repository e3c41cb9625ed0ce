/** Reads an answer with one file in it as it arrives, however large: the file is hashed, and none of it kept. */
import { createHash } from 'node:crypto'

export interface FileDigest {
  readonly sizeBytes: number
  readonly md5: string
  readonly sha256: string
}

export function digestOf(bytes: Buffer): FileDigest {
  const hashed = (algorithm: string) => createHash(algorithm).update(bytes).digest('hex')
  return { sizeBytes: bytes.length, md5: hashed('md5'), sha256: hashed('sha256') }
}

const contentStart = '"content": "'

export class OneFileReader {
  readonly #md5 = createHash('md5')
  readonly #sha256 = createHash('sha256')
  #sizeBytes = 0
  #part: 'head' | 'content' | 'tail' = 'head'
  #head = ''
  /** Characters that wait for those that complete them. */
  #base64 = ''
  #tail = ''

  read(chunk: Buffer): void {
    let text = chunk.toString('latin1')
    if (this.#part === 'head') {
      this.#head += text
      const start = this.#head.indexOf(contentStart)
      if (start === -1) return
      text = this.#head.slice(start + contentStart.length)
      this.#part = 'content'
    }
    if (this.#part === 'content') {
      const end = text.indexOf('"')
      this.#decode(end === -1 ? text : text.slice(0, end))
      if (end === -1) return
      this.#part = 'tail'
      text = text.slice(end + 1)
    }
    this.#tail += text
  }

  /** @throws when the answer has not ended, or does not have the checksum that it says */
  digest(): FileDigest {
    if (this.#base64 !== '' || !this.#tail.endsWith('}')) throw new Error('the answer has no proper end')
    const md5 = this.#md5.digest('hex')
    if (!this.#head.includes(`"checksum": "${md5}"`)) throw new Error(`the answer's checksum is not ${md5}`)
    return { sizeBytes: this.#sizeBytes, md5, sha256: this.#sha256.digest('hex') }
  }

  #decode(text: string): void {
    const joined = this.#base64 + text
    const lines = joined.endsWith('\\') ? joined.slice(0, -1) : joined
    const base64 = lines.replaceAll('\\n', '')
    const whole = base64.length - (base64.length % 4)
    this.#base64 = base64.slice(whole) + joined.slice(lines.length)
    const bytes = Buffer.from(base64.slice(0, whole), 'base64')
    this.#md5.update(bytes)
    this.#sha256.update(bytes)
    this.#sizeBytes += bytes.length
  }
}
