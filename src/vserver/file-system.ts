/** The file-system calls of §9.1, each at a path of its name. */
import type { FastifyInstance } from 'fastify'
import { PythonFloat } from '../http/compat/python-json.ts'
import { sendFields } from './answers.ts'
import { type Fields, type FileLimits, fileCalls } from './files/calls.ts'
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
        const fields = await call(root, argument => query.get(argument) ?? undefined, limits)
        return sendFields(reply, name === 'stat' ? withFloats(fields) : fields)
      },
    })
  }
}

/** Times are floats in Python, even where they are whole. */
function withFloats(fields: Fields): Fields {
  const times = ['atime', 'mtime', 'ctime'].map(name => [name, new PythonFloat(Number(fields[name]))])
  return { ...fields, ...Object.fromEntries(times) }
}
