/** Splits `multipart/form-data` bytes into fields, piece by piece. */
import type { IncomingHttpHeaders } from 'node:http'
import { Busboy, type BusboyHeaders } from '@fastify/busboy'
import { TooLarge } from '../../domain/errors.ts'
import { BadRequest } from './errors.ts'
import type { OpenField } from './urlencoded.ts'

const maxParts = 1000

/** Parts with a file name are no fields, and are passed over. */
export class MultipartDecoder {
  readonly #parser: InstanceType<typeof Busboy>
  readonly #finished: Promise<void>
  #fault: unknown = null

  /** @throws BadRequest `body-malformed`: no boundary */
  constructor(headers: IncomingHttpHeaders, openField: OpenField) {
    try {
      this.#parser = new Busboy({
        headers: headers as BusboyHeaders,
        limits: { parts: maxParts },
        // As files, parts are streamed; as fields they would be held in memory whole.
        isPartAFile: () => true,
      })
    } catch {
      throw new BadRequest('body-malformed')
    }
    this.#parser.on('file', (name, part, fileName) => {
      const field = fileName === undefined ? openField(Buffer.from(name ?? '')) : null
      part.on('data', (bytes: Buffer) => this.#guard(() => field?.write(bytes)))
      part.on('end', () => this.#guard(() => field?.end()))
      part.on('error', () => this.#guard(() => malformed()))
    })
    this.#parser.on('partsLimit', () => this.#guard(() => tooManyParts()))
    this.#finished = new Promise(resolve => {
      this.#parser.on('finish', resolve)
      this.#parser.on('error', () => {
        this.#fault ??= new BadRequest('body-malformed')
        resolve()
      })
    })
  }

  async write(chunk: Buffer): Promise<void> {
    await Promise.race([
      new Promise<void>(resolve => this.#parser.write(chunk, () => resolve())),
      this.#finished,
    ])
    if (this.#fault !== null) throw this.#fault
  }

  async end(): Promise<void> {
    this.#parser.end()
    await this.#finished
    if (this.#fault !== null) throw this.#fault
  }

  /** Errors must not be thrown through the parser's own events. */
  #guard(step: () => void): void {
    if (this.#fault !== null) return
    try {
      step()
    } catch (error) {
      this.#fault = error
    }
  }
}

function malformed(): never {
  throw new BadRequest('body-malformed')
}

function tooManyParts(): never {
  throw new TooLarge('parts', maxParts)
}
