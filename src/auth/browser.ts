/** What a request tells of the browser that sent it. Anyone can send these headers: for cookie flags and checks against other sites only. */
import type { IncomingHttpHeaders } from 'node:http'

/** How the browser reached us, behind however many proxies. */
export function publicProtocol(headers: IncomingHttpHeaders): 'http' | 'https' {
  const forwarded = /(?:^|[;,\s])proto="?(\w+)/i.exec(single(headers.forwarded))?.[1]
  const protocol = forwarded ?? (single(headers['x-scheme']) || single(headers['x-forwarded-proto']))
  return protocol.split(',', 1)[0]?.trim().toLowerCase() === 'https' ? 'https' : 'http'
}

/** Whether someone opens a page, as opposed to a script or a program that calls. */
export function isNavigation(method: string, headers: IncomingHttpHeaders): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false
  const mode = headers['sec-fetch-mode']
  return mode === undefined ? (headers.accept?.includes('text/html') ?? false) : mode === 'navigate'
}

function single(value: string | string[] | undefined): string {
  return (Array.isArray(value) ? value[0] : value) ?? ''
}
