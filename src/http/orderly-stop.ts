/** Stopping without cutting anyone off, and without waiting for those who have nothing to say. */
import type { FastifyInstance } from 'fastify'
import type { SilentConnections } from './connections.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly stopping: Stopping
  }
}

export interface Stopping {
  /** From now on the server is not ready, and every answer ends its connection: the next request goes elsewhere. */
  begin(): void
  readonly hasBegun: boolean
  /** Requests that have not had their answer. */
  readonly underWay: number
  /** How long closing waits for those; Infinity at first. */
  limitMs: number
}

const idleCheckMs = 50

/**
 * Node ends idle connections once, when closing begins. Two kinds would hold up the exit for their whole time-out:
 * those on which nothing was ever sent (spare ones of browsers and proxies), and those whose last answer went out
 * after that.
 */
export function stopOrderly(app: FastifyInstance, silent: SilentConnections): void {
  const timers: NodeJS.Timeout[] = []
  let hasBegun = false
  let underWay = 0
  const stopping: Stopping = {
    begin() {
      hasBegun = true
    },
    get hasBegun() {
      return hasBegun
    },
    get underWay() {
      return underWay
    },
    limitMs: Number.POSITIVE_INFINITY,
  }
  app.decorate('stopping', stopping)
  app.server.on('request', (_request, response) => {
    underWay++
    response.once('close', () => underWay--)
  })
  app.addHook('onSend', async (_request, reply) => {
    if (hasBegun) reply.header('connection', 'close')
  })
  app.addHook('preClose', async () => {
    hasBegun = true
    for (const socket of silent.keys()) socket.destroy()
    timers.push(setInterval(() => app.server.closeIdleConnections(), idleCheckMs))
    if (Number.isFinite(stopping.limitMs)) timers.push(setTimeout(cutOff, stopping.limitMs))
  })
  app.addHook('onClose', async () => {
    for (const timer of timers) clearInterval(timer)
  })

  function cutOff(): void {
    app.log.warn({ underWay }, 'requests took too long to finish before the stop; they are cut off')
    app.server.closeAllConnections()
  }
}
