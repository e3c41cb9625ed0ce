// Measures where small files should live: as rows of SQLite or as files of their own.
//
//   node bench/small-files.ts [--seconds 1.5] [--folder DIR]
//
// Set UV_THREADPOOL_SIZE to see what more file-system threads change.

import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import type { Blob, BlobStore } from './small-files/blob-store.ts'
import { openFileAndRowStore, openFileStore } from './small-files/file-store.ts'
import { openRowStore } from './small-files/row-store.ts'

const KIB = 1024
const SIZES = [1, 4, 20, 64, 128, 256, 1024].map(kib => kib * KIB)
const WRITERS = [8, 64]
const STORES: [string, (folder: string) => Promise<BlobStore>][] = [
  ['row', openRowStore],
  ['file', openFileStore],
  ['file+row', openFileAndRowStore],
]
// Enough for a steady state, little enough to spare a laptop's disk.
const MOST_BYTES_PER_CASE = 512 * KIB * KIB

const { values: options } = parseArgs({
  options: { seconds: { type: 'string', default: '1.5' }, folder: { type: 'string', default: tmpdir() } },
})
const limitMs = Number(options.seconds) * 1000

type Measured = { perSecond: number; stallP99Ms: number; stallMaxMs: number }

/** Runs `act` from `workers` loops until the time or the count is used up. */
async function measure(
  workers: number,
  most: number,
  act: (index: number) => Promise<void>,
): Promise<Measured> {
  const stalls = monitorEventLoopDelay({ resolution: 1 })
  let next = 0
  const startedAt = performance.now()
  stalls.enable()
  async function work(): Promise<void> {
    while (next < most && performance.now() - startedAt < limitMs) await act(next++)
  }
  await Promise.all(Array.from({ length: workers }, work))
  stalls.disable()
  const seconds = (performance.now() - startedAt) / 1000
  return { perSecond: next / seconds, stallP99Ms: stalls.percentile(99) / 1e6, stallMaxMs: stalls.max / 1e6 }
}

/** Bytes this process has sent towards the disk, without the file system's own journal. */
async function bytesWritten(): Promise<number> {
  const text = await readFile('/proc/self/io', 'utf8')
  return Number(/^write_bytes: (\d+)/m.exec(text)?.[1])
}

async function runCase(
  name: string,
  openStore: (folder: string) => Promise<BlobStore>,
  size: number,
  writers: number,
) {
  const folder = await mkdtemp(join(options.folder, 'small-files-'))
  const store = await openStore(folder)
  const source = randomBytes(2 * size)
  const written: Buffer[] = []
  const bytesBefore = await bytesWritten()

  const writing = await measure(writers, MOST_BYTES_PER_CASE / size, async index => {
    const start = index % size
    const blob: Blob = { key: randomBytes(32), bytes: source.subarray(start, start + size) }
    await store.write(blob)
    written.push(blob.key)
  })
  const bytesPerBlob = ((await bytesWritten()) - bytesBefore) / written.length

  const reading = await measure(writers, 4 * written.length, async index => {
    const key = written[(index * 7919) % written.length]
    const bytes = key && (await store.read(key))
    if (bytes?.length !== size) throw new Error(`${name}: read ${bytes?.length} bytes, expected ${size}`)
  })
  await store.close()
  await rm(folder, { recursive: true })

  console.log(
    [
      `${size / KIB} KiB`.padStart(9),
      String(writers).padStart(7),
      name.padEnd(8),
      writing.perSecond.toFixed(0).padStart(9),
      ((writing.perSecond * size) / 1e6).toFixed(1).padStart(7),
      `${writing.stallP99Ms.toFixed(1)}/${writing.stallMaxMs.toFixed(0)}`.padStart(13),
      reading.perSecond.toFixed(0).padStart(9),
      (bytesPerBlob / size).toFixed(2).padStart(11),
    ].join('  '),
  )
}

console.log(`Node ${process.version}, file-system threads ${process.env.UV_THREADPOOL_SIZE ?? '4 (default)'}`)
console.log('     size  writers  kept as    writes/s     MB/s  stall p99/max    reads/s  bytes/byte')
for (const size of SIZES) {
  for (const writers of WRITERS) {
    for (const [name, openStore] of STORES) await runCase(name, openStore, size, writers)
  }
}
