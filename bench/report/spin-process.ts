// Turns bytes into text, a digest and an object for a while, as a server does, and says how often.

import { createHash } from 'node:crypto'

const FOR_MS = 1500
const bytes = Buffer.alloc(100_000, 'notebook')

let times = 0
for (const until = performance.now() + FOR_MS; performance.now() < until; times++) {
  const text = JSON.stringify({ content: bytes.toString('base64') })
  createHash('sha256').update(JSON.parse(text).content).digest()
}
console.log(times)
