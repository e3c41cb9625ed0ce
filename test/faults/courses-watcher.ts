/**
 * A process of its own that asks for the courses again and again, and remembers how long each answer took: how a
 * server feels to everybody else while it is busy. Started with the URL to ask; told to stop, it tells the times.
 */
import { Agent, get } from 'node:http'

const [url = ''] = process.argv.slice(2)
const agent = new Agent({ keepAlive: true, maxSockets: 1 })
const latenciesMs: number[] = []
const failures: string[] = []
const giveUpMs = 120_000

process.on('message', () => {
  process.send?.({ latenciesMs, failures }, () => process.exit(0))
})
process.on('disconnect', () => process.exit(1))
process.send?.('watching')

while (performance.now() < giveUpMs) {
  const askedAt = performance.now()
  const status = await ask().catch(String)
  latenciesMs.push(performance.now() - askedAt)
  if (status !== 200) failures.push(`${status}`)
}

function ask(): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, message => {
      message.on('end', () => resolve(message.statusCode)).on('error', reject)
      message.resume()
    }).on('error', reject)
  })
}
