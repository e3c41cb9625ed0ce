/** `store-process.ts FOLDER AHEAD_MS`: a process on a folder of large files that does what it is sent, one task at a time. */
import { createHash } from 'node:crypto'
import type { UnplacedBlob } from '../../src/content/content-store.ts'
import { openDiskStore } from '../../src/content/disk-store.ts'
import { bytesOf } from './student-work.ts'

export type StoreTask =
  | { readonly kind: 'place'; readonly seeds: readonly string[]; readonly sizeBytes: number }
  | { readonly kind: 'begin'; readonly seed: string; readonly sizeBytes: number }
  | { readonly kind: 'finish' }
  | { readonly kind: 'sweep'; readonly graceMs: number }

export interface StoreAnswer {
  readonly locations: readonly string[]
  readonly removed: number
  readonly error: string | null
}

const [folder = '', aheadMs = '0'] = process.argv.slice(2)
const now = Date.now
Date.now = () => now() + Number(aheadMs)

const store = await openDiskStore(folder)
let begun: { blob: UnplacedBlob; bytes: Buffer } | null = null

process.on('message', async (task: StoreTask) => {
  const nothing: StoreAnswer = { locations: [], removed: 0, error: null }
  try {
    process.send?.({ ...nothing, ...(await act(task)) })
  } catch (error) {
    process.send?.({ ...nothing, error: String(error) })
  }
})

async function act(task: StoreTask): Promise<Partial<StoreAnswer>> {
  switch (task.kind) {
    case 'place':
      return { locations: await Promise.all(task.seeds.map(seed => place(bytesOf(seed, task.sizeBytes)))) }
    case 'begin': {
      const bytes = bytesOf(task.seed, task.sizeBytes)
      begun = { blob: await store.create(), bytes }
      await begun.blob.write(bytes)
      return {}
    }
    case 'finish': {
      if (begun === null) throw new Error('nothing was begun')
      await begun.blob.end(sha256(begun.bytes))
      return { locations: [await begun.blob.place()] }
    }
    case 'sweep':
      return { removed: await sweep(Date.now() - task.graceMs) }
  }
}

async function place(bytes: Buffer): Promise<string> {
  const blob = await store.create()
  await blob.write(bytes)
  await blob.end(sha256(bytes))
  return blob.place()
}

async function sweep(before: number): Promise<number> {
  let removed = await store.removeUnplacedBefore(before)
  for await (const location of store.placedBefore(before)) {
    await store.remove(location)
    removed++
  }
  return removed
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
