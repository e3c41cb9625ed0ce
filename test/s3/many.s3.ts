/** Many uploads at once, broken ones, and those of other processes. */
import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { HeadObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { S3Options } from '../../src/content/s3/s3-options.ts'
import { openS3Store } from '../../src/content/s3/s3-store.ts'
import { megabyte, readAll, sha256, stored, writeInPieces } from './blobs.ts'
import { aServerForTheFile, aStore, optionsFor } from './servers.ts'

const server = aServerForTheFile()
const ever = Number.POSITIVE_INFINITY

/** A process of its own; see `process.ts`. */
function otherProcess(options: S3Options, task: string) {
  const child = fork(fileURLToPath(new URL('process.ts', import.meta.url)), [JSON.stringify(options), task])
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

describe('sixty-four uploads of 20 MB at once', () => {
  it('are all stored, in memory that does not grow with their number', async () => {
    const options = optionsFor(server())
    const child = otherProcess(options, 'many')
    const [{ uploads, peakMb, emptyMb, seconds }] = await once(child, 'message')
    console.info(
      `64 uploads of 20 MB at once in ${seconds.toFixed(1)} s: at most ${peakMb} MB resident, ${emptyMb} MB before`,
    )
    expect(uploads).toBe(64)
    // 60 MiB of parts, 64 times half a megabyte, and what the SDK and the garbage collector need.
    expect(peakMb).toBeLessThan(300)
    expect(await count((await openS3Store(options)).placedBefore(ever))).toBe(64)
  })
})

describe('uploads that stand still', () => {
  it('hold up nobody, however many they are, and are whole when they go on', async () => {
    const store = await aStore(server())
    const bytes = randomBytes(13 * megabyte)
    const half = 3 * megabyte
    const slow = await Promise.all(
      Array.from({ length: 30 }, async (_, number) => {
        const blob = await store.create()
        const own = Buffer.concat([Buffer.from([number]), bytes])
        await writeInPieces(blob, own.subarray(0, half))
        return { blob, own }
      }),
    )
    const location = await stored(store, bytes)
    expect((await readAll(store, location)).equals(bytes)).toBe(true)
    const [few = [], most = []] = [slow.slice(0, 10), slow.slice(10)]
    for (const { blob } of most.slice(10)) await blob.discard()
    const end = async ({ blob, own }: (typeof slow)[number], size: number) => {
      await writeInPieces(blob, own.subarray(half, size))
      await blob.end(sha256(own.subarray(0, size)))
      expect((await readAll(store, await blob.place())).equals(own.subarray(0, size))).toBe(true)
    }
    await Promise.all(few.map(each => end(each, 13 * megabyte)))
    await Promise.all(most.slice(0, 10).map(each => end(each, 4 * megabyte)))
    expect(await store.removeUnplacedBefore(ever)).toBe(0)
  })

  it('are refused where there is no room for them, and others are not', async () => {
    const store = await aStore(server())
    const tmpdir = process.env.TMPDIR
    onTestFinished(() => {
      if (tmpdir === undefined) delete process.env.TMPDIR
      else process.env.TMPDIR = tmpdir
    })
    const slow = await Promise.all(Array.from({ length: 8 }, () => store.create()))
    for (const blob of slow) await writeInPieces(blob, randomBytes(megabyte))
    process.env.TMPDIR = '/not/there'
    const refused = await store.create()
    await expect(writeInPieces(refused, randomBytes(megabyte))).rejects.toMatchObject({ kind: 'storage' })
    await refused.discard()
    for (const blob of slow) await blob.discard()
    const bytes = randomBytes(6 * megabyte)
    expect((await readAll(store, await stored(store, bytes))).equals(bytes)).toBe(true)
  })
})

describe('an upload that is discarded', () => {
  it('leaves nothing, whenever that happens', async () => {
    const store = await aStore(server())
    const bytes = randomBytes(22 * megabyte)
    for (const size of [0, 1000, megabyte, 6 * megabyte, bytes.length]) {
      const [early, late] = [await store.create(), await store.create()]
      await writeInPieces(early, bytes.subarray(0, size))
      await early.discard() // parts may be under way
      await writeInPieces(late, bytes.subarray(0, size))
      await late.end(sha256(bytes.subarray(0, size)))
      await late.discard()
    }
    const blob = await store.create()
    const writing = writeInPieces(blob, bytes)
    await Promise.allSettled([blob.discard(), writing])
    expect(await store.removeUnplacedBefore(ever)).toBe(0)
    expect(await count(store.placedBefore(ever))).toBe(0)
  })

  it('leaves nothing of many that wait for the rest of their submission', async () => {
    const store = await aStore(server())
    const bytes = randomBytes(4 * megabyte)
    const blobs = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const blob = await store.create()
        await writeInPieces(blob, bytes)
        await blob.end(sha256(bytes))
        return blob
      }),
    )
    // More than may wait in memory: some are objects already.
    expect(await count(store.placedBefore(ever))).toBeGreaterThan(5)
    const kept = blobs.splice(0, 10)
    for (const blob of blobs) await blob.discard()
    const locations = await Promise.all(kept.map(blob => blob.place()))
    expect(await count(store.placedBefore(ever))).toBe(10)
    for (const location of locations) expect((await readAll(store, location)).equals(bytes)).toBe(true)
  })
})

describe('a sweep', () => {
  it('takes what a killed process has left behind, and not the younger upload of another', async () => {
    const options = optionsFor(server())
    const [one, other] = [await openS3Store(options), await openS3Store(options)]
    const child = otherProcess(options, 'half')
    await once(child, 'message')
    child.kill('SIGKILL')
    await once(child, 'exit')
    await new Promise(resolve => setTimeout(resolve, 2000)) // a store tells whole seconds
    const moment = Date.now() - 1000
    const bytes = randomBytes(20 * megabyte)
    const blob = await other.create()
    await writeInPieces(blob, bytes.subarray(0, 12 * megabyte))
    expect(await one.removeUnplacedBefore(moment)).toBe(1)
    await writeInPieces(blob, bytes.subarray(12 * megabyte))
    await blob.end(sha256(bytes))
    expect((await readAll(one, await blob.place())).equals(bytes)).toBe(true)
    expect(await one.removeUnplacedBefore(ever)).toBe(0)
  })

  it('leaves the uploads of another installation in the same bucket alone', async () => {
    const [one, other] = [await aStore(server()), await aStore(server())]
    const blob = await other.create()
    await writeInPieces(blob, randomBytes(12 * megabyte))
    expect(await one.removeUnplacedBefore(ever)).toBe(0)
    expect(await count(one.placedBefore(ever))).toBe(0)
    await blob.discard()
  })
})

describe('encryption by the server', () => {
  it.each([
    [{ kind: 'AES256' }, 'AES256'],
    [{ kind: 'aws:kms', keyId: 'tests' }, 'aws:kms'],
  ] as const)('is asked for: %j', async (encryption, expected) => {
    const options = optionsFor(server(), { encryption })
    const store = await openS3Store(options)
    const { endpoint, bucket: Bucket } = server()
    const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true })
    for (const size of [1000, 12 * megabyte]) {
      const location = await stored(store, randomBytes(size))
      const [sha, random = ''] = location.split('.')
      const path =
        random.length === 16
          ? `blobs/${sha?.slice(0, 2)}/${location}`
          : `streamed/${random.slice(0, 2)}/${random}`
      const head = await client.send(new HeadObjectCommand({ Bucket, Key: `${options.prefix}/${path}` }))
      expect(head.ServerSideEncryption).toBe(expected)
    }
    client.destroy()
  })
})

async function count(items: AsyncIterable<unknown>): Promise<number> {
  let found = 0
  for await (const _ of items) found++
  return found
}
