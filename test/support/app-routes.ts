/** Which routes an app has. */
import { METHODS } from 'node:http'
import type { FastifyInstance } from 'fastify'

/** As `GET /api/courses`; names in paths are `<>`. */
export async function routesOf(app: FastifyInstance): Promise<string[]> {
  const routes = await Promise.all(pathsOf(app).map(path => routesAt(app, path)))
  return routes.flat()
}

/** Fastify shows its paths as a tree, four characters a level; a line is a path's end, its methods in parentheses. */
function pathsOf(app: FastifyInstance): string[] {
  const branches: string[] = []
  return app
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .flatMap(line => {
      const match = /^((?:│ {3}| {4})*)[├└]── (\S*)( \(.+\))?$/.exec(line)
      if (match === null) return []
      const [, indent = '', segment = '', methods] = match
      branches.splice(indent.length / 4, Number.POSITIVE_INFINITY, segment)
      return methods === undefined ? [] : [branches.join('')]
    })
}

/** Asked with a method that no path serves, the server tells those that it does. */
async function routesAt(app: FastifyInstance, path: string): Promise<string[]> {
  const method = METHODS.find(name => name === 'PROPFIND') as 'OPTIONS'
  const answer = await app.inject({ method, url: path.replace(/:\w+/g, 'x') })
  const allowed = String(answer.headers.allow).split(', ')
  return allowed.filter(served => served !== 'HEAD').map(served => `${served} ${path.replace(/:\w+/g, '<>')}`)
}
