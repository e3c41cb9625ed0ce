/** Reads JSON text that comes in pieces, and tells a handler what is in it, without ever holding a whole value. */
import { BadRequest } from './errors.ts'

export type JsonKind = 'array' | 'object' | 'string' | 'literal'

/** `depth`: how many containers the value is in. */
export interface JsonHandler {
  /**
   * A value begins; `key` is its name if it is a member of an object, cut if it is long. `literal`: a number, `true`,
   * `false`, `null`; also `NaN` and the infinities, which Python's clients may send.
   */
  beginValue(kind: JsonKind, depth: number, key: string): void
  /** The next bytes of the string (UTF-8, escapes resolved) are those of `bytes` between `from` and `to`. */
  stringBytes(bytes: Buffer, from: number, to: number): void
  endValue(kind: JsonKind, depth: number): void
}

const maxDepth = 64
const maxLiteralLength = 400
const maxKeyBytes = 64

const literals = /^(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|NaN|-?Infinity)$/
const quote = 0x22
const backslash = 0x5c

/** What each escape letter stands for. */
const escapes = new Map([...'"\\/'].map(char => [char.charCodeAt(0), Buffer.from(char)]))
for (const [letter, char] of Object.entries({ b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' })) {
  escapes.set(letter.charCodeAt(0), Buffer.from(char))
}

type State = 'value' | 'value-or-end' | 'key' | 'key-or-end' | 'colon' | 'comma-or-end' | 'done'

export class JsonScanner {
  readonly #handler: JsonHandler
  #state: State = 'value'
  /** Open containers, innermost last. */
  readonly #open: ('array' | 'object')[] = []
  #inString = false
  /** The key being read, or last read. */
  #key: Buffer[] = []
  #keyBytes = 0
  #isKey = false
  /** The escape so far, from its backslash on, while one is being read. */
  #escape = ''
  /** The first half of a surrogate pair, whose second may follow. */
  #highSurrogate = 0
  /** A number or word so far; empty when none is being read. */
  #literal = ''

  constructor(handler: JsonHandler) {
    this.#handler = handler
  }

  /** Whether the next byte is one of a string's own, or ends it: no escape is half-way. */
  get isInString(): boolean {
    return this.#inString && this.#escape === '' && this.#highSurrogate === 0
  }

  /** @throws BadRequest `files-not-json` */
  write(bytes: Buffer): void {
    let i = 0
    while (i < bytes.length) i = this.#inString ? this.#scanString(bytes, i) : this.#scanToken(bytes, i)
  }

  /** @throws BadRequest `files-not-json`: the text is not whole */
  end(): void {
    this.#endLiteral()
    if (this.#inString || this.#state !== 'done') throw notJson()
  }

  #scanToken(bytes: Buffer, at: number): number {
    const byte = bytes[at] as number
    if (this.#literal !== '' && !isDelimiter(byte)) {
      this.#literal += String.fromCharCode(byte)
      if (this.#literal.length > maxLiteralLength) throw notJson()
      return at + 1
    }
    this.#endLiteral()
    if (isWhiteSpace(byte)) return at + 1
    this.#token(byte)
    return at + 1
  }

  #token(byte: number): void {
    switch (byte) {
      case quote:
        this.#beginString()
        break
      case 0x7b: // {
        this.#beginContainer('object')
        break
      case 0x5b: // [
        this.#beginContainer('array')
        break
      case 0x7d: // }
        this.#endContainer('object', this.#state === 'key-or-end')
        break
      case 0x5d: // ]
        this.#endContainer('array', this.#state === 'value-or-end')
        break
      case 0x3a: // :
        if (this.#state !== 'colon') throw notJson()
        this.#state = 'value'
        break
      case 0x2c: // ,
        if (this.#state !== 'comma-or-end') throw notJson()
        this.#state = this.#open.at(-1) === 'object' ? 'key' : 'value'
        break
      default:
        this.#expectValue()
        this.#literal = String.fromCharCode(byte)
    }
  }

  #expectValue(): void {
    if (this.#state !== 'value' && this.#state !== 'value-or-end') throw notJson()
  }

  #beginContainer(kind: 'array' | 'object'): void {
    this.#expectValue()
    if (this.#open.length === maxDepth) throw new BadRequest('incorrect-format')
    this.#beginValue(kind)
    this.#open.push(kind)
    this.#state = kind === 'object' ? 'key-or-end' : 'value-or-end'
  }

  #endContainer(kind: 'array' | 'object', isEmpty: boolean): void {
    if (!isEmpty && this.#state !== 'comma-or-end') throw notJson()
    if (this.#open.pop() !== kind) throw notJson()
    this.#endValue(kind)
  }

  #beginValue(kind: JsonKind): void {
    const key = this.#open.at(-1) === 'object' ? Buffer.concat(this.#key).toString() : ''
    this.#handler.beginValue(kind, this.#open.length, key)
  }

  #endValue(kind: JsonKind): void {
    this.#state = this.#open.length === 0 ? 'done' : 'comma-or-end'
    this.#handler.endValue(kind, this.#open.length)
  }

  #endLiteral(): void {
    if (this.#literal === '') return
    if (!literals.test(this.#literal)) throw notJson()
    this.#literal = ''
    this.#beginValue('literal')
    this.#endValue('literal')
  }

  #beginString(): void {
    this.#isKey = this.#state === 'key' || this.#state === 'key-or-end'
    this.#inString = true
    if (this.#isKey) {
      this.#key = []
      this.#keyBytes = 0
      return
    }
    this.#expectValue()
    this.#beginValue('string')
  }

  #endString(): void {
    this.#flushSurrogate()
    this.#inString = false
    if (this.#isKey) this.#state = 'colon'
    else this.#endValue('string')
  }

  /** Returns where the next token, or the rest of the string, begins. */
  #scanString(bytes: Buffer, from: number): number {
    if (this.#escape !== '') return this.#scanEscape(bytes, from)
    let i = from
    while (i < bytes.length) {
      const byte = bytes[i] as number
      if (byte === quote || byte === backslash || byte < 0x20) break
      i++
    }
    if (i > from) this.#stringBytes(bytes, from, i)
    if (i === bytes.length) return i
    if (bytes[i] === quote) {
      this.#endString()
      return i + 1
    }
    if (bytes[i] !== backslash) throw notJson() // a raw control character
    const simple = i + 1 < bytes.length ? escapes.get(bytes[i + 1] as number) : undefined
    if (simple !== undefined) {
      this.#stringBytes(simple, 0, 1)
      return i + 2
    }
    this.#escape = '\\'
    return i + 1
  }

  #scanEscape(bytes: Buffer, at: number): number {
    const byte = bytes[at] as number
    this.#escape += String.fromCharCode(byte)
    if (this.#escape.length === 2) {
      const simple = escapes.get(byte)
      if (simple !== undefined) {
        this.#escape = ''
        this.#stringBytes(simple, 0, 1)
      } else if (this.#escape !== '\\u') {
        throw notJson()
      }
    } else if (this.#escape.length === 6) {
      if (!/^\\u[0-9a-fA-F]{4}$/.test(this.#escape)) throw notJson()
      const unit = Number.parseInt(this.#escape.slice(2), 16)
      this.#escape = ''
      this.#codeUnit(unit)
    }
    return at + 1
  }

  #codeUnit(unit: number): void {
    const high = this.#highSurrogate
    if (high !== 0 && unit >= 0xdc00 && unit <= 0xdfff) {
      this.#highSurrogate = 0
      this.#emit(0x10000 + (high - 0xd800) * 0x400 + (unit - 0xdc00))
      return
    }
    this.#flushSurrogate()
    if (unit >= 0xd800 && unit <= 0xdbff) this.#highSurrogate = unit
    else this.#emit(unit)
  }

  #stringBytes(bytes: Buffer, from: number, to: number): void {
    this.#flushSurrogate()
    this.#deliver(bytes, from, to)
  }

  #deliver(bytes: Buffer, from: number, to: number): void {
    if (!this.#isKey) {
      this.#handler.stringBytes(bytes, from, to)
    } else if (this.#keyBytes <= maxKeyBytes) {
      this.#key.push(Buffer.from(bytes.subarray(from, to)))
      this.#keyBytes += to - from
    }
  }

  #flushSurrogate(): void {
    if (this.#highSurrogate === 0) return
    const lone = this.#highSurrogate
    this.#highSurrogate = 0
    this.#emit(lone)
  }

  /** A lone surrogate goes out as three bytes that are no UTF-8: whoever decodes them finds out. */
  #emit(codePoint: number): void {
    const isSurrogate = codePoint >= 0xd800 && codePoint <= 0xdfff
    const bytes = isSurrogate
      ? Buffer.from([0xe0 | (codePoint >> 12), 0x80 | ((codePoint >> 6) & 0x3f), 0x80 | (codePoint & 0x3f)])
      : Buffer.from(String.fromCodePoint(codePoint))
    this.#deliver(bytes, 0, bytes.length)
  }
}

function isWhiteSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d
}

/** Whether a number or word ends before this byte. */
function isDelimiter(byte: number): boolean {
  return (
    isWhiteSpace(byte) || byte === 0x2c || byte === 0x5d || byte === 0x7d || byte === 0x3a || byte === quote
  )
}

function notJson(): BadRequest {
  return new BadRequest('files-not-json')
}
