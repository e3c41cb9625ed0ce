/** One folder of large files for several machines, as on a network file system: processes that know nothing of each other. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test, vi } from 'vitest'
import { openDiskStore } from '../../src/content/disk-store.ts'
import type { StoreAnswer, StoreTask } from './store-process.ts'
import { bytesOf } from './student-work.ts'

vi.setConfig({ testTimeout: 60_000 })

const dayMs = 24 * 3_600_000

test('what several processes place at once in a new folder is all there for each of them, byte for byte', async () => {
  const folder = await aFolder()
  const machines = [0, 1, 2].map(() => aMachine(folder))
  // All bring the same contents, whose folders nobody has made yet.
  const seeds = Array.from({ length: 40 }, (_, number) => `content ${number}`)
  const placed = await Promise.all(
    machines.map(machine => machine.does({ kind: 'place', seeds, sizeBytes: 100_000 })),
  )
  const locations = placed.flatMap(({ locations }) => locations)
  expect(new Set(locations).size).toBe(3 * seeds.length)
  const expected = new Map(
    placed.flatMap(({ locations }) => locations.map((location, i) => [location, seeds[i]])),
  )
  const store = await openDiskStore(folder)
  for (const location of locations) {
    const bytes = Buffer.concat(await Array.fromAsync(await store.read(location)))
    expect(bytes.equals(bytesOf(expected.get(location) ?? '', 100_000))).toBe(true)
  }
  expect(await readdir(join(folder, 'staging'))).toEqual([])
})

test('a sweep by a machine whose clock is days ahead leaves uploads and fresh files alone', async () => {
  const folder = await aFolder()
  const [machine, ahead] = [aMachine(folder), aMachine(folder, 3 * dayMs)]
  const { locations } = await machine.does({ kind: 'place', seeds: ['a', 'b'], sizeBytes: 1000 })
  await machine.does({ kind: 'begin', seed: 'under way', sizeBytes: 300_000 })
  expect(await ahead.does({ kind: 'sweep', graceMs: dayMs })).toMatchObject({ removed: 0 })
  const { locations: finished } = await machine.does({ kind: 'finish' })
  const store = await openDiskStore(folder)
  for (const location of [...locations, ...finished]) expect(await store.sizeOf(location)).not.toBeNull()
  // And it does take what is old for the disk.
  await machine.does({ kind: 'begin', seed: 'left behind', sizeBytes: 1000 })
  expect(await ahead.does({ kind: 'sweep', graceMs: -1000 })).toMatchObject({ removed: 4 })
  expect(await readdir(join(folder, 'staging'))).toEqual([])
})

test('what one process removes is missing for another at once, and for its sweep nothing to complain of', async () => {
  const folder = await aFolder()
  const [one, other] = [aMachine(folder), aMachine(folder)]
  const seeds = Array.from({ length: 200 }, (_, number) => `${number}`)
  const { locations } = await one.does({ kind: 'place', seeds, sizeBytes: 10 })
  const store = await openDiskStore(folder)
  // Both sweep the same files at the same time.
  await Promise.all([one, other].map(machine => machine.does({ kind: 'sweep', graceMs: -1000 })))
  for (const location of locations) {
    await expect(store.read(location)).rejects.toMatchObject({ kind: 'blob-missing' })
    expect(await store.sizeOf(location)).toBeNull()
  }
})

interface Machine {
  does(task: StoreTask): Promise<StoreAnswer>
}

/** A process on the folder, whose clock is so far ahead. */
function aMachine(folder: string, aheadMs = 0): Machine {
  const program = fileURLToPath(new URL('store-process.ts', import.meta.url))
  const child: ChildProcess = fork(program, [folder, String(aheadMs)])
  onTestFinished(() => void child.kill('SIGKILL'))
  return {
    async does(task) {
      child.send(task)
      const [answer] = (await once(child, 'message')) as [StoreAnswer]
      if (answer.error !== null) throw new Error(answer.error)
      return answer
    },
  }
}

async function aFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ngshare-shared-volume-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}
