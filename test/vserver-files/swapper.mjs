/** A thread that moves things back and forth as fast as it can, until told to stop. */
import { linkSync, renameSync, symlinkSync } from 'node:fs'
import { workerData } from 'node:worker_threads'

const ways = { rename: renameSync, symlink: symlinkSync, hardlink: linkSync }
const { moves, memory } = workerData
const [stop, turns] = [0, 1]
const cells = new Int32Array(memory)

while (Atomics.load(cells, stop) === 0) {
  for (const [from, to, how] of moves) {
    try {
      ways[how ?? 'rename'](from, to)
    } catch (error) {
      // The call under attack may have removed or replaced what we move.
      if (!['ENOENT', 'ENOTDIR', 'EISDIR', 'ENOTEMPTY', 'EEXIST'].includes(error.code)) throw error
    }
  }
  Atomics.add(cells, turns, 1)
}
