/** Asks the service over HTTP, with nothing corrected on the way: what a test says is what is sent. */
import { type Agent, type IncomingHttpHeaders, request } from 'node:http'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** The members of the JSON object that the body is; none if it is something else. */
  readonly json: Readonly<Record<string, unknown>>
  /** Whether it came over a connection that had served a request before. */
  readonly overUsedConnection: boolean
}

/** Arguments by name; what is no text is sent as JSON. A list of pairs may repeat names. */
export type Arguments = Readonly<Record<string, unknown>> | readonly (readonly [string, unknown])[]

export interface AskOptions {
  readonly query?: Arguments
  /** Sent as a form. */
  readonly fields?: Arguments
  /** Sent as it is, instead of a form. */
  readonly body?: string | Buffer
  readonly headers?: Readonly<Record<string, string>>
}

/** The API as one person uses it, named in the query; paths begin at the prefix. */
export interface Person {
  get(path: string, query?: Arguments, options?: AskOptions): Promise<Answer>
  head(path: string, query?: Arguments, options?: AskOptions): Promise<Answer>
  post(path: string, fields?: Arguments, options?: AskOptions): Promise<Answer>
  put(path: string, fields?: Arguments, options?: AskOptions): Promise<Answer>
  delete(path: string, options?: AskOptions): Promise<Answer>
}

interface Server {
  readonly port: number
  readonly prefix: string
  readonly agent: Agent
}

export function personAt(server: Server, user: string): Person {
  const send = (method: string, path: string, options: AskOptions) =>
    ask(server, method, server.prefix + path, {
      ...options,
      query: [['user', user], ...pairs(options.query ?? {})],
    })
  return {
    get: (path, query = {}, options) => send('GET', path, { ...options, query }),
    head: (path, query = {}, options) => send('HEAD', path, { ...options, query }),
    post: (path, fields = {}, options) => send('POST', path, { fields, ...options }),
    put: (path, fields = {}, options) => send('PUT', path, { fields, ...options }),
    delete: (path, options = {}) => send('DELETE', path, options),
  }
}

export function ask(server: Server, method: string, path: string, options: AskOptions = {}): Promise<Answer> {
  const query = options.query === undefined ? '' : `?${formText(options.query)}`
  const body = options.body ?? (options.fields === undefined ? undefined : formText(options.fields))
  const headers: Record<string, string> = {}
  if (options.body === undefined && options.fields !== undefined) {
    headers['content-type'] = 'application/x-www-form-urlencoded'
  }
  Object.assign(headers, options.headers)
  if (body !== undefined && headers['transfer-encoding'] === undefined) {
    headers['content-length'] ??= String(Buffer.byteLength(body))
  }
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port: server.port, agent: server.agent, method, path: path + query, headers },
      response => {
        const chunks: Buffer[] = []
        response.on('data', chunk => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            ...textAndJson(Buffer.concat(chunks).toString()),
            overUsedConnection: asked.reusedSocket,
          }),
        )
      },
    )
    asked.on('error', reject)
    asked.end(body)
  })
}

/** As forms are written: `name=value` with `&` between. */
export function formText(fields: Arguments): string {
  const texts = pairs(fields).map(([name, value]): [string, string] => [name, textOf(value)])
  return new URLSearchParams(texts).toString()
}

export function textAndJson(text: string): Pick<Answer, 'text' | 'json'> {
  try {
    const value: unknown = JSON.parse(text)
    return { text, json: typeof value === 'object' && value !== null ? { ...value } : {} }
  } catch {
    return { text, json: {} } // a page, or nothing
  }
}

function pairs(fields: Arguments): readonly (readonly [string, unknown])[] {
  return Array.isArray(fields) ? fields : Object.entries(fields)
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
