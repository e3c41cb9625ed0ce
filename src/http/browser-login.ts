/** What browsers see of the login: being sent to the hub, coming back, logging out. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type BrowserLogin, LoginFailed, NotIdentified, type Redirect } from '../auth/authenticator.ts'
import { isNavigation } from '../auth/browser.ts'
import { Trouble } from '../domain/errors.ts'
import { renderMessagePage } from '../web/message-page.tsx'
import { Overloaded } from './admission/overloaded.ts'
import { PageAnswer } from './compat/answer.ts'
import { type ApiContext, resource } from './compat/operation.ts'
import type { Failure } from './errors.ts'
import { sendPage } from './pages.ts'

export function registerBrowserLogin(app: FastifyInstance, context: ApiContext, login: BrowserLogin): void {
  const { prefix } = context
  const open = { config: { access: 'anyone' } } as const
  app.get(`${prefix}oauth_callback`, open, async (request, reply) => {
    const query = new URLSearchParams(request.url.split('?')[1] ?? '')
    return sendRedirect(reply, await login.finish({ query, headers: request.headers }))
  })
  if (prefix !== '/') {
    app.get(prefix.slice(0, -1), open, (_request, reply) => reply.redirect(prefix, 301))
  }
  resource(app, context, `${prefix}logout`, {
    POST: {
      access: 'user',
      async handle({ headers }) {
        return new PageAnswer(
          renderMessagePage({
            prefix,
            title: 'You are logged out',
            text: 'You are still logged in at the hub, and may be logged in here again without being asked.',
            link: { url: login.hubLogoutUrl, label: 'Log out of the hub' },
          }),
          login.end(headers),
        )
      },
    },
  })
}

/** Whether it is a page that someone wanted to open, and lacks a login for. */
export function wantsLogin(error: unknown, request: FastifyRequest): boolean {
  const mayHelp =
    error instanceof NotIdentified && (error.reason === 'missing' || error.reason === 'session-ended')
  return mayHelp && isNavigation(request.method, request.headers)
}

export async function sendToLogin(
  login: BrowserLogin,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  return sendRedirect(reply, await login.begin({ path: request.url, headers: request.headers }))
}

/** Whether people see it who have no program to tell it to them. */
export function isForPeople(error: unknown, request: FastifyRequest): boolean {
  if (error instanceof LoginFailed) return true
  if (error instanceof Overloaded) return isNavigation(request.method, request.headers)
  const isAboutLogin =
    (error instanceof NotIdentified && error.reason !== 'token-refused') ||
    (error instanceof Trouble && (error.kind === 'hub' || error.kind === 'hub-secret'))
  return isAboutLogin && isNavigation(request.method, request.headers)
}

export function sendFailurePage(reply: FastifyReply, failure: Failure, prefix: string): FastifyReply {
  if (failure.retryAfterSeconds !== undefined) reply.header('retry-after', failure.retryAfterSeconds)
  return sendPage(
    reply.code(failure.status),
    renderMessagePage({
      prefix,
      title: failure.status < 500 ? 'This did not work' : 'ngshare is in trouble',
      text: failure.message,
      link: { url: prefix, label: 'Try again' },
    }),
  )
}

function sendRedirect(reply: FastifyReply, { location, cookies }: Redirect): FastifyReply {
  if (cookies.length > 0) reply.header('set-cookie', [...cookies])
  return reply.header('cache-control', 'no-store').redirect(location, 302)
}
