/** The hub's side of the wire: what is asked of it, and what its answers mean. Nothing of a token gets into an error. */
import { Agent, fetch, type RequestInit } from 'undici'
import { errorCode, Trouble } from '../../domain/errors.ts'
import type { HubOptions } from './options.ts'

/** The owner of a token. */
export interface HubUser {
  readonly kind: 'user' | 'service'
  readonly name: string
  /** Admin of the hub. */
  readonly isAdmin: boolean
  readonly groups: readonly string[]
  /** Null: the hub is too old to say. */
  readonly scopes: readonly string[] | null
  /** The login that the token comes from; null for tokens that were made otherwise. */
  readonly sessionId: string | null
}

export interface HubGroup {
  readonly name: string
  readonly users: readonly string[]
}

export interface HubApi {
  /** Whose token it is; null where it is nobody's (any more). @throws Trouble `hub` */
  whoIs(token: string): Promise<HubUser | null>
  /** @throws Trouble `hub` */
  version(): Promise<string>
  /** All groups with their members; null where the service may not see them. @throws Trouble `hub` */
  groups(): Promise<HubGroup[] | null>
  /** Sends a form, with the time-out and the certificates for the hub. */
  post(url: string, form: URLSearchParams, headers: Record<string, string>): Promise<Response>
  close(): Promise<void>
}

export type HubApiOptions = Pick<HubOptions, 'apiUrl' | 'apiToken' | 'timeoutMs' | 'tls'> & {
  /** Called at the end of every question. */
  readonly asked?: (outcome: 'answered' | 'failed', seconds: number) => void
}

/** A hub that hangs must not take all our sockets; who waits for one longer than the time-out is told so. */
const maxConnections = 64
/** An answer is a page of groups at most. */
const maxAnswerBytes = 16 * 1024 * 1024
const groupsPerPage = 100

export function hubApi(options: HubApiOptions): HubApi {
  const { apiUrl, apiToken, timeoutMs, tls, asked = () => undefined } = options
  const agent = new Agent({
    connections: maxConnections,
    maxResponseSize: maxAnswerBytes,
    connect: { timeout: timeoutMs, ...tls },
  })
  const ask = (url: string, init: RequestInit) =>
    fetch(url, {
      ...init,
      dispatcher: agent,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    })

  /** The body of the answer; null for 403 (and 401). */
  async function get(path: string, token: string, accept = 'application/json'): Promise<unknown> {
    const started = performance.now()
    const url = apiUrl + path
    try {
      const response = await ask(url, { headers: { authorization: `token ${token}`, accept } })
      const text = await response.text()
      if (response.status === 403 || response.status === 401) {
        asked('answered', (performance.now() - started) / 1000)
        return null
      }
      if (response.status !== 200) throw new Trouble('hub', explain(url, response.status))
      const body = parse(text)
      if (body === undefined) throw new Trouble('hub', explain(url, 'an answer that is no JSON'))
      asked('answered', (performance.now() - started) / 1000)
      return body
    } catch (error) {
      asked('failed', (performance.now() - started) / 1000)
      throw troubleOf(error, url)
    }
  }

  return {
    async whoIs(token) {
      const model = await get('/user', token)
      if (model === null) return null
      const user = userOf(model)
      if (user === null) throw new Trouble('hub', explain(`${apiUrl}/user`, 'an answer without a name'))
      return user
    },

    async version() {
      const answer = await get('/', apiToken)
      return isRecord(answer) ? String(answer.version) : 'unknown'
    },

    async groups() {
      const groups: HubGroup[] = []
      let offset: number | null = 0
      while (offset !== null) {
        const page = await get(`/groups?offset=${offset}&limit=${groupsPerPage}`, apiToken, pagination)
        if (page === null) return null
        const found = pageOf(page)
        if (found === null) throw new Trouble('hub', explain(`${apiUrl}/groups`, 'no list of groups'))
        groups.push(...found.items)
        offset = found.next !== null && found.next > offset ? found.next : null
      }
      return groups
    },

    async post(url, form, headers) {
      const answer = await ask(url, { method: 'POST', body: form, headers })
      return new Response(await answer.text(), { status: answer.status, headers: [...answer.headers] })
    },
    close: () => agent.destroy(),
  }
}

const pagination = 'application/jupyterhub-pagination+json'

/** Any failure on the way to the hub, named. */
export function troubleOf(error: unknown, url: string): Trouble {
  if (error instanceof Trouble) return error
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  const isTimeout = error instanceof Error && error.name === 'TimeoutError'
  const reason = isTimeout ? 'no answer in time' : (errorCode(cause) ?? 'no connection')
  return new Trouble(
    'hub',
    `cannot ask the hub at ${url}: ${reason}. Is it running, and JUPYTERHUB_API_URL right?`,
  )
}

function explain(url: string, answer: number | string): string {
  if (typeof answer === 'number' && answer >= 500) return `the hub answers ${answer} at ${url}`
  return `the hub answers ${answer} at ${url}: JUPYTERHUB_API_URL is probably wrong; it ends with /hub/api, after the base path of the hub`
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function userOf(model: unknown): HubUser | null {
  if (!isRecord(model) || typeof model.name !== 'string' || model.name === '') return null
  return {
    kind: model.kind === 'service' ? 'service' : 'user',
    name: model.name,
    isAdmin: model.admin === true,
    groups: textsIn(model.groups) ?? [],
    scopes: textsIn(model.scopes),
    sessionId: typeof model.session_id === 'string' ? model.session_id : null,
  }
}

/** Null for what is no page of groups. Hubs before 2.0 know no pages: their whole answer is one. */
function pageOf(answer: unknown): { items: HubGroup[]; next: number | null } | null {
  const list = isRecord(answer) ? answer.items : answer
  const items = Array.isArray(list) ? list.map(groupOf) : [null]
  if (!items.every(item => item !== null)) return null
  const pages = isRecord(answer) && isRecord(answer._pagination) ? answer._pagination : {}
  const next = isRecord(pages.next) && typeof pages.next.offset === 'number' ? pages.next.offset : null
  return { items, next }
}

function groupOf(model: unknown): HubGroup | null {
  if (!isRecord(model) || typeof model.name !== 'string') return null
  const users = textsIn(model.users)
  return users === null ? null : { name: model.name, users }
}

function textsIn(value: unknown): string[] | null {
  return Array.isArray(value) ? value.filter(item => typeof item === 'string') : null
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
