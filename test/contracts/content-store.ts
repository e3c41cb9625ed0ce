/** What every content store must do, whatever it keeps its bytes in. */
import { createHash, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { ContentStore } from '../../src/content/content-store.ts'
import { Trouble } from '../../src/domain/errors.ts'

interface Options {
  /** From so many bytes on something of a blob is in the store before it is placed. */
  readonly stagedBytes: number
}

/** `open` gives a new, empty store for one test. */
export function describeContentStore(
  name: string,
  open: () => Promise<ContentStore>,
  { stagedBytes }: Options = { stagedBytes: 10 },
): void {
  describe(`a content store (${name})`, () => {
    it('gives back what was placed, byte for byte', async () => {
      const store = await open()
      for (const size of [0, 1, 65_536, 1_000_003, stagedBytes, 3 * stagedBytes + 7]) {
        const bytes = randomBytes(size)
        expect((await readAll(store, await place(store, bytes))).equals(bytes)).toBe(true)
      }
    })

    it('takes bytes in pieces', async () => {
      const store = await open()
      const pieces = [randomBytes(10), randomBytes(300_000), randomBytes(1)]
      const blob = await store.create()
      for (const piece of pieces) await blob.write(piece)
      const whole = Buffer.concat(pieces)
      await blob.end(sha256(whole))
      expect((await readAll(store, await blob.place())).equals(whole)).toBe(true)
    })

    it('places, or discards, what has ended long before', async () => {
      const store = await open()
      const bytes = randomBytes(300_000)
      const [placing, discarding] = [await store.create(), await store.create()]
      for (const blob of [placing, discarding]) {
        await blob.write(bytes)
        await blob.end(sha256(bytes))
      }
      expect((await readAll(store, await placing.place())).equals(bytes)).toBe(true)
      await discarding.discard()
      expect(await store.removeUnplacedBefore(Number.POSITIVE_INFINITY)).toBe(0)
    })

    it('gives the same bytes two places, so that removing one leaves the other', async () => {
      const store = await open()
      const bytes = randomBytes(1000)
      const [first, second] = [await place(store, bytes), await place(store, bytes)]
      expect(first).not.toBe(second)
      await store.remove(first)
      expect((await readAll(store, second)).equals(bytes)).toBe(true)
    })

    it('says that a blob is missing before it gives any of it', async () => {
      const store = await open()
      const location = await place(store, randomBytes(10))
      await store.remove(location)
      await expect(store.read(location)).rejects.toMatchObject({ kind: 'blob-missing' })
      await expect(store.read(location)).rejects.toBeInstanceOf(Trouble)
    })

    it('removes the same blob twice without complaint', async () => {
      const store = await open()
      const location = await place(store, randomBytes(10))
      await store.remove(location)
      await store.remove(location)
    })

    it('forgets a discarded blob, and discards twice without complaint', async () => {
      const store = await open()
      const blob = await store.create()
      await blob.write(randomBytes(stagedBytes))
      await blob.discard()
      await blob.discard()
      expect(await placed(store, Number.POSITIVE_INFINITY)).toEqual([])
      expect(await store.removeUnplacedBefore(Number.POSITIVE_INFINITY)).toBe(0)
    })

    it('takes a copy of another store under the location that it has there, twice without complaint', async () => {
      const [one, copy] = [await open(), await open()]
      for (const size of [1000, 2 * stagedBytes]) {
        const bytes = randomBytes(size)
        const location = await place(one, bytes)
        expect(await copy.sizeOf(location)).toBeNull()
        for (const _ of [1, 2]) {
          expect(await place(copy, bytes, location)).toBe(location)
          expect(await copy.sizeOf(location)).toBe(size)
          expect((await readAll(copy, location)).equals(bytes)).toBe(true)
        }
        expect(await copy.locationsOf(sha256(bytes))).toEqual([location])
      }
    })

    it.each([16, 32])('takes a copy under a location with %i random digits', async digits => {
      const store = await open()
      for (const size of [1000, 2 * stagedBytes]) {
        const bytes = randomBytes(size)
        const location = `${sha256(bytes)}.${randomBytes(digits / 2).toString('hex')}`
        expect(await place(store, bytes, location)).toBe(location)
        expect((await readAll(store, location)).equals(bytes)).toBe(true)
        expect(await store.locationsOf(sha256(bytes))).toEqual([location])
        await store.remove(location)
        expect(await store.sizeOf(location)).toBeNull()
        expect(await store.locationsOf(sha256(bytes))).toEqual([])
      }
    })

    it('knows every place of the same bytes', async () => {
      const store = await open()
      const bytes = randomBytes(1000)
      expect(await store.locationsOf(sha256(bytes))).toEqual([])
      const locations = [await place(store, bytes), await place(store, bytes)]
      await place(store, randomBytes(10))
      expect((await store.locationsOf(sha256(bytes))).sort()).toEqual(locations.sort())
    })

    it('lists what was placed before a moment, and nothing that is still on its way', async () => {
      const store = await open()
      const location = await place(store, randomBytes(10))
      const blob = await store.create()
      await blob.write(randomBytes(stagedBytes))
      expect(await placed(store, Number.POSITIVE_INFINITY)).toEqual([location])
      expect(await placed(store, Date.now() - 60_000)).toEqual([])
      await blob.discard()
    })

    it('removes what uploads left behind before a moment, and nothing that is younger', async () => {
      const store = await open()
      const location = await place(store, randomBytes(10))
      const blob = await store.create()
      await blob.write(randomBytes(stagedBytes))
      expect(await store.removeUnplacedBefore(Date.now() - 60_000)).toBe(0)
      expect(await store.removeUnplacedBefore(Number.POSITIVE_INFINITY)).toBe(1)
      expect(await placed(store, Number.POSITIVE_INFINITY)).toEqual([location])
      await blob.discard()
    })

    it('takes many blobs at once', async () => {
      const store = await open()
      const all = Array.from({ length: 50 }, () => randomBytes(2000))
      const locations = await Promise.all(all.map(bytes => place(store, bytes)))
      expect(await Promise.all(locations.map(location => readAll(store, location)))).toEqual(all)
    })

    it('checks that it works, and leaves nothing of the check behind', async () => {
      const store = await open()
      await store.check()
      expect(await placed(store, Number.POSITIVE_INFINITY)).toEqual([])
      expect(await store.removeUnplacedBefore(Number.POSITIVE_INFINITY)).toBe(0)
    })

    it.each(['../../etc/passwd', '', `${'a'.repeat(64)}.${'b'.repeat(16)}/../x`])(
      'does not take %j for a location',
      async location => {
        const store = await open()
        await expect(store.read(location)).rejects.toThrow('not a location')
      },
    )
  })
}

async function place(store: ContentStore, bytes: Buffer, location?: string): Promise<string> {
  const blob = await store.create(location)
  await blob.write(bytes)
  await blob.end(sha256(bytes))
  return blob.place()
}

async function readAll(store: ContentStore, location: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of await store.read(location)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function placed(store: ContentStore, before: number): Promise<string[]> {
  const locations: string[] = []
  for await (const location of store.placedBefore(before)) locations.push(location)
  return locations
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
