/** Splits `application/x-www-form-urlencoded` bytes into fields, piece by piece, whatever their size. */

/** Takes the bytes of one field's value. `bytes` are valid during the call only. */
export interface FieldSink {
  write(bytes: Buffer): void
  end(): void
  /**
   * Takes of the still encoded `bytes`, from `from` on, what it knows how to read faster than decoded; returns where
   * it stopped. Never takes the end of the value.
   */
  writeEncoded?(bytes: Buffer, from: number): number
}

/** Called for each field when its value begins; `name` are the decoded bytes of its name. */
export type OpenField = (name: Buffer) => FieldSink

const percent = 0x25
const ampersand = 0x26
const plus = 0x2b
const equals = 0x3d
const blank = 0x20
const maxNameBytes = 1024
/** So much is decoded before a field that reads encoded bytes itself is asked again. */
const offerBytes = 256

/** The value of each hexadecimal digit; so far below zero for anything else that no digit beside it makes up for it. */
const hexValues = new Int16Array(256).fill(-1000)
for (const digit of '0123456789abcdefABCDEF') hexValues[digit.charCodeAt(0)] = Number.parseInt(digit, 16)

/**
 * Fields end at `&`; a name ends at the first `=`; `+` is a blank; a `%` that no two hex digits follow stands for
 * itself; a field without `=` has an empty value; an empty field is none. As Python's `urllib.parse.parse_qsl`
 * reads it, whose clients we serve.
 */
export class UrlencodedDecoder {
  readonly #openField: OpenField
  /** Null while a name is being read. */
  #field: FieldSink | null = null
  #name = Buffer.alloc(maxNameBytes)
  #nameBytes = 0
  /** A `%` with at most one digit that the last chunk ended with. */
  #carried: Buffer = Buffer.alloc(0)

  constructor(openField: OpenField) {
    this.#openField = openField
  }

  write(chunk: Buffer): void {
    this.#decode(this.#carried.length > 0 ? Buffer.concat([this.#carried, chunk]) : chunk, false)
  }

  end(): void {
    this.#decode(this.#carried, true)
    this.#endField()
  }

  /** A field that reads encoded bytes itself is offered them again and again: files begin in the middle of chunks. */
  #decode(chunk: Buffer, isLast: boolean): void {
    this.#carried = Buffer.alloc(0)
    let at = 0
    while (at < chunk.length) {
      const takenTo = this.#field?.writeEncoded?.(chunk, at)
      const to = takenTo === undefined ? chunk.length : Math.min(takenTo + offerBytes, chunk.length)
      at = this.#decodePart(chunk, takenTo ?? at, to, isLast)
    }
  }

  /** Decodes `from` … `to`, and the whole of an escape that begins there; returns where it stopped. */
  #decodePart(chunk: Buffer, from: number, to: number, isLast: boolean): number {
    const decoded = scratch(to - from)
    let length = 0
    let i = from
    for (; i < to; i++) {
      let byte = chunk[i] as number
      while (byte > equals || (byte > plus && byte < equals)) {
        decoded[length++] = byte
        if (++i >= to) break
        byte = chunk[i] as number
      }
      if (i >= to) break
      if (byte === percent) {
        if (i + 2 >= chunk.length && !isLast) {
          this.#carried = Buffer.from(chunk.subarray(i))
          i = chunk.length
          break
        }
        const value = hexValue(chunk[i + 1]) * 16 + hexValue(chunk[i + 2])
        decoded[length++] = value >= 0 ? value : percent
        if (value >= 0) i += 2
      } else if (byte === ampersand) {
        this.#write(decoded.subarray(0, length))
        length = 0
        this.#endField()
      } else if (byte === equals && this.#field === null) {
        this.#write(decoded.subarray(0, length))
        this.#beginValue()
        return i + 1
      } else {
        decoded[length++] = byte === plus ? blank : byte
      }
    }
    this.#write(decoded.subarray(0, length))
    return i
  }

  #write(bytes: Buffer): void {
    if (bytes.length === 0) return
    if (this.#field !== null) {
      this.#field.write(bytes)
      return
    }
    // A name longer than any that we know is cut: it stays one that we do not know.
    this.#nameBytes += bytes.copy(this.#name, this.#nameBytes)
  }

  #beginValue(): void {
    this.#field = this.#openField(this.#name.subarray(0, this.#nameBytes))
    this.#nameBytes = 0
  }

  #endField(): void {
    if (this.#field === null) {
      if (this.#nameBytes === 0) return
      this.#beginValue()
    }
    this.#field?.end()
    this.#field = null
  }
}

function hexValue(byte: number | undefined): number {
  return hexValues[byte ?? 0] as number
}

let shared = Buffer.allocUnsafeSlow(64 * 1024)

/** One for all requests: what is in it has been taken when `write` returns. */
function scratch(sizeBytes: number): Buffer {
  if (shared.length < sizeBytes) shared = Buffer.allocUnsafeSlow(sizeBytes)
  return shared
}
