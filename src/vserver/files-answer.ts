/** A directory tree as the 2020 API gives it: paths and content, no checksums. */
import type { FastifyReply } from 'fastify'
import { type DirectoryTree, readTreeBytes } from '../exchange/directory-trees.ts'
import type { Exchange } from '../exchange/exchange.ts'
import type { Fields } from '../http/compat/answer.ts'
import { Base64LineEncoder } from '../http/compat/base64-lines.ts'
import { pythonJson, pythonString } from '../http/compat/python-json.ts'

/** `tree`: null for no files. `listOnly`: paths without content. `after`: fields behind `files`. */
export class FilesAnswer {
  readonly tree: DirectoryTree | null
  readonly listOnly: boolean
  readonly after: Fields

  constructor(input: { tree: DirectoryTree | null; query: URLSearchParams; after?: Fields }) {
    this.tree = input.tree
    this.listOnly = input.query.get('list_only') === 'true'
    this.after = input.after ?? {}
  }
}

export async function sendFiles(
  reply: FastifyReply,
  { tree, listOnly, after }: FilesAnswer,
  exchange: Exchange,
): Promise<FastifyReply> {
  const files = tree?.files ?? []
  const parts: Buffer[] = []
  const contents = readTreeBytes(exchange, listOnly ? [] : files)
  for (const { path } of files) {
    const content = listOnly ? [] : await contentOf(contents)
    parts.push(Buffer.from(`${parts.length > 0 ? ', ' : ''}{"path": ${pythonString(path)}`), ...content)
    parts.push(Buffer.from('}'))
  }
  const end = Object.entries(after).map(([name, value]) => `, ${pythonString(name)}: ${pythonJson(value)}`)
  const body = [Buffer.from('{"success": true, "files": ['), ...parts, Buffer.from(`]${end.join('')}}`)]
  return reply.type('application/json').send(Buffer.concat(body))
}

async function contentOf(contents: ReturnType<typeof readTreeBytes>): Promise<Buffer[]> {
  const { value } = await contents.next()
  const encoder = new Base64LineEncoder()
  const parts: Buffer[] = [Buffer.from(', "content": "')]
  for await (const bytes of value ?? []) parts.push(encoder.encode(bytes))
  return [...parts, encoder.end(), Buffer.from('"')]
}
