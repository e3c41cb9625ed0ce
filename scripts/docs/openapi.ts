/** The OpenAPI document, as the server that was built last gives it out. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export interface OpenApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

export interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Content }
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>
}

export interface Parameter {
  readonly in: 'path' | 'query' | 'header'
  readonly name: string
  readonly required?: boolean
  readonly description?: string
  readonly schema: JsonSchema
}

/** By media type. */
export type Content = Readonly<Record<string, { readonly schema: JsonSchema }>>

/** As much of JSON Schema as the document uses. */
export interface JsonSchema {
  readonly title?: string
  readonly description?: string
  readonly type?: string
  readonly format?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly JsonSchema[]
  readonly items?: JsonSchema
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
}

/** Below what the document's paths are. */
export const documentPrefix = '/api/v2/'

export async function readOpenApi(): Promise<OpenApiDocument> {
  const folder = await mkdtemp(join(tmpdir(), 'ngshare-docs-'))
  const launcher = new URL('../../bin/vngshare', import.meta.url).pathname
  const args = [
    '--port',
    '0',
    '--database',
    `sqlite:///${folder}/db`,
    '--storage',
    `${folder}/files`,
    '--log-level',
    'error',
  ]
  const server = spawn(process.execPath, [launcher, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    for await (const line of createInterface({ input: server.stdout })) {
      const home = /^Please go to (\S+)/.exec(line)?.[1]
      if (home !== undefined) return (await (await fetch(`${home}v2/openapi.json`)).json()) as OpenApiDocument
    }
    throw new Error('the server did not start')
  } finally {
    server.kill()
    await once(server, 'exit')
    await rm(folder, { recursive: true, force: true })
  }
}
