/** The field `files`: a JSON array of files with base64 content, read as it arrives and staged file by file. */
import type { ContentStore } from '../../content/content-store.ts'
import { BlobStaging, inlineLimitBytes } from '../../content/staging.ts'
import { TreePaths } from '../../domain/directory-tree.ts'
import { Refusal, TooLarge } from '../../domain/errors.ts'
import type { StagedFile, StagedTree } from '../../exchange/directory-trees.ts'
import { Base64Decoder } from './base64.ts'
import { BadRequest } from './errors.ts'
import { type JsonHandler, type JsonKind, JsonScanner } from './json-scanner.ts'
import type { FieldSink } from './urlencoded.ts'

export interface FilesLimits {
  readonly maxFiles: number
  readonly maxFileBytes: number
  /** Of all files of a tree together. Without: what the body holds. */
  readonly maxTreeBytes?: number
}

/** A longer path is illegal by its length alone, a longer checksum is none. */
const maxTextBytes = 8192
/** What a tree may keep in memory until it is committed: so much always, and more, step by step, where there is room. */
const smallStepBytes = 256 * 1024
const maxSmallBytes = 4 * 1024 * 1024

/** What one element of the array has said so far. A member said twice counts as said last. */
interface Element {
  path: Buffer | null
  checksum: Buffer | null
  content: Content | null
}

interface Content {
  readonly staging: BlobStaging
  readonly base64: Base64Decoder
}

/**
 * The first fault decides, in the order of the contract: JSON as a whole, then for each file in turn its form, its
 * path, its content, its checksum. After a fault the rest is only read, not staged.
 */
export class FilesField implements FieldSink, JsonHandler {
  readonly #store: ContentStore
  readonly #limits: FilesLimits
  readonly #takeMemory: (bytes: number) => boolean
  readonly #json = new JsonScanner(this)
  readonly #paths = new TreePaths()
  #jsonFault: BadRequest | null = null
  #fileFault: BadRequest | Refusal | null = null
  #isArray = false
  #count = 0
  #smallBytes = 0
  #smallRoom = smallStepBytes
  /** Of the files that have ended. */
  #treeBytes = 0
  #element: Element | null = null
  /** The string that is being read, if it is one that we want. */
  #reading: Content | Text | null = null
  #decodedEnd = 0
  /** Whole files whose bytes the store has not been given yet. */
  readonly #ended: { path: string; staging: BlobStaging }[] = []
  readonly #staged: StagedFile[] = []
  /** Content that was said again, or whose file has a fault. */
  readonly #unwanted: BlobStaging[] = []

  /** `takeMemory`: whether so many bytes more may be held in memory. */
  constructor(store: ContentStore, limits: FilesLimits, takeMemory: (bytes: number) => boolean) {
    this.#store = store
    this.#limits = limits
    this.#takeMemory = takeMemory
  }

  /** @throws TooLarge */
  write(bytes: Buffer): void {
    makeRoom(bytes.length)
    this.#readJson(() => this.#json.write(bytes))
    this.#flushContent()
  }

  /** In the middle of a file's content there is nothing but base64 to expect. @throws TooLarge */
  writeEncoded(bytes: Buffer, from: number): number {
    const content = this.#reading
    if (content === null || content instanceof Text || !this.#json.isInString) return from
    makeRoom(bytes.length)
    const { stoppedAt, end } = content.base64.decodeEncoded(bytes, from, decoded, 0)
    this.#decodedEnd = end
    this.#flushContent()
    return stoppedAt
  }

  /** @throws TooLarge */
  end(): void {
    this.#readJson(() => this.#json.end())
  }

  /** Lets the store take what has gathered; to be awaited between pieces. @throws Trouble */
  async drain(): Promise<void> {
    for (const staging of this.#unwanted.splice(0)) await staging.discard()
    for (;;) {
      const file = this.#ended[0]
      if (file === undefined) break
      this.#staged.push({ path: file.path, isExecutable: false, blob: await file.staging.finish() })
      this.#ended.shift()
    }
    await this.#element?.content?.staging.drain()
  }

  /** The whole tree. @throws BadRequest, Refusal: the first fault; Trouble */
  async finish(): Promise<StagedTree> {
    await this.drain()
    if (this.#jsonFault !== null) throw this.#jsonFault
    if (!this.#isArray) throw new BadRequest('incorrect-format')
    if (this.#fileFault !== null) throw this.#fileFault
    return this.#staged
  }

  /** Forgets everything that was not placed. */
  async discard(): Promise<void> {
    await this.#element?.content?.staging.discard()
    for (const staging of this.#unwanted) await staging.discard()
    for (const { staging } of this.#ended) await staging.discard()
    for (const { blob } of this.#staged) await blob.discard()
  }

  beginValue(kind: JsonKind, depth: number, key: string): void {
    if (depth === 0) this.#isArray = kind === 'array'
    else if (!this.#isArray || this.#fileFault !== null) return
    else if (depth === 1) this.#beginElement(kind)
    else if (depth === 2 && this.#element !== null) this.#beginMember(this.#element, kind, key)
  }

  stringBytes(bytes: Buffer, from: number, to: number): void {
    if (this.#reading === null) return
    if (this.#reading instanceof Text) this.#reading.add(bytes, from, to)
    else this.#decodedEnd = this.#reading.base64.decode(bytes, from, to, decoded, this.#decodedEnd)
  }

  endValue(_kind: JsonKind, depth: number): void {
    if (depth === 2) this.#endMember()
    else if (depth === 1 && this.#element !== null) this.#endElement(this.#element)
  }

  #beginElement(kind: JsonKind): void {
    if (++this.#count > this.#limits.maxFiles) throw new TooLarge('files', this.#limits.maxFiles)
    this.#element = { path: null, checksum: null, content: null }
    if (kind !== 'object') this.#fileFault = new BadRequest('incorrect-format')
  }

  #beginMember(element: Element, kind: JsonKind, key: string): void {
    const isString = kind === 'string'
    if (key === 'content') {
      if (element.content !== null) this.#unwanted.push(element.content.staging)
      element.content = isString ? { staging: this.#beginStaging(), base64: new Base64Decoder() } : null
      this.#reading = element.content
    } else if (isString && (key === 'path' || key === 'checksum')) {
      this.#reading = new Text(bytes => {
        element[key] = bytes
      })
    } else if (key === 'path' || key === 'checksum') {
      element[key] = null
    }
  }

  /** Small files wait in memory for their commit; a tree of very many does not. */
  #beginStaging(): BlobStaging {
    return new BlobStaging(this.#store, { mayStaySmall: this.#mayStaySmall() })
  }

  #mayStaySmall(): boolean {
    if (this.#smallBytes < this.#smallRoom) return true
    if (this.#smallRoom >= maxSmallBytes || !this.#takeMemory(smallStepBytes)) return false
    this.#smallRoom += smallStepBytes
    return true
  }

  #endMember(): void {
    if (this.#reading instanceof Text) this.#reading.end()
    else this.#flushContent()
    this.#reading = null
  }

  #endElement(element: Element): void {
    this.#element = null
    const { content } = element
    if (this.#fileFault === null) {
      try {
        this.#endFile(element)
        return
      } catch (error) {
        if (!(error instanceof BadRequest || error instanceof Refusal)) throw error
        this.#fileFault = error
      }
    }
    if (content !== null) this.#unwanted.push(content.staging)
  }

  #endFile({ path, content, checksum }: Element): void {
    if (path === null || content === null) throw new BadRequest('incorrect-format')
    const text = textOf(path)
    if (text === null) throw new Refusal('illegal-path')
    this.#paths.add(text)
    if (!content.base64.isComplete) throw new Refusal('content-not-base64')
    const said = checksum?.toString().toLowerCase() ?? ''
    if (/^[0-9a-f]{32}$/.test(said) && said !== content.staging.digests().md5)
      throw new Refusal('checksum-mismatch')
    if (content.staging.sizeBytes <= inlineLimitBytes) this.#smallBytes += content.staging.sizeBytes
    this.#treeBytes += content.staging.sizeBytes
    this.#ended.push({ path: text, staging: content.staging })
  }

  /** Gives what was decoded of the content that is being read to its staging. */
  #flushContent(): void {
    if (this.#reading === null || this.#reading instanceof Text) return
    const { staging } = this.#reading
    staging.write(decoded.subarray(0, this.#decodedEnd))
    this.#decodedEnd = 0
    if (staging.sizeBytes > this.#limits.maxFileBytes)
      throw new TooLarge('bytes in one file', this.#limits.maxFileBytes)
    const { maxTreeBytes = Number.POSITIVE_INFINITY } = this.#limits
    if (this.#treeBytes + staging.sizeBytes > maxTreeBytes)
      throw new TooLarge('bytes in all files', maxTreeBytes)
  }

  #readJson(read: () => void): void {
    if (this.#jsonFault !== null) return
    try {
      read()
    } catch (error) {
      if (!(error instanceof BadRequest)) throw error
      this.#jsonFault = error
    }
  }
}

/** Content that has just been decoded. One for all requests: it has been passed on when `write` returns. */
let decoded = Buffer.allocUnsafeSlow(64 * 1024)

function makeRoom(sizeBytes: number): void {
  if (decoded.length < sizeBytes) decoded = Buffer.allocUnsafeSlow(sizeBytes)
}

/** Gathers a string that is short, or too long to be of use. */
class Text {
  readonly #done: (bytes: Buffer) => void
  readonly #parts: Buffer[] = []
  #length = 0

  constructor(done: (bytes: Buffer) => void) {
    this.#done = done
  }

  add(bytes: Buffer, from: number, to: number): void {
    if (this.#length > maxTextBytes) return
    this.#parts.push(Buffer.from(bytes.subarray(from, to)))
    this.#length += to - from
  }

  end(): void {
    this.#done(Buffer.concat(this.#parts))
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Null for bytes that are no UTF-8, such as a lone surrogate's. */
function textOf(bytes: Buffer): string | null {
  try {
    return utf8.decode(bytes)
  } catch {
    return null // the one reason for which a fatal decoder throws
  }
}
