/** `Expect: 100-continue`: who asks whether to send a body is told so when it is going to be read (RFC 9110 §10.1.1). */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'

/** Those whose clients hold their body back, and whether their connection was to be used again. */
const heldBack = new WeakMap<IncomingMessage, { readonly keepAlive: boolean }>()

export function honourExpectations(app: FastifyInstance): void {
  app.server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    heldBack.set(request, { keepAlive: response.shouldKeepAlive })
    // A client that gets its answer instead does not send the body: what comes next would be taken for it.
    response.shouldKeepAlive = false
    app.server.emit('request', request, response)
  })
}

/** Tells the client to go on, if it waits for that. */
export function inviteBody(request: IncomingMessage, response: ServerResponse): void {
  const held = heldBack.get(request)
  if (held === undefined) return
  heldBack.delete(request)
  response.shouldKeepAlive = held.keepAlive
  response.writeContinue()
}

/** Whether no body will come: its client waits to be told, and has not got tired of it. */
export function isHeldBack(request: IncomingMessage): boolean {
  return heldBack.has(request) && request.readableLength === 0
}
