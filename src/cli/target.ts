/** Which server a command talks to, and as whom. */
import { readFileSync } from 'node:fs'
import { WrongUse } from '../terminal/failure.ts'
import type { Logins } from './logins.ts'

export interface Target {
  /** Ends with a slash. */
  readonly url: string
  readonly access: Access
}

/** `from`: where token or name was found, for people. */
export type Access =
  | { readonly kind: 'token'; readonly token: string; readonly from: string }
  | { readonly kind: 'user'; readonly name: string; readonly from: string }

/** As they are given to a command. */
export interface TargetOptions {
  readonly url?: string
  readonly tokenFile?: string
  readonly user?: string
}

type Environment = Readonly<Record<string, string | undefined>>

interface Surroundings {
  readonly options: TargetOptions
  readonly environment: Environment
  readonly logins: Logins
}

/** @throws WrongUse where server or token cannot be found */
export function findTarget(surroundings: Surroundings): Target {
  const url = findUrl(surroundings)
  if (url === null) {
    throw new WrongUse(
      'which server? Say --url, such as https://hub.example.org/services/ngshare/, or set NGSHARE_URL, or log in: ngshare login URL',
    )
  }
  return { url, access: findAccess(url, surroundings) }
}

/** In this order: what the command was told, the variable, the hub that this notebook belongs to, the last login. */
export function findUrl({ options, environment, logins }: Surroundings): string | null {
  if (options.url !== undefined) return cleanUrl(options.url, '--url')
  return surroundingUrl(environment) ?? logins.current
}

/** The server that the environment names. */
function surroundingUrl(environment: Environment): string | null {
  if (environment.NGSHARE_URL) return cleanUrl(environment.NGSHARE_URL, 'NGSHARE_URL')
  return hubServiceUrl(environment)
}

/** Where a service called ngshare is, as seen from a notebook server of a hub. */
function hubServiceUrl(environment: Environment): string | null {
  const { JUPYTERHUB_API_TOKEN, JUPYTERHUB_API_URL, JUPYTERHUB_BASE_URL, JUPYTERHUB_PUBLIC_HUB_URL } =
    environment
  if (!JUPYTERHUB_API_TOKEN || !JUPYTERHUB_API_URL) return null
  const path = `${JUPYTERHUB_BASE_URL || '/'}services/ngshare/`
  const { PROXY_PUBLIC_SERVICE_HOST: proxy, PROXY_PUBLIC_SERVICE_PORT: port = '80' } = environment
  if (proxy) return `http://${proxy}:${port}${path}` // on Kubernetes
  if (JUPYTERHUB_PUBLIC_HUB_URL) return URL.parse(path, JUPYTERHUB_PUBLIC_HUB_URL)?.href ?? null
  // Hub, notebook and ngshare on one machine: where our example configurations have it.
  const isThisMachine = ['127.0.0.1', 'localhost'].includes(URL.parse(JUPYTERHUB_API_URL)?.hostname ?? '')
  return isThisMachine ? `http://127.0.0.1:10101${path}` : null
}

/**
 * In this order: what the command was told, the variables, the notebook's own token, the saved login. The notebook's
 * token is for the server that the environment names, and shown to no other.
 */
function findAccess(url: string, { options, environment, logins }: Surroundings): Access {
  if (options.user !== undefined && options.tokenFile !== undefined) {
    throw new WrongUse('--user is for servers without tokens: say it, or --token-file')
  }
  const { NGSHARE_TOKEN, NGSHARE_TOKEN_FILE, JUPYTERHUB_API_TOKEN, NGSHARE_USER } = environment
  if (options.user !== undefined) return { kind: 'user', name: options.user, from: '--user' }
  if (options.tokenFile !== undefined) return tokenIn(options.tokenFile)
  if (NGSHARE_TOKEN) return { kind: 'token', token: cleanToken(NGSHARE_TOKEN), from: 'NGSHARE_TOKEN' }
  if (NGSHARE_TOKEN_FILE) return tokenIn(NGSHARE_TOKEN_FILE)
  if (NGSHARE_USER) return { kind: 'user', name: NGSHARE_USER, from: 'NGSHARE_USER' }
  if (JUPYTERHUB_API_TOKEN && url === surroundingUrl(environment)) {
    return { kind: 'token', token: cleanToken(JUPYTERHUB_API_TOKEN), from: 'the token of this notebook' }
  }
  const login = logins.servers[url]
  if (login !== undefined) {
    return 'token' in login
      ? { kind: 'token', token: login.token, from: 'saved login' }
      : { kind: 'user', name: login.user, from: 'saved login' }
  }
  throw new WrongUse(
    `no token for ${url}: log in (ngshare login ${url}), or set NGSHARE_TOKEN, or say --token-file. A stand-alone server takes a name instead: --user`,
  )
}

/** The token in a file. @throws WrongUse */
export function tokenIn(file: string): Access {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new WrongUse(`cannot read the token: ${(error as Error).message}`, { cause: error })
  }
  return { kind: 'token', token: cleanToken(text), from: file }
}

/** Refuses what cannot be one, before it is sent anywhere; says nothing of it. @throws WrongUse */
export function cleanToken(text: string): string {
  const token = text.trim()
  if (!/^[\x21-\x7e]{8,}$/.test(token)) {
    throw new WrongUse('that is no token: one line of at least 8 letters and digits is expected')
  }
  return token
}

/** Two ways to write one address become the same. @throws WrongUse */
export function cleanUrl(text: string, name: string): string {
  const url = URL.parse(text)
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.username + url.password !== '') {
    throw new WrongUse(`${name}: expected an address such as https://hub.example.org/services/ngshare/`)
  }
  url.search = ''
  url.hash = ''
  if (!url.pathname.endsWith('/')) url.pathname += '/'
  return url.href
}
