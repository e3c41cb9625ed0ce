/** The file-system calls of §9.1, each at a path of its name. */
import type { FastifyInstance } from 'fastify'
import { sendFields } from './answers.ts'
import { type FileLimits, fileCalls } from './files/calls.ts'
import type { Root } from './files/root.ts'
import { queryOf, serve } from './routes.ts'

export function serveFileSystem(
  app: FastifyInstance,
  { root, limits }: { root: Root; limits: FileLimits },
): void {
  for (const [name, call] of Object.entries(fileCalls)) {
    serve(app, `/${name}`, {
      access: 'anyone',
      async GET(request, reply) {
        const query = queryOf(request)
        return sendFields(reply, await call(root, argument => query.get(argument) ?? undefined, limits))
      },
    })
  }
}
