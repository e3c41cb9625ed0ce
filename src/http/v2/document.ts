/** The OpenAPI document, made of the very schemas that requests are held to, and a page to read it. */
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import type { FastifySchema } from 'fastify'
import { renderApiPage } from '../../web/api-page.tsx'
import { sendPage } from '../pages.ts'
import type { V2App, V2Context } from './api.ts'
import { refusalProblems } from './problems.ts'
import { bytes } from './routes.ts'

export function describeApi({ version }: Pick<V2Context, 'version'>): FastifyDynamicSwaggerOptions {
  return {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'ngshare',
        version,
        description: 'The second API of ngshare. Errors are problem details (RFC 9457); lists come in pages.',
        license: { name: 'BSD-3-Clause' },
      },
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer', description: 'A token of the hub' },
        },
      },
      security: [{ token: [] }],
      tags: [
        { name: 'service', description: 'The service itself' },
        { name: 'courses', description: 'Courses' },
        { name: 'members', description: 'Who teaches and who takes a course' },
        { name: 'assignments', description: 'Assignments and their releases' },
        { name: 'submissions', description: 'Submissions, receipts and feedback' },
        { name: 'uploads', description: 'Files ahead of the tree they belong to' },
        { name: 'events', description: 'The record of events' },
      ],
    },
    transform: ({ schema, url }) => ({ schema: withBytes(schema), url }),
  }
}

/** Bytes of files are read by the route that wants them: nothing holds them to a schema, but the document tells of them. */
function withBytes(schema: FastifySchema): FastifySchema {
  return schema.consumes?.includes('application/octet-stream') ? { ...schema, body: bytes } : schema
}

const open = { config: { access: 'anyone' }, schema: { hide: true } } as const

export function registerDocument(app: V2App, { prefix }: V2Context): void {
  app.get('/openapi.json', open, async (_request, reply) =>
    reply.header('cache-control', 'max-age=300').send(app.swagger()),
  )
  app.get('/docs', open, async (_request, reply) =>
    sendPage(reply, renderApiPage({ prefix, document: app.swagger() as never })),
  )
  app.get('/problems', open, async (_request, reply) =>
    reply.header('content-type', 'application/json').send(
      JSON.stringify(
        Object.entries(refusalProblems).map(([code, { status, message }]) => ({
          code,
          status,
          detail: message,
        })),
      ),
    ),
  )
}
