/**
 * The nbgrader plugin, for pip: the wheel itself, and an index of packages as pip reads them
 * (https://packaging.python.org/specifications/simple-repository-api/). Open to everyone, for pip has no token.
 */
import type { FastifyInstance } from 'fastify'
import type { PluginWheel } from '../plugin-wheel.ts'
import { renderPackageIndex } from '../web/package-index.tsx'

const projectName = 'ngshare-exchange'

export function registerPluginWheel(app: FastifyInstance, prefix: string, wheel: PluginWheel): void {
  const open = { config: { access: 'anyone' } } as const
  const { fileName, bytes, sha256 } = wheel
  app.get(`${prefix}${fileName}`, open, (_request, reply) =>
    reply.type('application/octet-stream').header('etag', `"${sha256}"`).send(bytes),
  )
  const serveIndex = (path: string, link: { url: string; label: string }) => {
    const page = renderPackageIndex(link)
    app.get(`${prefix}simple/${path}`, open, (_request, reply) =>
      reply.type('text/html; charset=utf-8').send(page),
    )
  }
  serveIndex('', { url: `${projectName}/`, label: projectName })
  serveIndex(`${projectName}/`, { url: `../../${fileName}#sha256=${sha256}`, label: fileName })
}
