/** Bounds how many connections there are, and makes room among those that are of no use. */
import type { Socket } from 'node:net'
import { Server as TlsServer } from 'node:tls'
import type { FastifyInstance } from 'fastify'
import { openFileLimit } from './open-files.ts'

interface ConnectionMeter {
  connections(open: number): void
  connectionRefused(): void
}

/** From so much of the bound on room is made. */
const crowded = 0.9
/** Whoever opens a connection asks something by then, or may come again. */
const silentMs = 5000
const roomEveryMs = 1000

/** Connections on which nothing was asked yet, and since when (milliseconds of `performance`); the oldest first. */
export type SilentConnections = ReadonlyMap<Socket, number>

/**
 * A full house would shut out health checks as well. So before it is full, connections that have not asked anything for
 * a while and those between two requests are closed: clients open new ones. Beyond the bound new ones are closed at once.
 */
export function boundConnections(
  app: FastifyInstance,
  options: { maxConnections: number; meter: ConnectionMeter | null },
): SilentConnections {
  const { server } = app
  const { meter } = options
  const maxConnections = boundedByFiles(app, options.maxConnections)
  const silentSince = new Map<Socket, number>()
  let open = 0
  let madeRoomAt = 0
  server.on('connection', (socket: Socket) => {
    if (open >= maxConnections) {
      meter?.connectionRefused()
      socket.destroy()
      return
    }
    meter?.connections(++open)
    socket.once('close', () => meter?.connections(--open))
    if (open > maxConnections * crowded) makeRoom()
  })
  // Requests come over the socket that is encrypted, where there is such a one.
  server.on(server instanceof TlsServer ? 'secureConnection' : 'connection', (socket: Socket) => {
    if (socket.destroyed) return
    silentSince.set(socket, performance.now())
    socket.once('close', () => silentSince.delete(socket))
  })
  server.on('request', request => silentSince.delete(request.socket))
  return silentSince

  function makeRoom(): void {
    const now = performance.now()
    if (now - madeRoomAt < roomEveryMs) return
    madeRoomAt = now
    for (const [socket, since] of silentSince) {
      if (now - since < silentMs) break
      socket.destroy()
    }
    server.closeIdleConnections()
  }
}

/** Uploads and downloads need open files, too. */
function boundedByFiles(app: FastifyInstance, maxConnections: number): number {
  const openFiles = openFileLimit()
  if (openFiles === null || maxConnections <= openFiles / 2) return maxConnections
  const bound = Math.floor(openFiles / 2)
  app.log.warn(
    { openFiles, bound },
    'the process may open few files (ulimit -n): so few connections are taken',
  )
  return bound
}
