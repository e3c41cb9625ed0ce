/** The second API as one person uses it. */
import { createHash } from 'node:crypto'
import { type Client, createClient } from '../../src/client/client.ts'
import type { Service } from '../support/service.ts'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly bytes: Buffer
  /** The body where it is JSON. */
  readonly json: Readonly<Record<string, unknown>>
}

export type Tree = Readonly<Record<string, string | Buffer>>

export interface V2Person {
  /** The typed client, for what is to succeed; `ask` and its kin are for whatever else may come. */
  readonly client: Client
  ask(
    method: string,
    path: string,
    options?: { body?: unknown; headers?: Record<string, string> },
  ): Promise<Answer>
  get(path: string, headers?: Record<string, string>): Promise<Answer>
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer>
  put(path: string, body: unknown): Promise<Answer>
  delete(path: string): Promise<Answer>
  /** Sends the files that the server lacks; returns their paths. */
  upload(course: string, assignment: string, tree: Tree): Promise<string[]>
}

export function inV2(service: Service, user: string): V2Person {
  const url = `http://127.0.0.1:${service.port}${service.prefix}`
  const base = `${url}v2/`
  const client = createClient({ url, credentials: { user } })
  const person: V2Person = {
    client,
    async ask(method, path, { body, headers = {} } = {}) {
      const url = new URL(path, base)
      url.searchParams.set('user', user)
      const isBytes = Buffer.isBuffer(body)
      const type = isBytes ? 'application/octet-stream' : 'application/json'
      const answer = await fetch(url, {
        method,
        headers: { ...(body === undefined ? {} : { 'content-type': type }), ...headers },
        ...(body === undefined ? {} : { body: isBytes ? new Uint8Array(body) : JSON.stringify(body) }),
      })
      const bytes = Buffer.from(await answer.arrayBuffer())
      const isJson = answer.headers.get('content-type')?.includes('json') ?? false
      return {
        status: answer.status,
        headers: answer.headers,
        bytes,
        json: isJson ? JSON.parse(String(bytes)) : {},
      }
    },
    get: (path, headers = {}) => person.ask('GET', path, { headers }),
    post: (path, body, headers = {}) => person.ask('POST', path, { body, headers }),
    put: (path, body) => person.ask('PUT', path, { body }),
    delete: path => person.ask('DELETE', path),
    async upload(course, assignment, tree) {
      const files = treeBody(tree).files.map(file => file.sha256)
      const asked = await client.call('listMissing', { path: { course }, body: { assignment, files } })
      const missing = new Set(asked.missing)
      const sent: string[] = []
      for (const [path, text] of Object.entries(tree)) {
        if (!missing.delete(sha256(text))) continue
        const content = () => [Buffer.from(text)]
        await client.send('uploadFile', { path: { course, sha256: sha256(text) }, content })
        sent.push(path)
      }
      return sent
    },
  }
  return person
}

/** The body that stores such a tree. */
export function treeBody(tree: Tree) {
  return { files: Object.entries(tree).map(([path, content]) => ({ path, sha256: sha256(content) })) }
}

export function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}

/** Uploads and submits; returns the answer. */
export async function submit(
  person: V2Person,
  to: { course: string; assignment: string },
  tree: Tree,
  headers: Record<string, string> = {},
): Promise<Answer> {
  await person.upload(to.course, to.assignment, tree)
  return person.post(`courses/${to.course}/assignments/${to.assignment}/submissions`, treeBody(tree), headers)
}

/** Uploads and releases; returns the answer. */
export async function release(
  person: V2Person,
  to: { course: string; assignment: string },
  tree: Tree,
  { overwrite = false } = {},
): Promise<Answer> {
  await person.upload(to.course, to.assignment, tree)
  const query = overwrite ? '?overwrite=true' : ''
  return person.post(`courses/${to.course}/assignments/${to.assignment}/releases${query}`, treeBody(tree))
}

export const problem = (status: number, code: string) => ({ status, json: { status, code } })
