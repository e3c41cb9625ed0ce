/** What v1 answers: fields in a fixed order, or a directory tree that is streamed. */
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Trouble } from '../../domain/errors.ts'
import { type FetchedTree, readTreeBytes, type TreeFile } from '../../exchange/directory-trees.ts'
import type { Exchange } from '../../exchange/exchange.ts'
import { hasAlready } from '../entity-tags.ts'
import { factsOf, troubleFailures } from '../errors.ts'
import { startingWith } from '../first-chunk.ts'
import { sendPage } from '../pages.ts'
import { Base64LineEncoder, encodedLength } from './base64-lines.ts'
import { pythonJson, pythonString } from './python-json.ts'

export type Fields = Readonly<Record<string, unknown>>

/**
 * `content`: whether the files' bytes are wanted, or only their names. `checksums`: theirs, unless said otherwise.
 * `after`: fields behind `files`.
 */
export class TreeAnswer {
  readonly tree: FetchedTree | null
  readonly content: boolean
  readonly checksums: boolean
  readonly after: Fields

  constructor(input: {
    tree: FetchedTree | null
    content: boolean
    checksums?: boolean
    after?: Fields
  }) {
    this.tree = input.tree
    this.content = input.content
    this.checksums = input.checksums ?? true
    this.after = input.after ?? {}
  }
}

/** JSON text that is there already, and may be sent more than once. */
export class JsonText {
  readonly bytes: Buffer
  readonly digest: string

  constructor(text: string) {
    this.bytes = Buffer.from(text)
    this.digest = sha1(this.bytes)
  }
}

/** For people. `cookies`: `Set-Cookie` headers. */
export class PageAnswer {
  readonly html: string
  readonly cookies: readonly string[]

  constructor(html: string, cookies: readonly string[] = []) {
    this.html = html
    this.cookies = cookies
  }
}

export type Answer = Fields | TreeAnswer | JsonText | PageAnswer

export async function sendAnswer(
  answer: Answer,
  request: FastifyRequest,
  reply: FastifyReply,
  exchange: Exchange,
): Promise<FastifyReply> {
  if (answer instanceof TreeAnswer) return sendTree(answer, request, reply, exchange)
  if (answer instanceof PageAnswer) {
    if (answer.cookies.length > 0) reply.header('set-cookie', [...answer.cookies])
    return sendPage(reply, answer.html)
  }
  reply.type('application/json')
  if (!isRead(request)) return reply.send(pythonJson({ success: true, ...answer }))
  const { bytes, digest } =
    answer instanceof JsonText ? answer : new JsonText(pythonJson({ success: true, ...answer }))
  return hasAlready(request, reply, digest) ? reply.code(304).send() : reply.send(bytes)
}

async function sendTree(
  answer: TreeAnswer,
  request: FastifyRequest,
  reply: FastifyReply,
  exchange: Exchange,
): Promise<FastifyReply> {
  const { tree, content, checksums, after } = answer
  const end = Object.entries(after).map(([name, value]) => `, ${pythonString(name)}: ${pythonJson(value)}`)
  const tail = `]${end.join('')}}`
  // The answer is a function of the tree, which never changes: its tag needs none of its bytes.
  if (hasAlready(request, reply, sha1(`${tree?.digest} ${content} ${tail}`))) return reply.code(304).send()
  reply.type('application/json')
  const files = tree?.files ?? []
  const heads = files.map((file, position) => headOf(file, { content, checksums, isFirst: position === 0 }))
  if (!content) return reply.send(treeStart + heads.join('') + tail)
  const length = files.reduce(
    (sum, file, position) => sum + (heads[position]?.length ?? 0) + encodedLength(file.sizeBytes) + 2,
    treeStart.length + tail.length,
  )
  reply.header('content-length', length)
  if (request.method === 'HEAD') return reply.send(Readable.from([])) // without a payload the length would be 0
  await request.visit?.beginDownload(request.caller?.name ?? null, length)
  const chunks = contentChunks(exchange, files, heads, tail)
  // Whoever went away before the end has not fetched them, and the connection closes without this.
  const tellDelivery = () => reply.raw.once('finish', () => tree?.delivered())
  if (length <= onePieceBytes) {
    const bytes = Buffer.concat(await Array.fromAsync(chunks))
    tellDelivery()
    return reply.send(bytes)
  }
  const first = await chunks.next() // a missing file is found while the status can still say so
  tellDelivery()
  const stream = Readable.from(startingWith(first, chunks), { objectMode: false })
  stream.on('error', error => logCutOff(request, error))
  return reply.send(stream)
}

/** The client sees only that the connection ends. */
function logCutOff(request: FastifyRequest, error: Error): void {
  if (error instanceof Trouble) request.log.error(factsOf(error), troubleFailures[error.kind].message)
}

const treeStart = '{"success": true, "files": ['

/** All of it is ASCII: its length is its size. */
function headOf(file: TreeFile, options: { content: boolean; checksums: boolean; isFirst: boolean }): string {
  const checksum = options.checksums ? `, "checksum": "${file.md5}"` : ''
  const head = `${options.isFirst ? '' : ', '}{"path": ${pythonString(file.path)}${checksum}`
  return options.content ? `${head}, "content": "` : `${head}}`
}

const gatherBytes = 64 * 1024
/** Up to this size an answer is sent whole, which is quicker than a stream. */
const onePieceBytes = 256 * 1024

/** Small pieces are gathered, so that a tree of many small files does not become many small writes. */
async function* contentChunks(
  exchange: Exchange,
  files: readonly TreeFile[],
  heads: readonly string[],
  tail: string,
): AsyncGenerator<Buffer> {
  let gathered: Buffer[] = [Buffer.from(treeStart)]
  let size = 0
  let position = 0
  for await (const bytes of readTreeBytes(exchange, files)) {
    const encoder = new Base64LineEncoder()
    gathered.push(Buffer.from(heads[position++] ?? ''))
    for await (const chunk of bytes) {
      const encoded = encoder.encode(chunk)
      gathered.push(encoded)
      size += encoded.length
      if (size < gatherBytes) continue
      yield* encoded.length < gatherBytes ? [Buffer.concat(gathered)] : gathered
      gathered = []
      size = 0
    }
    gathered.push(encoder.end(), Buffer.from('"}'))
  }
  yield Buffer.concat([...gathered, Buffer.from(tail)])
}

function isRead(request: FastifyRequest): boolean {
  return request.method === 'GET' || request.method === 'HEAD'
}

function sha1(content: string | Buffer): string {
  return createHash('sha1').update(content).digest('hex')
}
