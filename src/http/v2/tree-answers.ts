/** A directory tree as a manifest, one of its files as bytes, or the whole as an archive. */
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Refusal } from '../../domain/errors.ts'
import type { Micros } from '../../domain/timestamp.ts'
import {
  type DirectoryTree,
  type FetchedTree,
  readTreeBytes,
  type TreeFile,
} from '../../exchange/directory-trees.ts'
import type { Exchange } from '../../exchange/exchange.ts'
import { hasAlready } from '../entity-tags.ts'
import { startingWith } from '../first-chunk.ts'
import { type ArchiveFormat, archiveOf } from './archives.ts'
import { rangeOf } from './ranges.ts'

/** The manifest, or 304 to who has it. */
export function sendManifest(
  request: FastifyRequest,
  reply: FastifyReply,
  tree: DirectoryTree,
): FastifyReply {
  if (hasAlready(request, reply, tree.digest)) return reply.code(304).send()
  const files = tree.files.map(({ path, sizeBytes, sha256, md5, isExecutable }) => ({
    ...{ path, sizeBytes, sha256, md5, isExecutable },
  }))
  return reply.send({ digest: tree.digest, files })
}

/**
 * One file, or the range of it that was asked for. The last bytes leave when all have been checked.
 * @throws Refusal `file-not-found`; Trouble
 */
export async function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  input: { exchange: Exchange; tree: DirectoryTree; path: string },
): Promise<FastifyReply> {
  const { exchange, tree, path } = input
  const file = tree.files.find(candidate => candidate.path === path)
  if (file === undefined) throw new Refusal('file-not-found')
  reply.header('accept-ranges', 'bytes')
  if (hasAlready(request, reply, file.sha256)) return reply.code(304).send()
  const range = rangeOf(request, file)
  if (range === 'unsatisfiable') {
    reply.header('content-range', `bytes */${file.sizeBytes}`)
    return reply.code(416).send()
  }
  const { from, to } = range ?? { from: 0, to: file.sizeBytes }
  if (range !== null) reply.code(206).header('content-range', `bytes ${from}-${to - 1}/${file.sizeBytes}`)
  reply
    .header('content-type', 'application/octet-stream')
    .header('content-disposition', 'attachment')
    .header('content-length', to - from)
  if (request.method === 'HEAD') return reply.send(Readable.from([]))
  await request.visit?.beginDownload(request.caller?.name ?? null, to - from)
  const bytes = slice(contentOf(exchange, file), { from, to })
  const first = await bytes.next() // a missing file is found while the status can still say so
  return reply.send(Readable.from(startingWith(first, bytes), { objectMode: false }))
}

/** The whole tree. `at`: the moment that its files carry. @throws Trouble */
export async function sendArchive(
  request: FastifyRequest,
  reply: FastifyReply,
  input: { exchange: Exchange; tree: FetchedTree; format: ArchiveFormat; at: Micros; name: string },
): Promise<FastifyReply> {
  const { exchange, tree, format, at, name } = input
  if (hasAlready(request, reply, `${tree.digest}-${format}`)) return reply.code(304).send()
  reply
    .header('content-type', format === 'zip' ? 'application/zip' : 'application/x-tar')
    .header('content-disposition', `attachment; filename*=UTF-8''${encodeURIComponent(`${name}.${format}`)}`)
  if (request.method === 'HEAD') return reply.send(Readable.from([]))
  return reply.send(
    archiveOf({ format, files: tree.files, at, contents: readTreeBytes(exchange, tree.files) }),
  )
}

async function* contentOf(exchange: Exchange, file: TreeFile): AsyncGenerator<Buffer> {
  for await (const chunks of readTreeBytes(exchange, [file])) yield* chunks
}

/** Holds the last piece back until the source has ended well. */
async function* slice(
  chunks: AsyncIterable<Buffer>,
  { from, to }: { from: number; to: number },
): AsyncGenerator<Buffer> {
  let at = 0
  let held: Buffer | null = null
  for await (const chunk of chunks) {
    const piece = chunk.subarray(Math.max(from - at, 0), Math.max(to - at, 0))
    at += chunk.length
    if (piece.length === 0) continue
    if (held !== null) yield held
    held = piece
  }
  if (held !== null) yield held
}
