/** Several sockets that listen on the server's one port, so that a crowd is let in as fast as it comes. */
import cluster from 'node:cluster'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type ListenOptions, type Server } from 'node:net'
import type { FastifyInstance } from 'fastify'

/**
 * In each turn of its event loop Node takes one connection from a socket that listens. With dozens of uploads under way a
 * turn takes 20 to 100 ms: hundreds of newcomers, health checks among them, would wait for seconds.
 */
const extraDoors = 15

interface Door {
  readonly host: string
  readonly port: number
  readonly backlog: number
}

declare module 'fastify' {
  interface FastifyInstance {
    readonly doors: Doors
  }
}

export interface Doors {
  /** Listens, with several sockets where the system deals newcomers out among them. @throws as `listen` of Node */
  open(door: Door): Promise<void>
}

export interface DoorOptions {
  /** Of the server's own socket: the others take connections as it does. */
  readonly highWaterMark: number
}

export function buildDoors(app: FastifyInstance, { highWaterMark }: DoorOptions): void {
  const extra: Server[] = []
  const closing: Promise<unknown>[] = []
  app.decorate('doors', {
    async open(door: Door): Promise<void> {
      if (!canShare) {
        await app.listen(door)
        return
      }
      // A socket that shares its port would share it with another program as well: look first whether there is one.
      await refuseTaken(door)
      const shared = { ...door, reusePort: true }
      await app.listen(shared)
      const { address, port } = app.server.address() as AddressInfo
      for (let i = 0; i < extraDoors; i++) extra.push(await openExtra({ ...shared, host: address, port }))
    },
  } satisfies Doors)
  app.addHook('preClose', async () => {
    for (const server of extra) {
      closing.push(once(server, 'close'))
      server.close()
    }
  })
  app.addHook('onClose', async () => {
    await Promise.all(closing)
  })

  async function openExtra(door: ListenOptions): Promise<Server> {
    const server = createServer({ allowHalfOpen: true, noDelay: true, highWaterMark }, socket =>
      app.server.emit('connection', socket),
    )
    server.listen(door)
    await once(server, 'listening')
    return server
  }
}

/** A worker has its socket from the process that watches it. Elsewhere than on Linux the newest socket may get everyone. */
const canShare = process.platform === 'linux' && cluster.isPrimary

/** By knocking: to listen for a moment would let somebody in, and then shut the door on them. */
async function refuseTaken(door: Door): Promise<void> {
  if (!(await isTaken(door))) return
  const message = `listen EADDRINUSE: address already in use ${door.host}:${door.port}`
  throw Object.assign(new Error(message), { code: 'EADDRINUSE' })
}

async function isTaken({ host, port }: Door): Promise<boolean> {
  if (port === 0) return false
  const socket = connect({ host: somewhere.get(host) ?? host, port, timeout: knockTimeoutMs })
  try {
    await new Promise((resolve, reject) => {
      socket.once('connect', resolve).once('timeout', resolve).once('error', reject)
    })
    return socket.localPort !== port // the system may have given our own end the port at which we knock
  } catch {
    return false // nobody there; or no such address, as `listen` will say
  } finally {
    socket.destroy()
  }
}

const knockTimeoutMs = 1000
/** Where whoever listens at all addresses can be reached. */
const somewhere: ReadonlyMap<string, string> = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
])
