/** Which routes the composed server has. */
import { mkdtemp, rm } from 'node:fs/promises'
import { METHODS } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { compose } from '../../src/compose.ts'
import { readCommandLine } from '../../src/config/command-line.ts'
import { checkSettings } from '../../src/config/config.ts'

/** As `GET /api/courses`; names in paths are `<>`. In debug mode, so that no route is missing. */
export async function registeredRoutes(): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'ngshare-docs-'))
  const args = ['--vngshare', '--debug', '--database', `sqlite:///${folder}/db`, '--storage', folder]
  const commandLine = readCommandLine({ args, environment: {}, version: 'test' })
  if (commandLine.kind === 'shown') throw new Error('expected settings, got help')
  const service = await compose(checkSettings(commandLine.texts), pino({ level: 'silent' }))
  try {
    await service.app.ready()
    const routes = await Promise.all(pathsOf(service.app).map(path => routesAt(service.app, path)))
    return routes.flat()
  } finally {
    await service.close()
    await rm(folder, { recursive: true })
  }
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
