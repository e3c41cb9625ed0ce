/** Keeps web pages of other sites out, which a browser on this machine would otherwise let in. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { isLoopbackHost } from '../domain/loopback.ts'
import { sendFailure } from '../http/compat/operation.ts'
import { changingCalls } from './files/calls.ts'

/** `onLoopback`: only this machine calls, under one of its own names. Another name is a page's that rebound it. */
export function refuseForeignPages(app: FastifyInstance, { onLoopback }: { onLoopback: boolean }): void {
  app.addHook('onRequest', async (request, reply) => {
    const { host } = request.headers
    if (onLoopback && host !== undefined && !isLoopbackHost(host)) {
      return sendFailure(reply, {
        status: 403,
        message: 'This server answers to the loopback names of its machine only, such as localhost',
      })
    }
    if (!isForeign(request)) return
    return sendFailure(reply, { status: 403, message: 'Requests from pages of other sites are refused' })
  })
}

function isForeign(request: FastifyRequest): boolean {
  const site = request.headers['sec-fetch-site']
  if (isChange(request)) return !(site === undefined || isOurs.has(site)) || comesFromElsewhere(request)
  return (site === 'cross-site' || site === 'same-site') && !isLinkToHomePage(request)
}

/** `none`: a person typed the address. Other ports of this machine are the same site, but not the same origin. */
const isOurs: ReadonlySet<unknown> = new Set(['same-origin', 'none'])
const readingMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/** File-system calls change files by GET. */
function isChange({ method, routeOptions }: FastifyRequest): boolean {
  return !readingMethods.has(method) || changingCalls.has(routeOptions.url?.slice(1) ?? '')
}

/** For browsers that do not say `Sec-Fetch-Site`: older ones all, newer ones when we are not on loopback. */
function comesFromElsewhere({ headers }: FastifyRequest): boolean {
  const ours = `http://${headers.host}`
  if (headers.origin !== undefined && headers.origin !== ours) return true
  return headers.referer !== undefined && URL.parse(headers.referer)?.origin !== URL.parse(ours)?.origin
}

function isLinkToHomePage({ method, headers, routeOptions }: FastifyRequest): boolean {
  return method === 'GET' && headers['sec-fetch-mode'] === 'navigate' && routeOptions.url === '/'
}
