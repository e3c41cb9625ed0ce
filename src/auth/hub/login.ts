/** Logging in by browser: OAuth's code flow with the hub, with state and PKCE. The server keeps nothing between the steps. */
import { randomBytes } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import * as oauth from 'oauth4webapi'
import { Trouble } from '../../domain/errors.ts'
import { type BrowserLogin, LoginFailed } from '../authenticator.ts'
import { type CookieJar, cookiesOf } from './cookies.ts'
import { type HubApi, troubleOf } from './hub-api.ts'
import type { HubOptions } from './options.ts'
import { createSeal } from './seal.ts'
import type { Sessions } from './sessions.ts'

/** A login under way. */
interface Pending {
  readonly path: string
  readonly verifier: string
}

/** How many logins have just ended, one after another. */
interface Ended {
  readonly logins: number
}

const pendingSeconds = 600
const maxPending = 5
/** Browsers drop cookies of more than 4096 bytes. */
const maxPathLength = 2000
/** Beyond that the browser gets no longer, even where the hub says so: 30 days. */
const maxSessionSeconds = 30 * 24 * 3600
/** Who must log in so soon after a login has lost it on the way. */
const stickSeconds = 30
const maxLogins = 3

export function browserLogin(parts: {
  options: HubOptions
  hub: HubApi
  jar: CookieJar
  sessions: Sessions
}): BrowserLogin {
  const { options, hub, jar, sessions } = parts
  const pendings = createSeal<Pending>({ secret: options.cookieSecret, purpose: 'login' })
  const pendingPrefix = jar.nameOf('login-')
  const ended = createSeal<Ended>({ secret: options.cookieSecret, purpose: 'ended logins' })
  const endedName = jar.nameOf('login-count')
  const server: oauth.AuthorizationServer = {
    issuer: options.apiUrl,
    authorization_endpoint: `${options.publicHubUrl}api/oauth2/authorize`,
    token_endpoint: `${options.apiUrl}/oauth2/token`,
  }
  const client: oauth.Client = { client_id: options.clientId }

  async function begin({ path, headers }: { path: string; headers: IncomingHttpHeaders }) {
    if ((await endedLogins(headers)) >= maxLogins) throw new LoginFailed('does-not-stick')
    const state = randomBytes(16).toString('base64url')
    const verifier = oauth.generateRandomCodeVerifier()
    const target = path.length <= maxPathLength ? path : options.prefix
    const pending = await pendings.seal({ path: target, verifier }, pendingSeconds)
    const query = new URLSearchParams({
      client_id: options.clientId,
      redirect_uri: options.callbackUrl,
      response_type: 'code',
      state,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    })
    const old = pendingNames(headers)
    return {
      location: `${server.authorization_endpoint}?${query}`,
      cookies: [
        ...(old.length >= maxPending ? old.map(name => jar.clear(name, headers)) : []),
        jar.set({ name: pendingPrefix + state, value: pending, maxAge: pendingSeconds, headers }),
      ],
    }
  }

  async function finish({ query, headers }: { query: URLSearchParams; headers: IncomingHttpHeaders }) {
    const state = query.get('state') ?? ''
    const name = pendingPrefix + state
    const pending = /^[\w-]{22}$/.test(state) ? await pendings.open(cookiesOf(headers)[name]) : null
    if (query.has('error')) {
      throw new LoginFailed('hub', query.get('error_description') ?? query.get('error'))
    }
    if (pending === null) {
      if (await hasSession(headers)) return { location: options.prefix, cookies: [] }
      throw new LoginFailed('state')
    }
    const { token, lifetimeSeconds } = await exchange(query, state, pending.verifier)
    const logins = (await endedLogins(headers)) + 1
    return {
      location: isOwnPage(pending.path) ? pending.path : options.loginTarget,
      cookies: [
        jar.clear(name, headers),
        await sessions.begin({ token }, lifetimeSeconds, headers),
        jar.set({
          name: endedName,
          value: await ended.seal({ logins }, stickSeconds),
          maxAge: stickSeconds,
          headers,
        }),
      ],
    }
  }

  /** The code for a token. */
  async function exchange(query: URLSearchParams, state: string, verifier: string) {
    try {
      const response = await oauth.authorizationCodeGrantRequest(
        server,
        client,
        oauth.ClientSecretPost(options.apiToken),
        oauth.validateAuthResponse(server, client, query, state),
        options.callbackUrl,
        verifier,
        {
          [oauth.customFetch]: (url, init) => hub.post(url, init.body, init.headers),
          // Between the hub and its services there often is no https.
          [oauth.allowInsecureRequests]: true,
        },
      )
      if (response.status >= 500) {
        throw new Trouble('hub', `the hub answers ${response.status} at ${server.token_endpoint}`)
      }
      const answer = await oauth.processAuthorizationCodeResponse(server, client, response)
      return {
        token: answer.access_token,
        lifetimeSeconds: Math.min(answer.expires_in ?? maxSessionSeconds, maxSessionSeconds),
      }
    } catch (error) {
      throw exchangeFailure(error, `${server.token_endpoint}`)
    }
  }

  async function endedLogins(headers: IncomingHttpHeaders): Promise<number> {
    return (await ended.open(cookiesOf(headers)[endedName]))?.logins ?? 0
  }

  async function hasSession(headers: IncomingHttpHeaders): Promise<boolean> {
    const session = await sessions.read(headers)
    return session !== null && (await hub.whoIs(session.token)) !== null
  }

  function pendingNames(headers: IncomingHttpHeaders): string[] {
    const names = Object.keys(cookiesOf(headers))
    return names.filter(name => name.startsWith(pendingPrefix) && name !== endedName)
  }

  /** Below the prefix, as a path and nothing else, and not the callback, which has no code then. */
  function isOwnPage(path: string): boolean {
    const { prefix } = options
    if (!path.startsWith(prefix) || path.startsWith('//') || /[\\\u0000-\u0020\u007f]/.test(path))
      return false
    const resolved = URL.parse(path, 'http://ngshare.invalid')
    return (
      resolved?.host === 'ngshare.invalid' &&
      resolved.pathname.startsWith(prefix) &&
      !resolved.pathname.startsWith(`${prefix}oauth_callback`)
    )
  }

  return {
    begin,
    finish,
    end: headers => [
      sessions.end(headers),
      ...[...pendingNames(headers), endedName].map(name => jar.clear(name, headers)),
    ],
    hubLogoutUrl: `${options.publicHubUrl}logout`,
  }
}

/** OAuth's errors carry what they are about, codes among it: none of that goes on. */
function exchangeFailure(error: unknown, url: string): Error {
  if (error instanceof Trouble || error instanceof LoginFailed) return error
  const isClientRefused =
    error instanceof oauth.WWWAuthenticateChallengeError ||
    (error instanceof oauth.ResponseBodyError && (error.status === 401 || error.error === 'invalid_client'))
  if (isClientRefused) {
    return new Trouble(
      'hub-secret',
      'the hub does not accept this service: JUPYTERHUB_API_TOKEN or JUPYTERHUB_CLIENT_ID is not what its configuration says. An older ngshare process may still hold the port after the hub was restarted',
    )
  }
  if (error instanceof oauth.ResponseBodyError) return new LoginFailed('code-refused')
  if (error instanceof oauth.AuthorizationResponseError) return new LoginFailed('hub', error.error)
  if (error instanceof oauth.OperationProcessingError) {
    return new Trouble('hub', `the hub gives no token at ${url}: ${error.message}`)
  }
  return troubleOf(error, url)
}
