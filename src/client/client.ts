/** Talks to a server's second API: typed by its OpenAPI document, with patience and without surprises. */
import { ReadableStream as BytesStream } from 'node:stream/web'
import { setTimeout as sleep } from 'node:timers/promises'
import { problemIn } from './answers.ts'
import { NoAnswer, ProblemError } from './errors.ts'
import { type Operations, requests } from './operations.ts'
import { pauseAfter } from './retries.ts'
import { Standstill } from './standstill.ts'

export interface ClientOptions {
  /** Of the service, with its prefix: `https://hub.example/services/ngshare/`. */
  readonly url: string
  /** A token of the hub, or, to a stand-alone server, the name of who asks. */
  readonly credentials: { readonly token: string } | { readonly user: string }
  readonly userAgent?: string
  /** A request is given up when nothing has moved for so long. */
  readonly silenceMs?: number
  readonly maxAttempts?: number
  /** Called before a pause. */
  readonly onRetry?: (error: Error, pauseMs: number) => void
}

export type OperationName = keyof Operations
export type Answer<Name extends OperationName> = Operations[Name]['answer']

interface Extras {
  readonly signal?: AbortSignal | undefined
}

/** What is to be said; nothing needs to be where nothing has to be said. */
type Said<Name extends OperationName> = Omit<Operations[Name], 'answer'>
type Input<Name extends OperationName, More = Extras> =
  Record<never, never> extends Said<Name> & More ? [input?: Said<Name> & More] : [input: Said<Name> & More]

/** Operations whose answers are bytes, those that send bytes, and lists. */
export type BytesName = {
  [Name in OperationName]: Answer<Name> extends ReadableStream ? Name : never
}[OperationName]
export type ListName = {
  [Name in OperationName]: Answer<Name> extends { items: unknown; next: unknown } ? Name : never
}[OperationName]
export type CallName = Exclude<OperationName, BytesName | 'uploadFile'>
export type Item<Name extends ListName> = Answer<Name>['items'][number]

/** Piece by piece. */
export type Bytes = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

/** Each of them throws ProblemError, or NoAnswer. */
export interface Client {
  call<Name extends CallName>(name: Name, ...input: Input<Name>): Promise<Answer<Name>>
  /** The items of a list, page after page. */
  list<Name extends ListName>(name: Name, ...input: Input<Name>): AsyncGenerator<Item<Name>>
  /** The bytes of an answer as they come. */
  read<Name extends BytesName>(name: Name, ...input: Input<Name>): AsyncGenerator<Uint8Array>
  /** Sends bytes; `content` is asked for anew for each attempt. */
  send(
    name: 'uploadFile',
    input: Said<'uploadFile'> & Extras & { readonly content: () => Bytes },
  ): Promise<null>
}

/** As the methods of the client see every operation alike. */
interface AnyInput extends Extras {
  readonly path?: Readonly<Record<string, string | number>>
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  readonly header?: Readonly<Record<string, string | undefined>>
  readonly body?: unknown
  readonly content?: () => Bytes
}

interface Answered {
  readonly url: URL
  readonly response: Response
  readonly standstill: Standstill
}

export function createClient(options: ClientOptions): Client {
  const { silenceMs = 60_000, maxAttempts = 4, onRetry } = options

  /** One attempt: an answer that says that it is done, its body still to be read. */
  async function ask(name: OperationName, input: AnyInput): Promise<Answered> {
    const url = urlOf(options, name, input)
    const standstill = new Standstill(url, silenceMs)
    const signals = input.signal === undefined ? [] : [input.signal]
    try {
      const response = await fetch(url, {
        method: requests[name].method,
        headers: headersOf(options, input),
        redirect: 'manual',
        signal: AbortSignal.any([standstill.signal, ...signals]),
        ...bodyOf(input, standstill),
      })
      standstill.moved()
      const answered = { url, response, standstill }
      if (response.ok) return answered
      throw problemIn(response, await textOf(answered))
    } catch (error) {
      standstill.end()
      throw failureOf(error, { url, signal: input.signal })
    }
  }

  /** Asks until it is done, or it makes no sense any more. */
  async function persist<Result>(
    name: OperationName,
    input: AnyInput,
    use: (answered: Answered) => Promise<Result>,
  ): Promise<Result> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await use(await ask(name, input))
      } catch (error) {
        const isRepeatable = mayBeRepeated(name, input)
        const pauseMs = pauseAfter(error, { attempt, maxAttempts, isRepeatable })
        if (pauseMs === null) throw error
        await pause(error, pauseMs, input.signal)
      }
    }
  }

  async function json(name: OperationName, input: AnyInput): Promise<unknown> {
    return persist(name, input, async answered => {
      const text = await textOf(answered)
      if (answered.response.status === 204) return null
      try {
        return JSON.parse(text)
      } catch {
        const detail = 'The answer is not what ngshare answers: look at the URL'
        throw new ProblemError({ status: answered.response.status, code: 'no-service', detail }, null)
      }
    })
  }

  async function* pages(name: ListName, input: AnyInput): AsyncGenerator<unknown> {
    let cursor: string | null = null
    do {
      const query: AnyInput['query'] = { limit: 1000, ...input.query, ...(cursor === null ? {} : { cursor }) }
      const page = (await json(name, { ...input, query })) as { items: unknown[]; next: string | null }
      yield* page.items
      cursor = page.next
    } while (cursor !== null)
  }

  /** A transfer that breaks goes on where it broke, as far as the server can. */
  async function* bytes(name: BytesName, input: AnyInput): AsyncGenerator<Uint8Array> {
    let receivedBytes = 0
    let header: AnyInput['header'] = {}
    for (let attempt = 1; ; attempt++) {
      const answered: Answered = await persist(name, { ...input, header }, async answer => answer)
      const { url, response, standstill } = answered
      if (receivedBytes > 0 && response.status !== 206) throw new NoAnswer(url, 'what is left did not come')
      try {
        for await (const chunk of standstill.watch(response.body ?? [])) {
          receivedBytes += chunk.length
          yield chunk
        }
        return
      } catch (error) {
        const failure = failureOf(error, { url, signal: input.signal })
        const isRepeatable = response.headers.get('accept-ranges') === 'bytes'
        const pauseMs = pauseAfter(failure, { attempt, maxAttempts, isRepeatable })
        if (pauseMs === null) throw failure
        await pause(failure, pauseMs, input.signal)
        const etag = response.headers.get('etag') ?? undefined
        header = receivedBytes === 0 ? {} : { range: `bytes=${receivedBytes}-`, 'if-range': etag }
      } finally {
        standstill.end()
      }
    }
  }

  async function pause(error: unknown, pauseMs: number, signal: AbortSignal | undefined): Promise<void> {
    onRetry?.(error as Error, pauseMs)
    await sleep(pauseMs, undefined, signal === undefined ? {} : { signal }).catch(() =>
      signal?.throwIfAborted(),
    )
  }

  return {
    call: (name, ...[input]) => json(name, input ?? {}) as never,
    list: (name, ...[input]) => pages(name, input ?? {}) as never,
    read: (name, ...[input]) => bytes(name, (input ?? {}) as AnyInput),
    send: (name, input) => json(name, input) as Promise<null>,
  }
}

async function textOf({ url, response, standstill }: Answered): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  try {
    for await (const chunk of standstill.watch(response.body ?? []))
      text += decoder.decode(chunk, { stream: true })
    return text + decoder.decode()
  } catch (error) {
    throw NoAnswer.because(url, error)
  } finally {
    standstill.end()
  }
}

/** Who stopped it hears that; all else is no answer. */
function failureOf(error: unknown, { url, signal }: { url: URL; signal: AbortSignal | undefined }): unknown {
  if (signal?.aborted) return signal.reason
  return error instanceof ProblemError ? error : NoAnswer.because(url, error)
}

function urlOf({ url, credentials }: ClientOptions, name: OperationName, input: AnyInput): URL {
  const path = requests[name].path.replace(/\{(\w+)\}/g, (_, key) =>
    encodeURIComponent(input.path?.[key] ?? ''),
  )
  const target = new URL(`v2/${path}`, url.endsWith('/') ? url : `${url}/`)
  const query = { ...input.query, ...('user' in credentials ? { user: credentials.user } : {}) }
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined) target.searchParams.set(key, String(value))
  }
  return target
}

function headersOf({ credentials, userAgent }: ClientOptions, input: AnyInput): Record<string, string> {
  const given = Object.entries(input.header ?? {}).filter(entry => entry[1] !== undefined)
  return {
    accept: 'application/json, application/problem+json, application/octet-stream',
    ...('token' in credentials ? { authorization: `Bearer ${credentials.token}` } : {}),
    ...(userAgent === undefined ? {} : { 'user-agent': userAgent }),
    ...(input.body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(input.content === undefined ? {} : { 'content-type': 'application/octet-stream' }),
    ...(Object.fromEntries(given) as Record<string, string>),
  }
}

/** `duplex`: that the body may be sent piece by piece; the types of `fetch` do not know it yet. */
function bodyOf({ body, content }: AnyInput, standstill: Standstill): RequestInit & { duplex?: 'half' } {
  if (content === undefined) return body === undefined ? {} : { body: JSON.stringify(body) }
  return { body: BytesStream.from(standstill.watch(content())) as ReadableStream, duplex: 'half' }
}

/** Whether the same twice is the same as once. What was deleted could not be found a second time. */
function mayBeRepeated(name: OperationName, { header }: AnyInput): boolean {
  const { method } = requests[name]
  if (method === 'GET' || method === 'PUT') return true
  return header?.['idempotency-key'] !== undefined || name === 'listMissing' || name === 'changeMembers'
}
