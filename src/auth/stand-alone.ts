/** Stand-alone mode: whoever asks is believed. For trying, developing and teaching, on one machine. */
import type { IncomingHttpHeaders } from 'node:http'
import { isLoopbackHost } from '../domain/loopback.ts'
import { type Authenticator, type Credentials, type Identity, NotIdentified } from './authenticator.ts'

/**
 * The caller is the argument `user`, or, where there is none, the word in `Authorization: token WORD`: installed
 * nbgrader clients send that header and no argument, so that they work with `JUPYTERHUB_API_TOKEN=<user name>`.
 *
 * `onLoopback`: whether the server is to be reached from its own machine only. Then a web page from elsewhere is
 * kept out, which a browser on that machine would otherwise let in, by form, script or DNS rebinding. Links may lead to pages.
 */
export function standAlone(options: { admins: readonly string[]; onLoopback: boolean }): Authenticator {
  const admins = new Set(options.admins)
  return {
    async identify(credentials) {
      if (options.onLoopback && isForeign(credentials)) throw new NotIdentified('foreign-page')
      const name = (await credentials.argument('user')) ?? tokenOf(credentials.headers)
      if (name === undefined && credentials.access === 'user') throw new NotIdentified('user-missing')
      return believed(name ?? 'user')
    },
    claim: (headers, queryArgument) => queryArgument('user') ?? tokenOf(headers) ?? null,
    login: null,
    close: async () => undefined,
  }

  function believed(name: string): Identity {
    return { name, kind: 'user', isAdmin: admins.has(name), memberships: null, xsrfToken: null }
  }
}

function isForeign({ headers, access }: Credentials): boolean {
  const isLink = access === 'page' && headers['sec-fetch-mode'] === 'navigate'
  if (headers['sec-fetch-site'] === 'cross-site' && !isLink) return true
  return headers.host !== undefined && !isLoopbackHost(headers.host)
}

function tokenOf(headers: IncomingHttpHeaders): string | undefined {
  return /^(?:token|bearer)\s+(\S+)$/i.exec(headers.authorization ?? '')?.[1]
}
