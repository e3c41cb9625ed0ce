/** A process beside the test: `process.ts OPTIONS TASK`. Sends a message when it has done what it was told. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { S3Options } from '../../src/content/s3/s3-options.ts'
import { openS3Store } from '../../src/content/s3/s3-store.ts'
import { megabyte, stored, writeInPieces } from './blobs.ts'

const store = await openS3Store(JSON.parse(process.argv[2] ?? '') as S3Options)

if (process.argv[3] === 'many') {
  const bytes = randomBytes(20 * megabyte)
  const emptyMb = memoryMb('VmRSS')
  const begun = performance.now()
  const locations = await Promise.all(Array.from({ length: 64 }, () => stored(store, bytes)))
  const seconds = (performance.now() - begun) / 1000
  process.send?.({ uploads: locations.length, peakMb: memoryMb('VmHWM'), emptyMb, seconds })
} else {
  const blob = await store.create()
  await writeInPieces(blob, randomBytes(12 * megabyte))
  process.send?.('half of it is there')
  setInterval(() => undefined, 60_000)
}

function memoryMb(name: 'VmRSS' | 'VmHWM'): number {
  const line = readFileSync('/proc/self/status', 'utf8').match(new RegExp(`${name}:\\s+(\\d+) kB`))
  return Math.round(Number(line?.[1]) / 1024)
}
