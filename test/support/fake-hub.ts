/** A JupyterHub as far as a service sees it: a real HTTP server, with switches for everything that may go wrong. */
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, onTestFinished } from 'vitest'

export interface HubOptions {
  /** `JUPYTERHUB_BASE_URL`. */
  readonly base?: string
  /** Whether the service's own token may read all groups. */
  readonly readsGroups?: boolean
  /** The most groups that one page holds, whatever is asked for; real hubs have 200. */
  readonly pageSize?: number
  /** What the service is registered with. */
  readonly redirectUri?: string
}

/** What the hub says of a token; undefined members are left out, others added as they are. */
export interface TokenModel {
  readonly kind: 'user' | 'service'
  readonly name: string
  readonly admin?: boolean | undefined
  readonly scopes?: readonly string[] | undefined
  readonly session_id?: string | null | undefined
  /** Of users the groups come from the hub, unless the model says something else, or that there are none. */
  readonly groups?: readonly string[] | undefined
  readonly [member: string]: unknown
}

/** What can be wrong with a hub. `late` still answers, after a second. */
export type HubTrouble =
  | 'error'
  | 'unavailable'
  | 'hang'
  | 'late'
  | 'login redirect'
  | 'not found'
  | 'a page instead of JSON'
  | 'JSON of something else'
  | 'cut off'

export interface HubCall {
  readonly method: string
  /** Behind the API's address, without the query: `/user`. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface FakeHub {
  readonly base: string
  readonly apiUrl: string
  /** `JUPYTERHUB_API_TOKEN` of the service, which is its client secret, too. */
  readonly serviceToken: string
  readonly clientId: string
  readonly redirectUri: string
  /** Everything that was asked, in order. */
  readonly calls: readonly HubCall[]
  /** All that must not be found in a log. */
  readonly secrets: ReadonlySet<string>
  /** How often a path such as `/user` was asked for, by one token or any. */
  callsTo(path: string, token?: string): HubCall[]
  aToken(model: TokenModel): string
  /** What a notebook server of that person has: no access to any service. */
  notebookToken(name: string, model?: Partial<TokenModel>): string
  /** What another service has of a person who logged in there. */
  foreignToken(name: string): string
  /** A service's own token, such as a course bot's. */
  botToken(name: string, model?: Partial<TokenModel>): string
  changeToken(token: string, model: Partial<TokenModel>): void
  revoke(token: string): void
  /** The authorize page: the person is logged in and agrees. The address where the browser is sent next. */
  authorize(authorizeUrl: string, person: HubPerson): string
  /** A code as that page would issue it. */
  codeFor(name: string, grant: { challenge: string; redirectUri: string; session?: string }): string
  /** Ends a session and deletes all tokens that it had. */
  logOut(session: string): void
  join(name: string, ...groups: string[]): void
  leave(name: string, group: string): void
  /** How long tokens of logins last, as the token endpoint says. */
  readonly expiresInSeconds: number
  /** From now on all calls, or those to one path, go wrong. */
  breakDown(trouble: HubTrouble, path?: string): void
  recover(): void
  /** Nobody listens any more. */
  stop(): Promise<void>
  /** Listens again, at the same address. */
  restart(): Promise<void>
  close(): Promise<void>
}

export interface HubPerson {
  readonly name: string
  readonly session: string
  readonly admin?: boolean
}

/** Lives until the running test ends. */
export async function aHub(options: HubOptions = {}): Promise<FakeHub> {
  const hub = await openHub(options)
  onTestFinished(() => hub.close())
  return hub
}

export async function aHubForTheFile(options: HubOptions = {}): Promise<FakeHub> {
  const hub = await openHub(options)
  afterAll(() => hub.close())
  return hub
}

interface Grant {
  readonly name: string
  readonly session: string
  readonly admin: boolean
  readonly challenge: string | null
  readonly redirectUri: string
}

interface Page {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Record<string, string>
}

async function openHub(options: HubOptions): Promise<FakeHub> {
  const base = options.base ?? '/'
  const clientId = 'service-ngshare'
  const redirectUri = options.redirectUri ?? `${base}services/ngshare/oauth_callback`
  const pageSize = options.pageSize ?? 200
  const expiresInSeconds = 1_209_600
  const calls: HubCall[] = []
  const secrets = new Set<string>()
  const models = new Map<string, TokenModel>()
  const grants = new Map<string, Grant>()
  const groups = new Map<string, Set<string>>()
  let broken: { trouble: HubTrouble; path: string | undefined } | null = null

  const secret = (kind: string) => {
    const text = `${kind}${randomBytes(16).toString('hex')}`
    secrets.add(text)
    return text
  }
  const aToken = (model: TokenModel) => {
    const token = secret('token')
    models.set(token, model)
    return token
  }
  const serviceScopes = options.readsGroups ? ['list:groups', 'read:groups'] : []
  const serviceToken = aToken({
    kind: 'service',
    name: 'ngshare',
    admin: false,
    session_id: null,
    scopes: serviceScopes,
  })

  const groupsOf = (name: string) =>
    [...groups].filter(([, users]) => users.has(name)).map(([group]) => group)
  const tokenOf = (call: HubCall) => /^(?:token|bearer) +(\S+)$/i.exec(call.headers.authorization ?? '')?.[1]

  function user(call: HubCall): Page {
    const model = models.get(tokenOf(call) ?? '')
    if (model === undefined) return forbidden
    const known = model.kind === 'user' && !('groups' in model) ? { groups: groupsOf(model.name) } : {}
    return { status: 200, body: { ...known, ...model } }
  }

  function groupList(call: HubCall): Page {
    const scopes = models.get(tokenOf(call) ?? '')?.scopes ?? []
    if (!scopes.includes('list:groups') || !scopes.includes('read:groups')) return forbidden
    const all = [...groups].map(([name, users]) => ({
      kind: 'group',
      name,
      users: [...users],
      properties: {},
    }))
    const offset = Number(call.query.get('offset') ?? 0)
    const limit = Math.min(Number(call.query.get('limit') ?? 50), pageSize)
    const items = all.slice(offset, offset + limit)
    if (!call.headers.accept?.includes('application/jupyterhub-pagination+json')) {
      return { status: 200, body: all.slice(offset, offset + pageSize) }
    }
    const nextOffset = offset + limit
    const next =
      nextOffset < all.length
        ? { offset: nextOffset, limit, url: `http://inside.invalid:8081/hub/api/groups?offset=${nextOffset}` }
        : null
    return { status: 200, body: { items, _pagination: { offset, limit, total: all.length, next } } }
  }

  function exchangeCode(call: HubCall): Page {
    if (!call.headers['content-type']?.startsWith('application/x-www-form-urlencoded')) {
      return oauthError(400, 'unsupported_grant_type')
    }
    const form = new URLSearchParams(call.body)
    if (form.get('client_id') !== clientId || form.get('client_secret') !== serviceToken) {
      return oauthError(401, 'invalid_client')
    }
    if (form.get('grant_type') !== 'authorization_code') return oauthError(400, 'unsupported_grant_type')
    const code = form.get('code') ?? ''
    const grant = grants.get(code)
    if (grant === undefined) return oauthError(400, 'invalid_grant')
    if (form.get('redirect_uri') !== grant.redirectUri) return oauthError(400, 'invalid_request')
    const verifier = form.get('code_verifier')
    if (grant.challenge !== null && verifier === null) return oauthError(400, 'invalid_request')
    if (grant.challenge !== null && challengeOf(verifier ?? '') !== grant.challenge) {
      return oauthError(400, 'invalid_grant')
    }
    grants.delete(code)
    const { name, session, admin } = grant
    const scopes = [
      'access:services!service=ngshare',
      `read:users:groups!user=${name}`,
      `read:users:name!user=${name}`,
    ]
    const access_token = aToken({ kind: 'user', name, admin, session_id: session, token_id: 'o1', scopes })
    return {
      status: 200,
      body: {
        access_token,
        expires_in: expiresInSeconds,
        token_type: 'Bearer',
        scope: scopes.join(' '),
      },
    }
  }

  function answerTo(call: HubCall): Page {
    if (call.path === '' || call.path === '/') return { status: 200, body: { version: '5.5.1' } }
    if (call.headers.origin !== undefined) return xsrfRefusal
    if (call.method === 'GET' && call.path === '/user') return user(call)
    if (call.method === 'GET' && call.path === '/groups') return groupList(call)
    if (call.method === 'POST' && call.path === '/oauth2/token') return exchangeCode(call)
    return { status: 404, body: { status: 404, message: 'Not Found' } }
  }

  const apiPath = `${base}hub/api`

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', 'http://hub')
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const call: HubCall = {
      method: request.method ?? '',
      path: url.pathname.startsWith(apiPath) ? url.pathname.slice(apiPath.length) : `outside ${url.pathname}`,
      query: url.searchParams,
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
    }
    calls.push(call)
    const trouble = broken !== null && (broken.path ?? call.path) === call.path ? broken.trouble : null
    if (trouble === 'hang') return
    if (trouble === 'cut off') {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1000 })
      response.write('{"kind": "user", "na')
      response.destroy()
      return
    }
    if (trouble === 'late') await sleep(1000)
    send(response, trouble === null || trouble === 'late' ? answerTo(call) : troublePages[trouble])
  }

  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const stop = async () => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }

  const codeFor: FakeHub['codeFor'] = (name, { challenge, redirectUri, session = 'session' }) => {
    const code = secret('code')
    grants.set(code, { name, session, admin: false, challenge, redirectUri })
    return code
  }

  return {
    base,
    apiUrl: `http://127.0.0.1:${port}${apiPath}`,
    serviceToken,
    clientId,
    redirectUri,
    calls,
    secrets,
    expiresInSeconds,
    callsTo: (path, token) =>
      calls.filter(call => call.path === path && (token === undefined || tokenOf(call) === token)),
    aToken,
    notebookToken: (name, model = {}) =>
      aToken({
        kind: 'user',
        name,
        admin: false,
        session_id: null,
        token_id: 'a1',
        last_activity: '2026-01-01T00:00:00.000000Z',
        scopes: [
          `access:servers!server=${name}/`,
          `read:users:activity!user=${name}`,
          `read:users:groups!user=${name}`,
          `read:users:name!user=${name}`,
          `users:activity!user=${name}`,
        ],
        ...model,
      }),
    foreignToken: name =>
      aToken({
        kind: 'user',
        name,
        admin: false,
        session_id: secret('session'),
        token_id: 'o2',
        scopes: ['access:services!service=ext', `read:users:name!user=${name}`],
      }),
    botToken: (name, model = {}) =>
      aToken({ kind: 'service', name, admin: false, session_id: null, token_id: 'a2', scopes: [], ...model }),
    changeToken(token, model) {
      const known = models.get(token)
      if (known === undefined) throw new Error('there is no such token to change')
      models.set(token, { ...known, ...model })
    },
    revoke(token) {
      models.delete(token)
    },
    authorize(authorizeUrl, { name, session, admin = false }) {
      const { pathname, searchParams } = new URL(authorizeUrl, 'http://hub')
      const asked = Object.fromEntries(searchParams)
      const expected = { client_id: clientId, redirect_uri: redirectUri, response_type: 'code' }
      if (pathname !== `${apiPath}/oauth2/authorize`) throw new Error(`no authorize page: ${pathname}`)
      for (const [name, value] of Object.entries(expected)) {
        if (asked[name] !== value) throw new Error(`the authorize page refuses ${name} ${asked[name]}`)
      }
      const code = secret('code')
      const challenge = asked.code_challenge_method === 'S256' ? (asked.code_challenge ?? null) : null
      grants.set(code, { name, session, admin, challenge, redirectUri })
      return `${redirectUri}?${new URLSearchParams({ code, state: asked.state ?? '' })}`
    },
    codeFor,
    logOut(session) {
      for (const [token, model] of models) if (model.session_id === session) models.delete(token)
    },
    join(name, ...joined) {
      for (const group of joined) groups.set(group, (groups.get(group) ?? new Set()).add(name))
    },
    leave(name, group) {
      groups.get(group)?.delete(name)
    },
    breakDown(trouble, path) {
      broken = { trouble, path }
    },
    recover() {
      broken = null
    },
    stop,
    async restart() {
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
    },
    close: stop,
  }
}

export function challengeOf(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url')
}

const forbidden: Page = { status: 403, body: { status: 403, message: 'Forbidden' } }
const xsrfRefusal: Page = {
  status: 403,
  body: { status: 403, message: "'_xsrf' argument missing from POST" },
}
const page = { 'content-type': 'text/html' }

const troublePages: Record<Exclude<HubTrouble, 'hang' | 'late' | 'cut off'>, Page> = {
  error: { status: 500, body: { status: 500, message: 'Internal Server Error' } },
  unavailable: { status: 503, body: '<h1>Service Unavailable</h1>', headers: page },
  'login redirect': { status: 302, headers: { location: '/hub/login?next=%2Fhub%2Fapi%2Fuser' } },
  'not found': { status: 404, body: '<h1>404 : Not Found</h1>', headers: page },
  'a page instead of JSON': { status: 200, body: '<h1>Welcome</h1>', headers: page },
  'JSON of something else': { status: 200, body: { greeting: 'hello' } },
}

function oauthError(status: number, error: string): Page {
  return { status, body: { error } }
}

function send(response: ServerResponse, { status, body, headers = {} }: Page): void {
  const text = typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body)
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(text)
}
