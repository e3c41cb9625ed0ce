/** A way to a server that can be cut, throttled and blocked: plain TCP, in between. */
import { connect, createServer, type Server, type Socket } from 'node:net'
import { Transform, type TransformCallback } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'

export interface Proxy {
  readonly port: number
  /** Breaks all connections. New ones are taken. */
  cut(): void
  /** Breaks all connections, and takes no new ones. */
  block(isBlocked: boolean): void
  /** Bytes a second for each connection and direction, of those that come later; null: as many as there are. */
  throttle(bytesPerSecond: number | null): void
  /** From now on each connection breaks when so many bytes have come back on it; null: none does. */
  cutAfter(bytes: number | null): void
  /** Bytes that have come back so far. */
  readonly bytesBack: number
}

/** For one test. */
export async function aProxyTo(port: number): Promise<Proxy> {
  const sockets = new Set<Socket>()
  let bytesPerSecond: number | null = null
  let cutAfter: number | null = null
  let bytesBack = 0
  let isBlocked = false
  const server = createServer(client => {
    if (isBlocked) {
      client.on('error', () => undefined)
      client.resetAndDestroy()
      return
    }
    const upstream = connect(port, '127.0.0.1')
    const both = [client, upstream]
    for (const socket of both) {
      sockets.add(socket)
      socket.on('error', () => undefined) // that is what it is for
      socket.on('close', wasBroken => {
        sockets.delete(socket)
        // An orderly end comes through the pipe, behind what is still in it.
        if (wasBroken) for (const other of both) other.destroy()
      })
    }
    let left = cutAfter
    upstream.on('data', (bytes: Buffer) => {
      bytesBack += bytes.length
      if (left === null) return
      left -= bytes.length
      if (left < 0) client.resetAndDestroy()
    })
    client.pipe(slowed(bytesPerSecond)).pipe(upstream)
    upstream.pipe(slowed(bytesPerSecond)).pipe(client)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy()
  }
  onTestFinished(() => closed(server, cut))
  return {
    port: (server.address() as { port: number }).port,
    cut,
    block(shall) {
      isBlocked = shall
      if (shall) cut()
    },
    throttle(rate) {
      bytesPerSecond = rate
    },
    cutAfter(bytes) {
      cutAfter = bytes
    },
    get bytesBack() {
      return bytesBack
    },
  }
}

function slowed(bytesPerSecond: number | null): Transform {
  return new Transform({
    async transform(bytes: Buffer, _encoding: string, done: TransformCallback) {
      if (bytesPerSecond !== null) await sleep((1000 * bytes.length) / bytesPerSecond)
      done(null, bytes)
    },
  })
}

function closed(server: Server, cut: () => void): Promise<void> {
  return new Promise(resolve => {
    server.close(() => resolve())
    cut()
  })
}
