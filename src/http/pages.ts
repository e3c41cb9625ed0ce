/** How HTML pages leave the house. */
import type { FastifyReply } from 'fastify'

/** No scripts, nothing from elsewhere, forms only to ourselves. */
const contentSecurityPolicy =
  "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

export function sendPage(reply: FastifyReply, html: string): FastifyReply {
  return reply
    .type('text/html; charset=utf-8')
    .header('content-security-policy', contentSecurityPolicy)
    .header('referrer-policy', 'same-origin')
    .header('cache-control', 'no-store')
    .send(html)
}
