/** What the doctor asks of a hub. The server itself needs less. */
import { Agent, fetch } from 'undici'
import { type HubUser, hubApi, troubleOf } from './hub-api.ts'
import type { HubOptions } from './options.ts'

export interface HubProbe {
  /** @throws Trouble `hub` */
  version(): Promise<string>
  /** The hub's clock when it answered, in milliseconds, and how long that took; null where it does not say. */
  clock(): Promise<{ hubMs: number; ownMs: number; roundTripMs: number } | null>
  /** Whose the service's own token is; null: nobody's. @throws Trouble `hub` */
  self(): Promise<HubUser | null>
  /** Whether the service may read the groups. @throws Trouble `hub` */
  readsGroups(): Promise<boolean>
  /** The prefix that the hub has for the service; null where it does not tell us. */
  registeredPrefix(): Promise<string | null>
  close(): Promise<void>
}

type Options = Pick<HubOptions, 'apiUrl' | 'apiToken' | 'timeoutMs' | 'tls' | 'serviceName'>

export function hubProbe(options: Options): HubProbe {
  const { apiUrl, apiToken, timeoutMs, tls, serviceName } = options
  const hub = hubApi(options)
  const agent = new Agent({ connect: { timeout: timeoutMs, ...tls } })
  const get = async (path: string, headers: Record<string, string>) => {
    const url = apiUrl + path
    try {
      const signal = AbortSignal.timeout(timeoutMs)
      const answer = await fetch(url, { headers, dispatcher: agent, redirect: 'manual', signal })
      return { status: answer.status, date: answer.headers.get('date'), text: await answer.text() }
    } catch (error) {
      throw troubleOf(error, url)
    }
  }
  return {
    version: () => hub.version(),
    async clock() {
      const sentMs = Date.now()
      const { date } = await get('/', {})
      const ownMs = Date.now()
      const hubMs = Date.parse(date ?? '')
      return Number.isNaN(hubMs) ? null : { hubMs, ownMs, roundTripMs: ownMs - sentMs }
    },
    self: () => hub.whoIs(apiToken),
    readsGroups: async () => (await hub.groups()) !== null,
    async registeredPrefix() {
      const path = `/services/${encodeURIComponent(serviceName)}`
      const { status, text } = await get(path, { authorization: `token ${apiToken}` })
      return status === 200 ? prefixIn(text) : null
    },
    async close() {
      await Promise.all([hub.close(), agent.destroy()])
    },
  }
}

function prefixIn(text: string): string | null {
  try {
    const { prefix } = JSON.parse(text) as { prefix?: unknown }
    return typeof prefix === 'string' && prefix !== '' ? prefix : null
  } catch {
    return null
  }
}
