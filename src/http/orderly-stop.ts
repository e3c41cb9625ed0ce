/** Stopping without cutting anyone off, and without waiting for those who have nothing to say. */
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

const idleCheckMs = 50

/**
 * Node ends idle connections once, when closing begins. Two kinds would hold up the exit for their whole time-out:
 * those on which nothing was ever sent (spare ones of browsers and proxies), and those whose last answer went out
 * after that.
 */
export function stopOrderly(app: FastifyInstance): void {
  const silent = new Set<Socket>()
  let isStopping = false
  let timer: NodeJS.Timeout | undefined
  app.server.on('connection', socket => {
    silent.add(socket)
    socket.once('close', () => silent.delete(socket))
  })
  app.server.on('request', request => silent.delete(request.socket))
  app.addHook('onSend', async (_request, reply) => {
    if (isStopping) reply.header('connection', 'close')
  })
  app.addHook('preClose', async () => {
    isStopping = true
    for (const socket of silent) socket.destroy()
    timer = setInterval(() => app.server.closeIdleConnections(), idleCheckMs)
  })
  app.addHook('onClose', async () => clearInterval(timer))
}
