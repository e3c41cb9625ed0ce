/** An S3 store that goes away, breaks off, is slow or hangs: short outages are not noticed, long ones are told. */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { megabyte, readAll, sha256, stored, writeInPieces } from './blobs.ts'
import { aProxyTo } from './proxy.ts'
import { aServerForTheFile, aStore } from './servers.ts'

const server = aServerForTheFile()
const bytes = randomBytes(30 * megabyte)
const storage = { kind: 'storage' }

afterEach(() => server().start())

/** The server is away for so long, from this moment on. */
async function awayFor(ms: number): Promise<void> {
  await server().stop()
  await sleep(ms)
  await server().start()
}

describe('a server that is stopped for ten seconds', () => {
  it('holds up an upload, which then goes on', async () => {
    const store = await aStore(server())
    const blob = await store.create()
    let away: Promise<void> | null = null
    await writeInPieces(blob, bytes, {
      at: 12 * megabyte,
      act() {
        away = awayFor(10_000)
      },
    })
    await blob.end(sha256(bytes))
    const location = await blob.place()
    await away
    expect(away).not.toBeNull()
    expect((await readAll(store, location)).equals(bytes)).toBe(true)
  })

  it('holds up an upload that is being completed', async () => {
    const store = await aStore(server())
    const blob = await store.create()
    await writeInPieces(blob, bytes)
    await blob.end(sha256(bytes))
    const away = awayFor(10_000)
    const location = await blob.place()
    await away
    expect((await readAll(store, location)).equals(bytes)).toBe(true)
  })

  it('holds up a download, which then goes on where it was', async () => {
    const proxy = await aProxyTo(server().port)
    const location = await stored(await aStore(server(), { prefix: 'away' }), bytes)
    const store = await aStore(server(), { prefix: 'away', endpoint: `http://127.0.0.1:${proxy.port}` })
    let away: Promise<void> | null = null
    const back = await readAll(store, location, sum => {
      if (sum > 8 * megabyte) away ??= awayFor(10_000)
    })
    await away
    expect(back.equals(bytes)).toBe(true)
    // Not read again from the beginning.
    expect(proxy.bytesBack).toBeLessThan(1.5 * bytes.length)
  })
})

describe('a server that is stopped for longer', () => {
  it('is trouble within half a minute, at once for those who come later, and over when it is back', async () => {
    const store = await aStore(server())
    const small = randomBytes(100_000)
    const location = await stored(store, small)
    await server().stop()
    const waited = await secondsOf(expect(stored(store, small)).rejects.toMatchObject(storage))
    expect(waited).toBeGreaterThan(10)
    expect(waited).toBeLessThan(30)
    expect(await secondsOf(expect(stored(store, small)).rejects.toMatchObject(storage))).toBeLessThan(2)
    expect(await secondsOf(expect(store.read(location)).rejects.toMatchObject(storage))).toBeLessThan(2)
    expect(await secondsOf(expect(store.sizeOf(location)).rejects.toMatchObject(storage))).toBeLessThan(2)
    expect(await secondsOf(expect(store.check()).rejects.toMatchObject(storage))).toBeLessThan(2)
    await server().start()
    expect((await readAll(store, location)).equals(small)).toBe(true)
    await readAll(store, await stored(store, small))
  })

  it('ends an upload in the middle; what it left is swept when the server is back', async () => {
    const proxy = await aProxyTo(server().port)
    const store = await aStore(server(), { endpoint: `http://127.0.0.1:${proxy.port}` })
    const blob = await store.create()
    const upload = writeInPieces(blob, bytes, { at: 12 * megabyte, act: () => proxy.block(true) })
    await expect(upload.then(() => blob.end(sha256(bytes)))).rejects.toMatchObject(storage)
    await blob.discard()
    proxy.block(false)
    expect(await store.removeUnplacedBefore(Number.POSITIVE_INFINITY)).toBe(1)
    expect(await store.removeUnplacedBefore(Number.POSITIVE_INFINITY)).toBe(0)
  })
})

describe('a connection that breaks', () => {
  it('is replaced by another as long as anything comes, and every byte comes once', async () => {
    const proxy = await aProxyTo(server().port)
    const location = await stored(await aStore(server(), { prefix: 'cut' }), bytes)
    const store = await aStore(server(), { prefix: 'cut', endpoint: `http://127.0.0.1:${proxy.port}` })
    proxy.cutAfter(4 * megabyte)
    expect((await readAll(store, location)).equals(bytes)).toBe(true)
  })

  it('ends a download with trouble when nothing comes any more', async () => {
    const proxy = await aProxyTo(server().port)
    const location = await stored(await aStore(server(), { prefix: 'dry' }), bytes)
    const store = await aStore(server(), { prefix: 'dry', endpoint: `http://127.0.0.1:${proxy.port}` })
    const reading = readAll(store, location, sum => {
      if (sum > megabyte) proxy.cutAfter(0)
      if (sum > megabyte) proxy.cut()
    })
    expect(await secondsOf(expect(reading).rejects.toMatchObject(storage))).toBeLessThan(40)
  })

  it('does not harm an upload', async () => {
    const proxy = await aProxyTo(server().port)
    const store = await aStore(server(), { endpoint: `http://127.0.0.1:${proxy.port}` })
    const blob = await store.create()
    const cutting = setInterval(() => proxy.cut(), 150)
    await writeInPieces(blob, bytes)
    clearInterval(cutting)
    await blob.end(sha256(bytes))
    expect((await readAll(store, await blob.place())).equals(bytes)).toBe(true)
  })

  it('may be that of a reader who is slower than the store has patience for', {
    timeout: 60_000,
  }, async () => {
    const store = await aStore(server())
    const location = await stored(store, bytes)
    const chunks: Buffer[] = []
    for await (const chunk of await store.read(location)) {
      if (chunks.length === 20) await sleep(20_000)
      chunks.push(chunk)
    }
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true)
  })
})

describe('a slow server', () => {
  it('takes and gives what it can', async () => {
    const proxy = await aProxyTo(server().port)
    proxy.throttle(4 * megabyte)
    const store = await aStore(server(), { endpoint: `http://127.0.0.1:${proxy.port}` })
    expect((await readAll(store, await stored(store, bytes))).equals(bytes)).toBe(true)
  })

  it('that does not answer at all is trouble within a minute, and for who asks whether we are ready within 6 s', async () => {
    const store = await aStore(server())
    const location = await stored(store, randomBytes(1000))
    process.kill(server().pid(), 'SIGSTOP')
    try {
      expect(await secondsOf(expect(store.check()).rejects.toMatchObject(storage))).toBeLessThan(6)
      expect(await secondsOf(expect(store.read(location)).rejects.toMatchObject(storage))).toBeLessThan(60)
    } finally {
      process.kill(server().pid(), 'SIGCONT')
    }
    await readAll(store, location)
  })
})

async function secondsOf(work: Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await work
  return (performance.now() - begun) / 1000
}
