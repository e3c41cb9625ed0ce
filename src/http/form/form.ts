/** A request's arguments: those of its query, and those of its body, which is read only when it is asked for. */
import type { IncomingMessage } from 'node:http'
import type { ContentStore } from '../../content/content-store.ts'
import { TooLarge } from '../../domain/errors.ts'
import type { StagedTree } from '../../exchange/directory-trees.ts'
import { Overloaded } from '../admission/overloaded.ts'
import { isHeldBack } from '../expectations.ts'
import { BadRequest } from './errors.ts'
import { FilesField } from './files-field.ts'
import { MultipartDecoder } from './multipart.ts'
import { type FieldSink, UrlencodedDecoder } from './urlencoded.ts'

export interface FormLimits {
  readonly maxBodyBytes: number
  readonly maxFiles: number
  readonly maxFileBytes: number
  readonly maxTreeBytes?: number
  /** All arguments of a body together, but for `files`. */
  readonly maxArgumentBytes: number
}

const maxArguments = 1000

/** How an API reads its arguments: which of those that are repeated counts, and whether their ends are stripped. */
export interface ArgumentRules {
  readonly counts: 'first' | 'last'
  readonly strip: boolean
}

/** What a request must ask before it takes in more. */
export interface BodyTurn {
  /** Resolves when the body may be read. @throws Overloaded */
  invite(): Promise<void>
  /** Whether so many bytes more may be held in memory, until the request ends. */
  takeMemory(bytes: number): boolean
}

const ofV1: ArgumentRules = { counts: 'last', strip: true }
/** Arguments take memory in pieces of that size; the first is free. */
const argumentStepBytes = 64 * 1024

/** What a query or a body says. */
interface Arguments {
  readonly texts: Map<string, TextField>
  files: FilesField | null
}

export class Form {
  readonly #request: IncomingMessage
  readonly #store: ContentStore
  readonly #limits: FormLimits
  readonly #turn: BodyTurn
  readonly #rules: ArgumentRules
  #query: Arguments | null = null
  #body: Promise<Arguments> | null = null
  readonly #opened: FilesField[] = []
  #argumentCount = 0
  #argumentBytes = 0
  #argumentRoom = argumentStepBytes
  /** Bytes of the body so far. */
  bodyBytes = 0

  constructor(
    request: IncomingMessage,
    store: ContentStore,
    limits: FormLimits,
    turn: BodyTurn,
    rules: ArgumentRules = ofV1,
  ) {
    this.#request = request
    this.#store = store
    this.#limits = limits
    this.#turn = turn
    this.#rules = rules
  }

  /** Whether the body has been asked for. */
  get isBodyRead(): boolean {
    return this.#body !== null
  }

  /** An argument of the body or else of the query. @throws BadRequest, TooLarge, Trouble */
  async argument(name: string): Promise<string | undefined> {
    return (await this.bodyArgument(name)) ?? this.queryArgument(name)
  }

  /** @throws BadRequest, TooLarge, Trouble */
  async bodyArgument(name: string): Promise<string | undefined> {
    return (await this.#readBody()).texts.get(name)?.text()
  }

  /** @throws BadRequest `argument-not-utf8` */
  queryArgument(name: string): string | undefined {
    return this.#readQuery().texts.get(name)?.text()
  }

  /**
   * The directory tree of the argument `files`, from the body or, where allowed, else from the query.
   * @throws BadRequest, Refusal: what is wrong with it; TooLarge; Trouble
   */
  async files(options: { alsoFromQuery: boolean }): Promise<StagedTree> {
    const body = await this.#readBody()
    const files = body.files ?? (options.alsoFromQuery ? this.#readQuery().files : null)
    if (files === null) throw new BadRequest('files-missing')
    return files.finish()
  }

  /** Forgets what was staged and is not placed. */
  async discard(): Promise<void> {
    await this.#body?.catch(() => undefined) // whoever asked for the body has seen its error
    for (const files of this.#opened) await files.discard()
  }

  /**
   * Lets the rest of the body pass by: most clients read the answer only when they have sent everything. One that never
   * ends is cut off.
   */
  async passRest(): Promise<void> {
    const request = this.#request
    if (request.readableEnded || request.destroyed || !hasBody(request) || isHeldBack(request)) return
    let passed = 0
    request.on('data', (chunk: Buffer) => {
      passed += chunk.length
      if (passed > this.#limits.maxBodyBytes * 4) request.destroy()
    })
    await new Promise<void>(resolve => {
      for (const end of ['end', 'error', 'close']) request.once(end, resolve)
      request.resume()
    })
  }

  #readQuery(): Arguments {
    if (this.#query !== null) return this.#query
    const query: Arguments = { texts: new Map(), files: null }
    const url = this.#request.url ?? ''
    const start = url.indexOf('?')
    if (start !== -1) {
      const decoder = new UrlencodedDecoder(name => this.#openField(query, name))
      decoder.write(Buffer.from(url.slice(start + 1), 'latin1'))
      decoder.end()
    }
    this.#query = query
    return query
  }

  #readBody(): Promise<Arguments> {
    this.#body ??= this.#parseBody()
    return this.#body
  }

  async #parseBody(): Promise<Arguments> {
    const body: Arguments = { texts: new Map(), files: null }
    const { headers } = this.#request
    const type = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
    const isMultipart = type === 'multipart/form-data'
    if (!isMultipart && type !== 'application/x-www-form-urlencoded') return body
    if (headers['content-encoding'] !== undefined) throw new BadRequest('body-encoded')
    if (Number(headers['content-length'] ?? 0) > this.#limits.maxBodyBytes) throw this.#bodyTooLarge()
    await this.#turn.invite()
    const openField = (name: Buffer) => this.#openField(body, name)
    const decoder = isMultipart ? new MultipartDecoder(headers, openField) : new UrlencodedDecoder(openField)
    for await (const chunk of this.#chunks()) {
      await decoder.write(chunk)
      for (const files of this.#opened) await files.drain()
    }
    await decoder.end()
    return body
  }

  /** An upload that is refused half-way is left open, so that its client gets to read why. */
  async *#chunks(): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of this.#request.iterator({ destroyOnReturn: false })) {
        this.bodyBytes += chunk.length
        if (this.bodyBytes > this.#limits.maxBodyBytes) throw this.#bodyTooLarge()
        yield chunk
      }
    } catch (error) {
      if (error instanceof TooLarge || !this.#request.destroyed) throw error
      throw new BadRequest('body-malformed')
    }
  }

  #bodyTooLarge(): TooLarge {
    return new TooLarge('bytes in the body', this.#limits.maxBodyBytes)
  }

  #openField(into: Arguments, nameBytes: Buffer): FieldSink {
    const name = nameBytes.toString()
    if (++this.#argumentCount > maxArguments) throw new TooLarge('arguments', maxArguments)
    const isKnown = name === 'files' ? into.files !== null : into.texts.has(name)
    if (isKnown && this.#rules.counts === 'first') return unread
    if (name === 'files') {
      into.files = new FilesField(this.#store, this.#limits, bytes => this.#turn.takeMemory(bytes))
      this.#opened.push(into.files)
      return into.files
    }
    const field = new TextField(length => this.#countArgument(length), this.#rules.strip)
    into.texts.set(name, field)
    return field
  }

  #countArgument(length: number): void {
    this.#argumentBytes += length
    if (this.#argumentBytes > this.#limits.maxArgumentBytes) {
      throw new TooLarge('bytes in arguments', this.#limits.maxArgumentBytes)
    }
    while (this.#argumentBytes > this.#argumentRoom) {
      if (!this.#turn.takeMemory(argumentStepBytes)) throw new Overloaded('no-memory')
      this.#argumentRoom += argumentStepBytes
    }
  }
}

/** Whether anything comes after the headers. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

const unread: FieldSink = { write: () => undefined, end: () => undefined }

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

class TextField implements FieldSink {
  readonly #parts: Buffer[] = []
  readonly #count: (length: number) => void
  readonly #strip: boolean

  constructor(count: (length: number) => void, strip: boolean) {
    this.#count = count
    this.#strip = strip
  }

  write(bytes: Buffer): void {
    this.#count(bytes.length)
    this.#parts.push(Buffer.from(bytes))
  }

  end(): void {}

  /** @throws BadRequest `argument-not-utf8` */
  text(): string {
    try {
      const text = utf8.decode(Buffer.concat(this.#parts))
      return this.#strip ? text.trim() : text
    } catch {
      throw new BadRequest('argument-not-utf8')
    }
  }
}
