/** What service mode needs: told by the hub in variables, or by whoever runs the service elsewhere. */
import { readFileSync } from 'node:fs'
import type { CookieOptions, GroupOptions, HubOptions, TlsOptions } from '../auth/hub/options.ts'
import { errorCode } from '../domain/errors.ts'
import type { SettingReader } from './setting-reader.ts'
import type { SettingName } from './settings.ts'

type HubSettingReader = SettingReader<SettingName>

/** The hub wants no shorter ones, either. */
const minTokenLength = 8
const dayS = 24 * 3600

export function checkHubSettings(
  reader: HubSettingReader,
  { prefix, admins }: { prefix: string; admins: readonly string[] },
): HubOptions {
  const { texts, mistake, isOn, integer } = reader
  const apiUrl = texts['jupyterhub-api-url'].replace(/\/+$/, '')
  if (!isHttpUrl(apiUrl)) {
    mistake(
      'jupyterhub-api-url',
      'the URL of the API of the hub, such as http://127.0.0.1:8081/hub/api; or --vngshare, to try it without a hub',
    )
  }
  const apiToken = texts['api-token']
  if (apiToken.length < minTokenLength) {
    mistake(
      'api-token',
      'the API token of the service, which the hub sets for services that it starts (or JUPYTERHUB_API_TOKEN_FILE)',
    )
  }
  const serviceName = texts['service-name'] || prefix.split('/').at(-2) || 'ngshare'
  const cookies = cookieOptions(reader)
  return {
    apiUrl,
    apiToken,
    serviceName,
    clientId: texts['client-id'] || `service-${serviceName}`,
    prefix,
    publicHubUrl: publicHubUrl(reader),
    publicOrigin: origin(reader, 'public-url') ?? originIn(texts['oauth-callback-url']),
    callbackUrl: texts['oauth-callback-url'] || `${prefix}oauth_callback`,
    loginTarget: texts['login-target'].startsWith(prefix) ? texts['login-target'] : prefix,
    accessScopes: accessScopes(reader, serviceName),
    tokenCheck: reader.oneOf('token-check', ['auto', 'strict', 'off']),
    admins,
    hubAdmins: isOn('hub-admins'),
    serviceTokens: !isOn('no-service-tokens'),
    tokenInUrl: isOn('token-in-url'),
    cacheMs: 1000 * integer('token-cache-seconds', { from: 0, to: 3600 }),
    graceMs: 1000 * integer('hub-grace-seconds', { from: 0, to: dayS }),
    timeoutMs: 1000 * integer('hub-timeout-seconds', { from: 1, to: 60 }),
    cookieSecret: texts['cookie-secret'] || apiToken,
    cookies,
    groups: groupOptions(reader),
    tls: tlsOptions(reader),
  }
}

function publicHubUrl(reader: HubSettingReader): string {
  const { texts, mistake } = reader
  const base = texts['base-url']
  if (!/^\/([^?#\s]*\/)?$/.test(base)) mistake('base-url', 'a path that begins and ends with /')
  const whole = texts['public-hub-url']
  if (whole === '') return `${origin(reader, 'hub-host') ?? ''}${base}hub/`
  if (!isHttpUrl(whole)) mistake('public-hub-url', 'a URL')
  return whole.endsWith('/') ? whole : `${whole}/`
}

function origin(reader: HubSettingReader, name: SettingName): string | null {
  const text = reader.texts[name]
  if (text === '') return null
  if (!isHttpUrl(text)) reader.mistake(name, 'a URL that begins with https:// or http://')
  return originIn(text)
}

function originIn(url: string): string | null {
  return isHttpUrl(url) ? new URL(url).origin : null
}

function isHttpUrl(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && ['http:', 'https:'].includes(url.protocol) && url.username + url.password === ''
}

function accessScopes(reader: HubSettingReader, serviceName: string): string[] {
  const expected = 'a JSON list of scopes'
  const scopes = reader.json('access-scopes', expected)
  if (Array.isArray(scopes) && scopes.length > 0 && scopes.every(scope => typeof scope === 'string'))
    return scopes
  if (scopes !== null && !(Array.isArray(scopes) && scopes.length === 0))
    reader.mistake('access-scopes', expected)
  return ['access:services', `access:services!service=${serviceName}`]
}

function cookieOptions(reader: HubSettingReader): CookieOptions {
  const expected = 'a JSON object such as {"samesite": "None", "secure": true}'
  const json = reader.json('cookie-options', expected) ?? {}
  const isObject = typeof json === 'object' && !Array.isArray(json)
  if (!isObject) reader.mistake('cookie-options', expected)
  const options = new Map(
    Object.entries(isObject ? (json as object) : {}).map(([key, value]) => [key.toLowerCase(), value]),
  )
  const sameSite = String(options.get('samesite') ?? 'lax').toLowerCase()
  const secure = options.get('secure')
  const domain = options.get('domain')
  return {
    hostPrefix: reader.isOn('cookie-host-prefix'),
    sameSite: sameSite === 'none' || sameSite === 'strict' ? sameSite : 'lax',
    secure: typeof secure === 'boolean' ? secure : null,
    domain: typeof domain === 'string' ? domain : null,
  }
}

function groupOptions(reader: HubSettingReader): GroupOptions | null {
  const { texts, mistake } = reader
  const names = ['student-group', 'instructor-group'] as const
  for (const name of names) {
    const isPattern = texts[name].split('{course}').length === 2 && texts[name] !== '{course}'
    if (!isPattern) mistake(name, 'a name with {course} in it, once, and something besides')
  }
  if (texts['student-group'] === texts['instructor-group']) {
    mistake('instructor-group', 'another pattern than that of the students')
  }
  const syncMs = 1000 * reader.integer('hub-groups-sync-seconds', { from: 0, to: dayS })
  if (!reader.isOn('hub-groups')) return null
  return { student: texts['student-group'], instructor: texts['instructor-group'], syncMs }
}

function tlsOptions(reader: HubSettingReader): TlsOptions | null {
  const names = ['ssl-keyfile', 'ssl-certfile', 'ssl-client-ca'] as const
  if (names.every(name => reader.texts[name] === '')) return null
  const [key, cert, ca] = names.map(name => readPem(reader, name))
  return key && cert && ca ? { key, cert, ca } : null
}

function readPem(reader: HubSettingReader, name: SettingName): Buffer | null {
  try {
    return readFileSync(reader.texts[name])
  } catch (error) {
    reader.mistake(name, `a file that can be read (${errorCode(error)}); all three are needed`)
    return null
  }
}
