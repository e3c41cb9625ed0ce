/** A crowd at the door: thousands of connections while the server has its hands full. */
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { eventually } from './eventually.ts'
import { aWorld } from './world.ts'

const crowd = 2000

test.runIf(process.platform === 'linux')(
  'two thousand who come while the server is busy wait in line, and are served',
  async () => {
    const most = Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8'))
    expect(most, 'net.core.somaxconn of this machine').toBeGreaterThanOrEqual(crowd)
    const server = await aWorld().start()
    const { port } = new URL(server.home)
    process.kill(server.pid, 'SIGSTOP')
    const visitors = Array.from({ length: crowd }, () => aVisitor(Number(port)))
    onTestFinished(() => {
      for (const { socket } of visitors) socket.destroy()
    })
    const inLine = () => visitors.filter(({ isInLine }) => isInLine()).length
    // Whom the kernel drops comes again after a second at the earliest, and is dropped again.
    await eventually('all of them are in line', () => inLine() === crowd, 10_000)
    process.kill(server.pid, 'SIGCONT')
    await eventually('all were served', () => visitors.every(({ isServed }) => isServed()), 20_000)
  },
  60_000,
)

function aVisitor(port: number) {
  let isInLine = false
  let answer = ''
  const socket: Socket = connect({ host: '127.0.0.1', port }, () => {
    isInLine = true
    socket.write('GET /healthz HTTP/1.1\r\nHost: ngshare\r\nConnection: close\r\n\r\n')
  })
  socket.setEncoding('utf8').on('data', text => {
    answer += text
  })
  socket.on('error', () => undefined) // then it is not served, which the test says
  return {
    socket,
    isInLine: () => isInLine,
    isServed: () => answer.startsWith('HTTP/1.1 200') && answer.endsWith('{"success": true}'),
  }
}
