/** Methods that a path does not serve: 405, and which it does. */
import { METHODS } from 'node:http'
import type { V2App } from './api.ts'
import { MethodNotAllowed } from './problems.ts'

/** To be called before the routes are declared; what it returns, after. */
export function watchMethods(app: V2App): () => void {
  const served = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ routePath, method }) => {
    const methods = served.get(routePath) ?? new Set()
    for (const name of [method].flat()) methods.add(name)
    served.set(routePath, methods)
  })
  return () => {
    for (const [url, methods] of [...served]) {
      const allowed = [...methods].sort()
      app.route({
        method: METHODS.filter(method => method !== 'CONNECT' && !methods.has(method)),
        url,
        prefixTrailingSlash: 'slash',
        config: { access: 'anyone' },
        schema: { hide: true },
        handler: async () => {
          throw new MethodNotAllowed(allowed)
        },
      })
    }
  }
}
